"""The page of one view."""
