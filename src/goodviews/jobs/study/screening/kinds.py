"""What kind of images these are, as far as it decides which views are worth a try.

Photographs have a sky and a floor, letters a reading direction on a plain ground, images from
above (cells, satellites, textures) no direction at all. Each is measured on the images, the
reason is reported, and ``--kind`` overrides it.
"""

from dataclasses import dataclass

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data import Images

KINDS = ("natural", "topdown", "symbols", "general")
_LOOKED = 500
_FEWEST = 200
"""Images below which the absence of a direction is not claimed."""
_DIRECTED = 3.0
"""Standard errors above which a direction counts: with none, three of them exceed it in 1 %."""
_PLAIN = 0.6
"""Share of the border in one value, in the median image, above which the ground is plain."""
_NEAR = 0.04


@dataclass(frozen=True)
class Kind:
    """A kind of images.

    Attributes:
        name: One of :data:`KINDS`.
        why: What it rests on, as the end of a sentence.
    """

    name: str
    why: str


def find_kind(images: Images, given: str | None = None) -> Kind:
    """The kind that was given, or a guess.

    Args:
        images: The images.
        given: One of :data:`KINDS`.

    Raises:
        InputError: There is no such kind.

    Example:
        >>> from goodviews.data import load
        >>> find_kind(load("digits")).name
        'symbols'
    """
    if given is not None:
        if given not in KINDS:
            raise InputError(f"--kind is one of {', '.join(KINDS)}, but got {given!r}.")
        return Kind(given, "as --kind says")
    index = np.random.default_rng(0).permutation(len(images))[:_LOOKED]
    grey = images.batch(np.sort(index)).mean(dim=1).numpy()
    directed = _direction(grey) >= _DIRECTED
    plain = _plain_border(grey) >= _PLAIN
    colour = "colour" if images.channels >= 3 else "grey"
    if not directed and len(index) >= _FEWEST:
        return Kind("topdown", "their top and bottom, left and right look alike")
    if images.channels == 1 and plain:
        return Kind("symbols", "they are grey, on a plain ground, with a direction")
    if images.channels == 3:
        return Kind("natural", "they are in colour, with a top and a bottom")
    return Kind("general", f"they are {colour}, with a direction, on no plain ground")


def _direction(grey: np.ndarray) -> float:
    """Largest of three t statistics: top against bottom, left against right, and of edges."""
    height, width = grey.shape[1:]
    if min(height, width) < 2:
        return 0.0
    top = grey[:, : height // 2].mean((1, 2)) - grey[:, -(height // 2) :].mean((1, 2))
    left = grey[:, :, : width // 2].mean((1, 2)) - grey[:, :, -(width // 2) :].mean((1, 2))
    down, across = (np.abs(np.diff(grey, axis=axis)).mean((1, 2)) for axis in (1, 2))
    edges = np.log((down + 1e-4) / (across + 1e-4))
    return max(_t(top), _t(left), _t(edges))


def _t(values: np.ndarray) -> float:
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    return float(abs(values.mean()) / (spread / np.sqrt(len(values)) + 1e-9))


def _plain_border(grey: np.ndarray) -> float:
    border = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], axis=1)
    middle = np.median(border, axis=1, keepdims=True)
    return float(np.median((np.abs(border - middle) < _NEAR).mean(axis=1)))
