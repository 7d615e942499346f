"""Views that move pixels."""

from goodviews.spec.listings.base import Listing

_HOME = "goodviews.views.geometric"
_AFFINE = "goodviews.views.affine"

GEOMETRIC = {
    "identity": Listing(
        f"{_HOME}:Identity", (), "any", "–", "the null of every study", "the image itself"
    ),
    "crop": Listing(
        f"{_HOME}:Crop",
        (
            ("scale", (0.08, 1.0)),
            ("ratio", (0.75, 4 / 3)),
            ("size", None),
            ("interpolation", "bilinear"),
        ),
        "any",
        "smallest area, from the whole image",
        "Szegedy et al., 2015; lower area 0.2 in Tian et al., 2020, 3.4",
        "random part of the image, resized to its size",
    ),
    "flip": Listing(
        f"{_HOME}:Flip", (("p", 0.5),), "any", "–", "Krizhevsky et al., 2012", "left to right"
    ),
    "vflip": Listing(
        f"{_HOME}:VerticalFlip", (("p", 0.5),), "any", "–", "torchvision", "top to bottom"
    ),
    "rotate": Listing(
        f"{_AFFINE}:Rotate",
        (("degrees", 30.0),),
        "any",
        "largest angle",
        "ours",
        "about the centre",
    ),
    "translate": Listing(
        f"{_HOME}:Translate",
        (("share", 0.2),),
        "any",
        "largest shift",
        "ours",
        "moved by up to a share of each side, edge repeated",
    ),
    "shear": Listing(
        f"{_AFFINE}:Shear",
        (("degrees", 16.7),),
        "any",
        "largest angle",
        "Cubuk et al., 2020: slope 0.3",
        "rows slide along each other, then columns",
    ),
    "affine": Listing(
        f"{_AFFINE}:Affine",
        (("degrees", 15.0), ("translate", 0.1), ("scale", (0.9, 1.1)), ("shear", 10.0)),
        "any",
        "all four ranges",
        "ours",
        "turned, shifted, scaled and sheared at once",
    ),
}
