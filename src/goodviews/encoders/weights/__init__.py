"""Weights of any library: read as data, matched by names and shapes, loaded with their share."""
