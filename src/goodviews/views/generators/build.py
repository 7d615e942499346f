"""Construction of generators from their specs."""

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
"""Constructor and arguments of each generator, by name."""


def build_generator(text: str, channels: int, seed: int = 0) -> Generator:
    """Make a generator from its spec, initialised to the identity.

    ============================  ==================================================
    ``nvp(blocks=6, width=32)``   affine coupling: changes volume
    ``vp(blocks=6, width=32)``    additive coupling: preserves volume
    ``orthogonal()``              a rotation of the channels
    ``linear()``                  any matrix of positive determinant
    ============================  ==================================================

    Args:
        text: Spec, a name with named arguments.
        channels: Number of channels C of the images, from 2 to 13.
        seed: Random seed of the initialisation; linear generators do not need it.

    Raises:
        InputError: The name, an argument or the number of channels is not valid.

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
