"""Views that move pixels."""

from goodviews.core.listings.base import Listing

__all__ = ["GEOMETRIC"]

_HOME = "goodviews.views.geometric"

GEOMETRIC = {
    "identity": Listing(
        f"{_HOME}:Identity", (), "any", "–", "the null of every study", "the image itself"
    ),
    "crop": Listing(
        f"{_HOME}:Crop",
        (("scale", (0.08, 1.0)), ("ratio", (0.75, 4 / 3)), ("size", None)),
        "any",
        "smallest area",
        "Szegedy et al., 2015; lower area 0.2 in Tian et al., 2020, 3.4",
        "random part of the image, resized to its size",
    ),
    "flip": Listing(
        f"{_HOME}:Flip", (("p", 0.5),), "any", "–", "Krizhevsky et al., 2012", "left to right"
    ),
    "rotate": Listing(
        f"{_HOME}:Rotate", (("degrees", 30.0),), "any", "largest angle", "ours", "about the centre"
    ),
    "translate": Listing(
        f"{_HOME}:Translate",
        (("share", 0.2),),
        "any",
        "largest shift",
        "ours",
        "moved by up to a share of each side, edge repeated",
    ),
}
