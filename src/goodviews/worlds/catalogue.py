"""Worlds by name: what ``goodviews study NAME`` draws its images from."""

from collections.abc import Callable
from inspect import Parameter, isabstract, signature
from typing import TypeVar

from goodviews.core.errors import InputError
from goodviews.core.plugins import Registry
from goodviews.worlds.factors import FactorWorld

World = TypeVar("World", bound=FactorWorld)

DATASETS = (
    *("cifar10", "cifar100", "digits", "fashionmnist", "kmnist", "mnist", "moving_digits"),
    *("stl10", "svhn"),
)
"""Names of other data, which no world may have."""

WORLDS: Registry[type[FactorWorld]] = Registry("world", reserved=DATASETS)
"""The class of every world that is known by name."""


def register(name: str) -> Callable[[type[World]], type[World]]:
    """Make a class of images with known factors a dataset with a name, also on the command line.

    Args:
        name: Name of the dataset, as in ``goodviews study NAME``. Where the class has an argument
            ``side``, ``--size`` sets it.

    Returns:
        A decorator of a class below :class:`goodviews.worlds.FactorWorld`.

    Raises:
        InputError: The name is taken, or the class lacks what a world must have.

    Example:
        >>> import torch
        >>> from goodviews.worlds import FactorWorld, register
        >>> @register("stripes")
        ... class Stripes(FactorWorld):
        ...     factors, shape = {"rows": 4}, (1, 8, 8)
        ...     def render(self, values, key):
        ...         rows = torch.arange(8) // 2 == values[:, :1]
        ...         return rows[:, None, :, None].float().expand(-1, 1, 8, 8)
        >>> from goodviews import load
        >>> load("stripes").classes["rows"]
        ('0', '1', '2', '3')
    """

    def registered(cls: type[World]) -> type[World]:
        if not (isinstance(cls, type) and issubclass(cls, FactorWorld)):
            raise InputError(
                f"Expected a subclass of goodviews.worlds.FactorWorld for {name!r}, "
                f"but got {cls!r}."
            )
        if isabstract(cls):
            lacking = " and ".join(sorted(cls.__abstractmethods__))
            raise InputError(f"World {name} lacks {lacking}, which every world has.")
        if len(signature(cls.render).parameters) != 3:
            raise InputError(f"World {name} has render() that does not take (self, values, key).")
        for argument in signature(cls).parameters.values():
            if argument.default is Parameter.empty and argument.kind not in (2, 4):
                raise InputError(
                    f"Argument {argument.name} of world {name} has no default; give it one, since "
                    f"a name on the command line has no arguments."
                )
        WORLDS.add(name, cls, home=f"{cls.__module__}:{cls.__qualname__}")
        return cls

    return registered


def make_world(name: str, size: int | None = None) -> FactorWorld:
    """A world by its name.

    Args:
        name: Name of the world, such as ``shapes``.
        size: Side of its images in pixels; not used where the world has no ``side``.

    Raises:
        InputError: No world has this name.

    Example:
        >>> from goodviews.worlds.catalogue import make_world
        >>> make_world("shapes", 16).shape
        (3, 16, 16)
    """
    kind = WORLDS.find(name)
    if size is not None and "side" in signature(kind).parameters:
        return kind(**{"side": size})
    return kind()
