"""A study of planted views whose regime is known."""
