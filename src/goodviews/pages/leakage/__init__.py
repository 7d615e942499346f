"""The page of a leakage matrix."""
