"""Views that take away a chosen part of an example."""

from goodviews.spec.listings.base import Listing

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
