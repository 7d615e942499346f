"""Generators from their text."""

from collections.abc import Callable
from functools import partial
from typing import Any

from goodviews.core.errors import InputError, unknown
from goodviews.spec.grammar import parse_spec
from goodviews.views.generators.base import Generator
from goodviews.views.generators.coupling import CouplingGenerator
from goodviews.views.generators.linear import LinearGenerator

_COUPLING = ("blocks", "width")

GENERATORS: dict[str, tuple[Callable[..., Generator], tuple[str, ...]]] = {
    "linear": (partial(LinearGenerator, orthogonal=False), ()),
    "nvp": (partial(CouplingGenerator, affine=True), _COUPLING),
    "orthogonal": (partial(LinearGenerator, orthogonal=True), ()),
    "vp": (partial(CouplingGenerator, affine=False), _COUPLING),
}
"""Name: what makes it, and the arguments it takes."""


def build_generator(text: str, channels: int, seed: int = 0) -> Generator:
    """Make a generator from its text; it starts as the identity.

    ============================  ==================================================
    ``nvp(blocks=6, width=32)``   affine coupling: stretches volume
    ``vp(blocks=6, width=32)``    additive coupling: keeps volume
    ``orthogonal()``              a rotation of the channels
    ``linear()``                  any matrix of positive determinant
    ============================  ==================================================

    Args:
        text: One name with named arguments.
        channels: C of the images, from 2 to 13.
        seed: Number of the start's draws; the linear ones draw nothing.

    Raises:
        InputError: The name, an argument or the channels cannot be.

    References:
        Tian et al., 2020, section 4.2, arXiv:2005.10243.

    Example:
        >>> build_generator("vp(width=16)", 6).text
        'vp(blocks=6, width=16)'
    """
    calls = parse_spec(text)
    if len(calls) != 1 or calls[0].args:
        raise InputError(
            f"Generator {text!r} is not one name with named arguments, such as "
            f"nvp(blocks=6, width=32)."
        )
    name, given = calls[0].name, dict[str, Any](calls[0].kwargs)
    if name not in GENERATORS:
        raise unknown("generator", name, GENERATORS)
    make, arguments = GENERATORS[name]
    for argument in given:
        if argument not in arguments:
            raise (
                unknown(f"argument of {name}", argument, arguments)
                if arguments
                else InputError(f"{name} takes no arguments, but got {argument!r}.")
            )
    return make(channels, seed=seed, **given) if arguments else make(channels)
