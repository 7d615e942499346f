"""Views that change values."""

from goodviews.spec.listings.base import Listing

_HOME = "goodviews.views.photometric"
_TONE = "goodviews.views.tone"
_LEVELS = "goodviews.views.levels"

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
    "colourjitter": Listing(
        "goodviews.views.colourjitter:ColourJitter",
        (("brightness", 0.4), ("contrast", 0.4), ("saturation", 0.4), ("hue", 0.1), ("p", 0.8)),
        "1 or 3",
        "all four amounts",
        "He et al., 2020 (MoCo v2); torchvision's ColorJitter",
        "jitter with an amount for each of the four",
    ),
    "blur": Listing(
        f"{_HOME}:Blur",
        (("sigma", (0.1, 2.0)), ("p", 0.5), ("kernel", "3sigma")),
        "any",
        "both sigmas",
        "Chen et al., 2020; kernel covers 3 sigma, or 23taps (InfoMin), or pil (MoCo v2)",
        "Gaussian blur",
    ),
    "brightness": Listing(
        f"{_TONE}:Brightness",
        (("amount", 0.8), ("p", 1.0)),
        "any",
        "amount",
        "Chen et al., 2020",
        "values times a factor of 1 - amount to 1 + amount",
    ),
    "contrast": Listing(
        f"{_TONE}:Contrast",
        (("amount", 0.8), ("p", 1.0)),
        "any",
        "amount",
        "Chen et al., 2020",
        "distance from the mean grey times a factor",
    ),
    "saturation": Listing(
        f"{_TONE}:Saturation",
        (("amount", 0.8), ("p", 1.0)),
        "1 or 3",
        "amount",
        "Chen et al., 2020",
        "distance from the grey image times a factor",
    ),
    "hue": Listing(
        f"{_TONE}:Hue",
        (("amount", 0.2), ("p", 1.0)),
        "1 or 3",
        "amount, up to 0.5",
        "Chen et al., 2020",
        "hue of HSV turned by up to a share of the circle",
    ),
    "sharpness": Listing(
        f"{_TONE}:Sharpness",
        (("amount", 0.9), ("p", 1.0)),
        "any",
        "amount",
        "Cubuk et al., 2020: factors of 0.1 to 1.9",
        "distance from the smoothed image times a factor",
    ),
    "invert": Listing(
        f"{_LEVELS}:Invert",
        (("p", 0.5),),
        "any",
        "probability",
        "torchvision's RandomInvert",
        "one minus each value",
    ),
    "solarise": Listing(
        f"{_LEVELS}:Solarise",
        (("threshold", 128), ("p", 0.2)),
        "any",
        "threshold, from 256 down",
        "Grill et al., 2020 (BYOL, second view)",
        "values from an 8-bit level up inverted",
    ),
    "posterise": Listing(
        f"{_LEVELS}:Posterise",
        (("bits", 4), ("p", 0.5)),
        "any",
        "bits dropped, from none of 8",
        "Cubuk et al., 2020: 4 bits at the top level",
        "only the highest bits of 8 kept",
    ),
    "autocontrast": Listing(
        f"{_LEVELS}:Autocontrast",
        (("p", 0.5),),
        "any",
        "probability",
        "torchvision's RandomAutocontrast",
        "each channel stretched from 0 to 1",
    ),
    "equalise": Listing(
        f"{_LEVELS}:Equalise",
        (("p", 0.5),),
        "any",
        "probability",
        "torchvision's RandomEqualize",
        "the 8-bit levels of each channel spread evenly",
    ),
}
