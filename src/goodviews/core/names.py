"""Names that texts may use, with their arguments, readable without torch.

A view's line is all that the command line needs to check a spec and to list the
views; a test holds each line against the class it names.
"""

from dataclasses import dataclass
from typing import Any

from goodviews.core.checks import InputError, unknown
from goodviews.core.spec import Call, expand, parse_pair

__all__ = ["VIEWS", "Listing", "bind", "check_names"]


@dataclass(frozen=True)
class Listing:
    """What is known of a view before it is imported.

    Attributes:
        home: ``module:class`` that makes it.
        arguments: Name and default of each argument, in order.
        channels: Channel counts it takes: ``any``, or such as ``3``.
        strength: Name of what its strength scales; ``–`` when it has none.
        source: Where its defaults come from.
        does: One line for a list.
    """

    home: str
    arguments: tuple[tuple[str, Any], ...]
    channels: str
    strength: str
    source: str
    does: str


_PHOTO = "goodviews.views.photometric"
_GEO = "goodviews.views.geometric"

VIEWS = {
    "identity": Listing(
        f"{_GEO}:Identity", (), "any", "–", "the null of every study", "the image itself"
    ),
    "crop": Listing(
        f"{_GEO}:Crop",
        (("scale", (0.08, 1.0)), ("ratio", (0.75, 4 / 3)), ("size", None)),
        "any",
        "smallest area",
        "Szegedy et al., 2015; lower area 0.2 in Tian et al., 2020, 3.4",
        "random part of the image, resized to its size",
    ),
    "flip": Listing(
        f"{_GEO}:Flip", (("p", 0.5),), "any", "–", "Krizhevsky et al., 2012", "left to right"
    ),
    "rotate": Listing(
        f"{_GEO}:Rotate", (("degrees", 30.0),), "any", "largest angle", "ours", "about the centre"
    ),
    "translate": Listing(
        f"{_GEO}:Translate",
        (("share", 0.2),),
        "any",
        "largest shift",
        "ours",
        "moved by up to a share of each side, edge repeated",
    ),
    "noise": Listing(
        f"{_PHOTO}:Noise", (("std", 0.1),), "any", "std", "ours", "Gaussian noise per value"
    ),
    "grey": Listing(
        f"{_PHOTO}:Grey", (("p", 0.2),), "any", "probability", "Chen et al., 2020", "no colour"
    ),
    "jitter": Listing(
        f"{_PHOTO}:Jitter",
        (("strength", 1.0), ("p", 0.8)),
        "1 or 3",
        "strength",
        "Chen et al., 2020: 0.8, 0.8, 0.8, 0.2 times the strength",
        "brightness, contrast, saturation, hue in a random order",
    ),
    "blur": Listing(
        f"{_PHOTO}:Blur",
        (("sigma", (0.1, 2.0)), ("p", 0.5)),
        "any",
        "largest sigma",
        "Chen et al., 2020; kernel covers 3 sigma",
        "Gaussian blur",
    ),
}


def check_names(text: str) -> tuple[str, ...]:
    """Check a spec, pair or family without torch and return the specs it stands for.

    Raises:
        InputError: A view or one of its arguments is not known, or the text does not parse.

    Example:
        >>> check_names("crop(scale=({0.1, 0.3}, 1))|flip()")
        ('crop(scale=(0.1, 1))|flip()', 'crop(scale=(0.3, 1))|flip()')
    """
    family = expand(text)
    specs = family.specs if family else (text.strip(),)
    for calls in parse_pair(specs[0]):
        for call in calls:
            bind(call)
    return specs


def bind(call: Call) -> dict[str, Any]:
    """Arguments of a step by name, defaults left out.

    Raises:
        InputError: The view, or one of the arguments, is not known or given twice.
    """
    if call.name not in VIEWS:
        raise unknown("view", call.name, VIEWS)
    names = [name for name, _ in VIEWS[call.name].arguments]
    if len(call.args) > len(names):
        raise InputError(
            f"{call} has {len(call.args)} arguments, but {call.name} takes {len(names)}: "
            f"{', '.join(names) or 'none'}."
        )
    given = dict(zip(names, call.args, strict=False))
    for name, value in call.kwargs:
        if name not in names:
            raise unknown(f"argument of {call.name}", name, names)
        if name in given:
            raise InputError(f"{call} gives {name} twice.")
        given[name] = value
    return given
