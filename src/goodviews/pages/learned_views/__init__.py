"""The page of learned views."""
