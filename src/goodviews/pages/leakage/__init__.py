"""The page of a leakage matrix."""

from goodviews.pages.leakage.page import leakage_page

__all__ = [
    "leakage_page",
]
