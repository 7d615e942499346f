"""Evaluate any encoder: readouts beside raw pixels and random weights, leakage of factors."""
