"""Learned views against raw channels and fixed colour spaces."""
