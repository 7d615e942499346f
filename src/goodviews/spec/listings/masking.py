"""Views that hide parts of an image, and views that draw among others."""

from goodviews.spec.listings.base import Listing

_HOME = "goodviews.views.masking"

MASKING = {
    "cutout": Listing(
        f"{_HOME}:Cutout",
        (("size", 0.5), ("p", 1.0), ("fill", 0.5)),
        "any",
        "side of the square",
        "DeVries and Taylor, 2017: half a side of CIFAR-10",
        "one square hidden",
    ),
    "blockmask": Listing(
        f"{_HOME}:BlockMask",
        (("share", 0.75), ("grid", 14), ("fill", 0.5)),
        "any",
        "share of cells",
        "He et al., 2022: 0.75 of 14 x 14",
        "random cells of a grid hidden",
    ),
}

POLICIES = {
    "randaugment": Listing(
        "goodviews.views.randaugment:RandAugment",
        (("n", 2), ("m", 10), ("std", 0.5), ("p", 0.5), ("ops", "D")),
        "1 or 3",
        "probability; levels stay literal",
        "Tian et al., 2020 (InfoMin, set D; CMC v2, set E)",
        "operations drawn at random, each applied with a probability",
    ),
}
