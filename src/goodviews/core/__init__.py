"""Basics without a domain, used by every other package: errors, files, randomness, records."""
