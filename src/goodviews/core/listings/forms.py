"""Views that change what kind of image it is: some of its channels."""

from goodviews.core.listings.base import Listing

__all__ = ["FORMS"]

_CHANNELS = "goodviews.views.channels"

FORMS = {
    "channels": Listing(
        f"{_CHANNELS}:Channels", (("keep", 0),), "any", "–", "ours", "some channels of the image"
    ),
    "split": Listing(
        f"{_CHANNELS}:Split",
        (("first", 1),),
        "2 or more",
        "–",
        "Tian et al., 2020, 3.2: channel 0 against the others",
        "two views: the first channels, and the others of the same image",
    ),
}
