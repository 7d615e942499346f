"""The page of several methods side by side."""
