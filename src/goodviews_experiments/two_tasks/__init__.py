"""One family of views, two tasks, two sweet spots."""
