"""Learned views of graphs beside fixed rates that keep as much, by new encoders."""
