"""One method per file, with the numbers of its paper: read whole in thirty lines."""

from importlib import import_module

from goodviews.core.errors import unknown
from goodviews.training import Settings

__all__ = ["METHODS", "method"]

METHODS = (
    "instdis",
    "cpc",
    "cmc",
    "moco",
    "pirl",
    "mocov2",
    "cmcv2",
    "simclr",
    "infomin",
    "barlow",
    "vicreg",
    "vicreg_exp",
    "vicreg_ctr",
    "simclr_sq",
    "simclr_abs",
    "dcl",
    "scl",
    "tcr",
    "wmse",
    "byol",
    "simsiam",
    "swav",
    "supcon",
    "supervised",
)
"""In the order of their appearance; each is a module of this package."""


def method(name: str) -> Settings:
    """The settings of a method, as its paper gives them.

    Args:
        name: Such as ``infomin``.

    Raises:
        InputError: Nobody knows it.

    Example:
        >>> method("infomin").momentum, method("moco").objective
        (0.999, 'infonce(temperature=0.07)')
    """
    if name not in METHODS:
        raise unknown("recipe", name, METHODS)
    made: Settings = import_module(f"goodviews.methods.{name}").METHOD
    return made
