"""The page of missing links: when pretraining pays, and how sure predictions are."""

from goodviews.pages.missing_links.page import missing_links_page

__all__ = ["missing_links_page"]
