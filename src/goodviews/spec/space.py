"""Spaces of views to search: specs in which values are ranges or sets.

``crop(scale=({0.05: 1.0}, 1))|blur(p={0, 0.5})`` has two parameters: a range, written from low to
high, and a set. A search fills both and trains the view.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from goodviews.core.errors import InputError
from goodviews.spec.catalogue import VIEWS
from goodviews.spec.grammar import Call, Range, Sweep, check_set, fill, holes, split_calls
from goodviews.spec.names import bind, spell
from goodviews.spec.presets import PRESETS

_DIGITS = 2
"""Decimal places within the width of a range: values stay short, and steps are at most 1 %."""


@dataclass(frozen=True)
class Parameter:
    """One value that is searched.

    Attributes:
        name: Step and argument, such as ``crop.scale``.
        low: Lower end of a range.
        high: Upper end of a range.
        whole: Whether only whole numbers are meant.
        values: The values of a set; empty for a range.
    """

    name: str
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    values: tuple[Any, ...] = ()

    def at(self, place: float) -> Any:
        """The value at a place from 0 to 1, rounded as it is written in a spec.

        Example:
            >>> Parameter("crop.scale", 0.05, 1.0).at(1 / 3)
            0.367
        """
        if self.values:
            return self.values[min(int(place * len(self.values)), len(self.values) - 1)]
        if self.whole:
            return int(self.low + min(int(place * (self.high - self.low + 1)),
                                      int(self.high - self.low)))  # fmt: skip
        return self.rounded(self.low + place * (self.high - self.low))

    def rounded(self, value: float) -> float:
        """A number of the range with as many decimal places as its width asks for."""
        places = _DIGITS - math.floor(math.log10(self.high - self.low))
        return min(max(round(float(value), places), float(self.low)), float(self.high))

    def place(self, value: Any) -> float:
        """Where a value is between the ends, 0 to 1; of a set, by its order.

        Example:
            >>> Parameter("blur.p", values=(0, 0.5, 1)).place(0.5)
            0.5
        """
        if self.values:
            last = len(self.values) - 1
            return next(n for n, one in enumerate(self.values) if repr(one) == repr(value)) / last
        return float((value - self.low) / (self.high - self.low))


@dataclass(frozen=True)
class Space:
    """Views that a search chooses among.

    Attributes:
        text: The spec with its ranges and sets.
        parameters: One for each of them, in the order written.
    """

    text: str
    parameters: tuple[Parameter, ...]

    def view(self, values: Sequence[Any]) -> str:
        """The spec of one point.

        Args:
            values: One for each parameter.

        Example:
            >>> read_space("crop(scale=({0.1: 1.0}, 1))|flip(p={0, 0.5})").view([0.25, 0])
            'crop(scale=(0.25, 1))|flip(p=0)'
        """
        return fill(split_calls(self.text), values)

    def values(self, view: str) -> tuple[Any, ...] | None:
        """The point that gave a spec; nothing where it is not one of this space.

        Example:
            >>> read_space("crop(scale=({0.1: 1.0}, 1))").values("crop(scale=(0.25, 1))")
            (0.25,)
        """
        try:
            found = tuple(_matched(split_calls(self.text), split_calls(view)))
        except (InputError, ValueError):
            return None
        return found if self.view(found) == view else None


def read_space(text: str) -> Space:
    """Read a spec with ranges and sets, and check its names without torch.

    Raises:
        InputError: The text does not parse, a name is unknown, nothing in it is to be searched,
            or a range is given for an argument that is not a number.

    Example:
        >>> [one.name for one in read_space("crop(scale=({0.1: 1.0}, 1))|jitter({0.0: 1.0})")
        ...     .parameters]
        ['crop.scale', 'jitter.strength']
    """
    text = text.strip()
    parts = split_calls(text)
    found = [one for calls in parts for call in calls for one in _parameters(call, text)]
    names: dict[str, int] = {}
    numbered = []
    for one in found:
        count = names[one.name] = names.get(one.name, 0) + 1
        name = one.name if count == 1 else f"{one.name} ({count})"
        numbered.append(Parameter(name, one.low, one.high, one.whole, one.values))
    ranges = any(not one.values for one in found)
    if not found or (len(found) == 1 and not ranges):
        what = "one set of values" if found else "neither a range nor a set of values"
        raise InputError(
            f"{text!r} has {what}, but --search needs a range, such as "
            "crop(scale=({0.1: 1.0}, 1)), or sets in several places; without --search, a study "
            "compares all views that are given."
        )
    space = Space(text, tuple(numbered))
    spell(space.view([one.at(0.5) for one in numbered]))
    return space


def _parameters(call: Call, text: str) -> Iterator[Parameter]:
    given = bind(call)
    listing = VIEWS.get(call.name) or PRESETS[call.name]
    defaults = {"strength": 1.0, **dict(listing.arguments)}
    for name, value in given.items():
        for hole in holes(value):
            label = f"{call.name}.{name}"
            if isinstance(hole, Sweep):
                check_set(hole, text)
                yield Parameter(label, values=hole.values)
                continue
            default = defaults.get(name)
            if isinstance(default, str | bool):
                kind = "text" if isinstance(default, str) else "True or False"
                raise InputError(
                    f"{text!r} has a range for {name} of {call.name}, which takes {kind}; write a "
                    f"set of values, such as {{{default!r}, ...}}."
                )
            yield _numbers(label, hole, default)


def _numbers(label: str, hole: Range, default: Any) -> Parameter:
    """Whole numbers only where both ends are written so and the default is not a fraction."""
    whole = all(isinstance(end, int) for end in (hole.low, hole.high))
    return Parameter(label, hole.low, hole.high, whole and not isinstance(default, float))


def _matched(space: Sequence[tuple[Call, ...]], view: Sequence[tuple[Call, ...]]) -> Iterator[Any]:
    for calls, others in zip(space, view, strict=True):
        for call, other in zip(calls, others, strict=True):
            pairs = zip(
                (*call.args, *(value for _, value in call.kwargs)),
                (*other.args, *(value for _, value in other.kwargs)),
                strict=True,
            )
            for value, found in pairs:
                yield from _value(value, found)


def _value(value: Any, found: Any) -> Iterator[Any]:
    if isinstance(value, Sweep | Range):
        yield found
    elif isinstance(value, tuple) and isinstance(found, tuple):
        for one, other in zip(value, found, strict=True):
            yield from _value(one, other)
