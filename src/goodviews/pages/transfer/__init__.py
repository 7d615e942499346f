"""The page of a transfer: paired differences, scores and pictures of predictions."""

from goodviews.pages.transfer.page import transfer_page

__all__ = ["transfer_page"]
