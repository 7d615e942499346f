"""The page of several methods side by side."""

from goodviews.pages.methods.page import methods_page

__all__ = [
    "methods_page",
]
