"""Errors that say what was got, what was wanted and what to type next.

Check once, at the public door; inside, trust. Nothing here imports torch: a
shape check reads ``.shape`` and nothing else.
"""

import difflib
import math
from collections.abc import Iterable
from typing import Protocol


class InputError(ValueError):
    """What the user gave cannot be used; the message is one sentence to act on.

    The command line prints it without a traceback and exits with code 2.
    """


class ShapeError(InputError):
    """Sizes that must agree do not."""


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
            ``"anchor: B D, positive: B D"``. A letter stands for one size and must
            mean the same size everywhere; ``...`` stands for any number of axes in front.
        *tensors: As many as the pattern has names; ``None`` is passed over.

    Returns:
        The size of each letter.

    Raises:
        ShapeError: A number of axes is wrong, or a letter means two sizes.

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
                f"{name} has {len(tensor.shape)} axes {tuple(tensor.shape)}, "
                f"but ({wanted}) is wanted."
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


def check_positive(name: str, value: float) -> None:
    """Refuse a number that is not finite and above zero.

    Raises:
        InputError: It is zero, negative, infinite or not a number.

    Example:
        >>> check_positive("temperature", 0.1)
    """
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{name} is {value}, but a finite number above 0 is wanted.")


def counted(count: int, word: str) -> str:
    """A number with its noun.

    Example:
        >>> counted(1, "channel"), counted(1200, "image")
        ('1 channel', '1,200 images')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """The error for a name nobody knows, with the nearest one that exists.

    Example:
        >>> print(unknown("view", "crap", ["crop", "flip"]))
        Unknown view 'crap'. Did you mean 'crop'? Known: crop, flip.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return InputError(f"Unknown {kind} {name!r}.{hint} Known: {', '.join(names)}.")
