"""View specs as text: ``crop(scale=(0.2, 1))|flip(p=0.5)`` and back.

Grammar, with literals only (nothing is ever evaluated)::

    family  = spec in which one value is a set of values to sweep: crop(scale=({0.1, 0.3}, 1))
    space   = spec with sets, and ranges from low to high, to search: crop(scale=({0.1: 1.0}, 1))
    pair    = spec [ "//" spec ]        one spec for both views, or one each
    spec    = call { "|" call }
    call    = name "(" [ literals and name=literal ] ")"

This module handles text and literals; :mod:`goodviews.spec.names` checks which names exist, and
:mod:`goodviews.spec.space` reads spaces.
"""

import ast
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from goodviews.core.errors import InputError

_SHOWN = 200
"""Maximum number of characters of a spec that an error repeats."""

_LARGEST = 2**63

MOST_VALUES = 1_000
"""Values of the largest set in a family."""


@dataclass(frozen=True)
class Sweep:
    """The values of the swept argument, in the order written."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """All values from ``low`` to ``high``."""

    low: float
    high: float


@dataclass(frozen=True)
class Call:
    """One step of a spec: a name and its literal arguments."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        """The step as text."""
        parts = [_write(value) for value in self.args]
        parts += [f"{name}={_write(value)}" for name, value in self.kwargs]
        return f"{self.name}({', '.join(parts)})"


@dataclass(frozen=True)
class Family:
    """Specs that differ in one value.

    Attributes:
        template: The spec with ``{s}`` in the place of the swept value.
        argument: Name of the swept argument.
        values: The values, in the order written.
        specs: One spec text per value.
    """

    template: str
    argument: str
    values: tuple[Any, ...]
    specs: tuple[str, ...]


def parse_spec(text: str) -> tuple[Call, ...]:
    """Read one spec.

    Args:
        text: A spec, for example ``"crop(scale=(0.2, 1))|flip()"``.

    Returns:
        Its steps, in order.

    Raises:
        InputError: The text does not parse, or an argument is not a literal.

    Example:
        >>> print(*parse_spec("crop(scale=(.2,1)) | flip"))
        crop(scale=(0.2, 1)) flip()
    """
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of stray backslashes
            tree = ast.parse(text.strip(), mode="eval").body
        return tuple(_call(node, shown) for node in _steps(tree))
    except InputError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(
            f"Cannot parse spec {shown!r}; write it like crop(scale=(0.2, 1))|flip(p=0.5), with "
            "'|' between steps."
        ) from error


def parse_pair(text: str) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
    """Read a spec for both views, or two specs with ``//`` between them.

    Example:
        >>> first, second = parse_pair("crop()|blur() // crop()")
        >>> len(first), len(second)
        (2, 1)
    """
    parts = _split_pair(text)
    if len(parts) > 2:
        raise InputError(f"Spec {text!r} has {len(parts)} parts, but '//' joins two views.")
    if len(parts) == 2 and not all(part.strip() for part in parts):
        where = "after" if parts[0].strip() else "before"
        raise InputError(
            f"Spec {text.strip()!r} has no view {where} '//'; write a view on each side, such as "
            "flip() // identity()."
        )
    both = [parse_spec(part) for part in parts]
    return both[0], both[-1]


def format_calls(calls: tuple[Call, ...]) -> str:
    """Text of a spec; :func:`parse_spec` reads it back.

    Example:
        >>> format_calls(parse_spec("flip(p=0.5)|grey()"))
        'flip(p=0.5)|grey()'
    """
    return "|".join(str(call) for call in calls)


def expand(text: str) -> Family | None:
    """The specs of a family, or ``None`` for a plain spec.

    Raises:
        InputError: More than one value is swept, or fewer than two values are given.

    Example:
        >>> expand("crop(scale=({0.1, 0.3}, 1))|flip()").specs
        ('crop(scale=(0.1, 1))|flip()', 'crop(scale=(0.3, 1))|flip()')
    """
    if "{" not in text:
        return None
    parts = split_calls(text)
    found = [
        (name, hole)
        for calls in parts
        for call in calls
        for name, value in (*((call.name, value) for value in call.args), *call.kwargs)
        for hole in holes(value)
    ]
    if not found:
        return None
    if any(isinstance(hole, Range) for _, hole in found):
        raise InputError(
            f"{text!r} has a range, but a family sweeps one set of values, such as "
            "crop(scale=({0.1, 0.3, 0.6}, 1)); to search ranges, type goodviews study --search 40."
        )
    if len(found) != 1:
        raise InputError(
            f"{text!r} has sets of values in {len(found)} places, but only one is allowed: "
            "crop(scale=({0.1, 0.3, 0.6}, 1)); to search over several, type goodviews study "
            "--search 40."
        )
    argument, sweep = found[0]
    assert isinstance(sweep, Sweep)
    if len(sweep.values) > MOST_VALUES:
        raise InputError(
            f"A set has {len(sweep.values):,} values, but at most {MOST_VALUES:,} can be "
            f"compared; write fewer, such as crop(scale=({{0.1, 0.3, 0.6}}, 1))."
        )
    check_set(sweep, text)
    return Family(
        template=fill(parts, [_Hole()]),
        argument=argument,
        values=sweep.values,
        specs=tuple(fill(parts, [value]) for value in sweep.values),
    )


def check_set(sweep: Sweep, text: str) -> None:
    """Raise an ``InputError`` unless a set has two or more different plain values."""
    if any(True for value in sweep.values for _ in holes(value)):
        raise InputError(f"{text!r} has a set or a range within a set; expected plain values.")
    if len(sweep.values) < 2 or len(set(map(repr, sweep.values))) != len(sweep.values):
        raise InputError(f"{text!r} has the set {_write(sweep)}; expected two or more values.")


def split_calls(text: str) -> list[tuple[Call, ...]]:
    """The steps on each side of ``//``; one side where there is none."""
    return [parse_spec(part) for part in _split_pair(text)]


def fill(parts: Sequence[tuple[Call, ...]], values: Iterable[Any]) -> str:
    """The text of a spec with a value in the place of each of its sets and ranges, in order."""
    left = iter(values)
    return " // ".join("|".join(str(_replace(call, left)) for call in calls) for calls in parts)


class _Hole:
    """Placeholder for the swept value in a template."""

    def __repr__(self) -> str:
        return "{s}"


def _split_pair(text: str) -> list[str]:
    """Split at ``//`` outside quotes and brackets."""
    parts, depth, quote, start, place = [], 0, "", 0, 0
    while place < len(text):
        letter = text[place]
        if quote and letter == "\\":
            place += 1
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif depth == 0 and text.startswith("//", place):
            parts.append(text[start:place])
            place += 1
            start = place + 1
        place += 1
    return [*parts, text[start:]]


def _steps(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _steps(node.left)
        yield from _steps(node.right)
    else:
        yield node


def _call(node: ast.expr, text: str) -> Call:
    if isinstance(node, ast.Name):
        return Call(node.id)
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        raise InputError(
            f"In spec {text!r}, {ast.unparse(node)!r} is not a step; write a name with arguments, "
            "like flip(p=0.5)."
        )
    names = [keyword.arg for keyword in node.keywords]
    if None in names or len(set(names)) != len(names):
        raise InputError(f"In spec {text!r}, an argument of {node.func.id} is given twice.")
    return Call(
        node.func.id,
        tuple(_literal(value, text) for value in node.args),
        tuple((str(word.arg), _literal(word.value, text)) for word in node.keywords),
    )


def _literal(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Set):
        return Sweep(tuple(_literal(item, text) for item in node.elts))
    if isinstance(node, ast.Dict):
        return _range(node, text)
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(_literal(item, text) for item in node.elts)
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError) as error:
        hint = "arguments are numbers, strings, True, False, None or tuples of them."
        if isinstance(node, ast.Name):
            hint = f"write strings in quotes, '{node.id}', and the whole spec in double quotes."
        raise InputError(
            f"In spec {text!r}, {ast.unparse(node)!r} is not a literal; {hint}"
        ) from error
    if not isinstance(value, int | float | str | bool | None):
        raise InputError(
            f"In spec {text!r}, {ast.unparse(node)!r} is a {type(value).__name__}; arguments are "
            "numbers, strings, True, False, None or tuples of them."
        )
    if isinstance(value, int | float) and not abs(value) < _LARGEST:
        raise InputError(f"In spec {text!r}, a number is too large.")
    return value


def _range(node: ast.Dict, text: str) -> Range:
    ends = [_literal(end, text) for end in (*node.keys, *node.values) if end is not None]
    numbers = [end for end in ends if isinstance(end, int | float) and not isinstance(end, bool)]
    if len(numbers) != 2 or len(node.values) != 1:
        raise InputError(
            f"In spec {text!r}, {ast.unparse(node)!r} is not a range; write it as low and high, "
            "such as {0.1: 1.0}."
        )
    low, high = numbers
    if not low < high:
        raise InputError(
            f"In spec {text!r}, the range {ast.unparse(node)} goes from {low} to {high}; expected "
            f"the lower number first, such as {{{high}: {low if high < low else low + 1}}}."
        )
    return Range(low, high)


def holes(value: Any) -> Iterator[Sweep | Range]:
    """The sets and ranges in an argument, in the order written."""
    if isinstance(value, Sweep | Range):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from holes(item)


def _replace(call: Call, values: Iterator[Any]) -> Call:
    def put(old: Any) -> Any:
        if isinstance(old, Sweep | Range):
            return next(values)
        return tuple(map(put, old)) if isinstance(old, tuple) else old

    args = tuple(map(put, call.args))
    return Call(call.name, args, tuple((name, put(old)) for name, old in call.kwargs))


def _write(value: Any) -> str:
    if isinstance(value, Sweep):
        return "{" + ", ".join(map(_write, value.values)) + "}"
    if isinstance(value, Range):
        return f"{{{value.low!r}: {value.high!r}}}"
    if isinstance(value, tuple):
        inner = ", ".join(map(_write, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)
