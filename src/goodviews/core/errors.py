"""Errors that say what was given, what was expected and what to type next.

Public functions check their arguments once; internal functions trust them. Nothing here imports
torch: a shape check reads ``.shape`` and nothing else.
"""

import difflib
import math
import operator
from collections.abc import Iterable
from typing import Any, Protocol


class InputError(ValueError):
    """An input of the user cannot be used; the message says what to do about it.

    The command line prints it without a traceback and exits with code 2.
    """


class ShapeError(InputError):
    """Sizes that must agree differ."""


class HasShape(Protocol):
    """Anything with a ``shape``: a tensor, an array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes along each axis."""
        ...


def check_shapes(pattern: str, *tensors: HasShape | None) -> dict[str, int]:
    """Compare the shapes of tensors with a pattern and return the sizes it names.

    Args:
        pattern: One ``name: LETTERS`` per tensor, comma separated, such as
            ``"anchor: B D, positive: B D"``. A letter stands for one size, the same one
            everywhere; ``...`` stands for any number of leading axes.
        *tensors: One for each name in the pattern; ``None`` is skipped.

    Returns:
        The size of each letter.

    Raises:
        ShapeError: The number of axes is wrong, or one letter has two sizes.

    Example:
        >>> import numpy as np
        >>> check_shapes("anchor: B D, positive: B D", np.zeros((4, 8)), np.zeros((4, 8)))
        {'B': 4, 'D': 8}
    """
    sizes: dict[str, int] = {}
    owner: dict[str, str] = {}
    for part, tensor in zip(pattern.split(","), tensors, strict=True):
        if tensor is None:
            continue
        name, _, letters = part.partition(":")
        name = name.strip()
        axes = letters.split()
        shape = tuple(tensor.shape)
        if axes and axes[0] == "...":
            axes = axes[1:]
            shape = shape[len(shape) - len(axes) :] if len(shape) >= len(axes) else shape
        if len(shape) != len(axes):
            wanted = ", ".join(axes)
            raise ShapeError(
                f"{name} must have the axes ({wanted}), but has {len(tensor.shape)} axes: "
                f"{tuple(tensor.shape)}."
            )
        for letter, size in zip(axes, shape, strict=True):
            if letter not in sizes:
                sizes[letter] = size
                owner[letter] = name
            elif sizes[letter] != size:
                raise ShapeError(
                    f"{name} is {tuple(tensor.shape)}, so {letter} = {size}, "
                    f"but {owner[letter]} has {letter} = {sizes[letter]}."
                )
    return sizes


def check_tensors(pattern: str, *tensors: HasShape | None) -> dict[str, int]:
    """Compare the shapes of torch tensors: :func:`check_shapes` that refuses arrays.

    Raises:
        InputError: One is not a tensor.
        ShapeError: The number of axes is wrong, or one letter has two sizes.
    """
    for part, tensor in zip(pattern.split(","), tensors, strict=True):
        if tensor is not None:
            check_tensor(part.partition(":")[0].strip(), tensor)
    return check_shapes(pattern, *tensors)


def check_tensor(name: str, value: object) -> None:
    """Check that an argument is a tensor, without torch.

    Raises:
        InputError: It is something else, such as a NumPy array.

    Example:
        >>> check_tensor("images", [1, 2])
        Traceback (most recent call last):
        goodviews.core.errors.InputError: images must be a torch tensor, but got a list; ...
    """
    if not hasattr(value, "detach"):
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        raise InputError(
            f"{name} must be a torch tensor, but got a {kind}; convert it with torch.as_tensor."
        )


def check_positive(name: str, value: float) -> None:
    """Check that a number is finite and above zero.

    Raises:
        InputError: The number is zero, negative, infinite or NaN.

    Example:
        >>> check_positive("temperature", 0.1)
    """
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{name} must be a finite number above 0, but got {value}.")


MOST_SEED = 2**31 - 1
"""Highest seed that every generator of random numbers takes."""


def check_whole(name: str, value: Any, least: int, most: int) -> int:
    """Check that a value is a whole number within limits, and return it.

    Raises:
        InputError: It is not.

    Example:
        >>> check_whole("seeds", 3, 1, 10)
        3
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not least <= number <= most:
        raise InputError(
            f"{name} must be a whole number, at least {least:,} and at most {most:,}, but got "
            f"{value!r}."
        )
    return number


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Error for an unknown name, with the most similar name that exists.

    Example:
        >>> print(unknown("view", "crap", ["crop", "flip"]))
        Unknown view 'crap'. Did you mean 'crop'? Known: crop, flip.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return InputError(f"Unknown {kind} {name!r}.{hint} Known: {', '.join(names)}.")


def refuse_options(kind: str, found: str, /, **given: object) -> None:
    """Refuse options that are for another kind of data.

    Args:
        kind: Kind of data that the options are for.
        found: What was found instead, as the end of a sentence.
        **given: Options; those that were not given are ``None``.

    Raises:
        InputError: One was given.

    Example:
        >>> refuse_options("images", "these are graphs", size=None)
        >>> refuse_options("images", "these are graphs", size=32)
        Traceback (most recent call last):
        goodviews.core.errors.InputError: The option size is for images, but these are graphs.
    """
    for name, value in given.items():
        if value is not None:
            raise InputError(f"The option {name} is for {kind}, but {found}.")
