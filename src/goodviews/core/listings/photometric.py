"""Views that change values."""

from goodviews.core.listings.base import Listing

__all__ = ["PHOTOMETRIC"]

_HOME = "goodviews.views.photometric"

PHOTOMETRIC = {
    "noise": Listing(
        f"{_HOME}:Noise", (("std", 0.1),), "any", "std", "ours", "Gaussian noise per value"
    ),
    "grey": Listing(
        f"{_HOME}:Grey", (("p", 0.2),), "any", "probability", "Chen et al., 2020", "no colour"
    ),
    "jitter": Listing(
        f"{_HOME}:Jitter",
        (("strength", 1.0), ("p", 0.8)),
        "1 or 3",
        "strength",
        "Chen et al., 2020: 0.8, 0.8, 0.8, 0.2 times the strength",
        "brightness, contrast, saturation, hue in a random order",
    ),
    "blur": Listing(
        f"{_HOME}:Blur",
        (("sigma", (0.1, 2.0)), ("p", 0.5)),
        "any",
        "largest sigma",
        "Chen et al., 2020; kernel covers 3 sigma",
        "Gaussian blur",
    ),
}
