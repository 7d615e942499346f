"""Views that take away a chosen part of an example."""

from goodviews.core.listings.base import Listing

__all__ = ["PLANTED"]

PLANTED = {
    "replace": Listing(
        "goodviews.views.planted:Replace",
        (("channels", (0,)), ("p", 1.0)),
        "any",
        "probability",
        "ours",
        "uniform noise in place of some channels",
    ),
}
