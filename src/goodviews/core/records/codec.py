"""Records as JSON: frozen dataclasses written and read, every field compared with its type.

Fields keep their order and names. An :class:`~goodviews.core.interval.Interval` is written flat,
``nats, nats_low, nats_high``, with null for ends that are not known; ``Annotated`` with
:data:`SHORT` names them ``low`` and ``high``.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)  # fmt: skip

from goodviews.core.errors import InputError
from goodviews.core.interval import Interval

R = TypeVar("R")
_NAMES = {
    str: "a text", int: "an integer", float: "a number", bool: "true or false", NoneType: "null",
}  # fmt: skip


class Ends(NamedTuple):
    """Keys of the ends of an interval, where they are not ``NAME_low`` and ``NAME_high``."""

    low: str
    high: str


SHORT = Ends("low", "high")
"""For ``Annotated[Interval, SHORT]``: ``accuracy, low, high``."""


def to_json(record: Any) -> dict[str, Any]:
    """A record as the JSON object that :func:`from_json` reads.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Found:
        ...     view: str
        ...     nats: Interval | None
        >>> to_json(Found("flip()", Interval(2.0, 1.5, 2.5)))
        {'view': 'flip()', 'nats': 2.0, 'nats_low': 1.5, 'nats_high': 2.5}
    """
    made: dict[str, Any] = {}
    hints = _hints(type(record))
    for one in fields(record):
        value = getattr(record, one.name)
        if keys := _keys(one.name, hints[one.name]):
            ends = (None,) * 3 if value is None else (value.value, value.low, value.high)
            made |= zip(keys, map(_finite, ends), strict=True)
        else:
            made[one.name] = _plain(value)
    return made


def from_json(kind: type[R], value: object, where: str) -> R:
    """Read a record from JSON.

    Args:
        kind: A dataclass.
        value: What :func:`json.loads` gave.
        where: What to call the value in an error, such as the name of its file.

    Raises:
        InputError: A field without a default is missing, or a field is unknown or of another
            type; the message names it.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Found:
        ...     view: str
        ...     nats: Interval | None
        >>> from_json(Found, {"view": 3}, "found.json")
        Traceback (most recent call last):
        goodviews.core.errors.InputError: found.json: view is 3, but expected a text.
    """
    try:
        return _record(kind, value)
    except _Mismatch as error:
        raise InputError(f"{where}: {error}.") from None


def check_schema(value: object, where: str, expected: int) -> None:
    """Refuse JSON that another version wrote.

    Raises:
        InputError: Its ``schema`` is not the one expected.
    """
    found = value.get("schema", expected) if isinstance(value, dict) else expected
    if found != expected:
        raise InputError(
            f"{where}: schema is {found!r}, but this version of goodviews reads {expected}; use "
            f"the version that wrote it."
        )


class _Mismatch(Exception):
    """What was found and expected, and at which field: named from the innermost outwards."""

    def __init__(self, what: str, path: str = "") -> None:
        super().__init__(what)
        self.what, self.path = what, path

    def inside(self, outer: str) -> "_Mismatch":
        inner = self.path if self.path.startswith("[") or not self.path else f".{self.path}"
        return _Mismatch(self.what, outer + inner)

    def __str__(self) -> str:
        return f"{self.path or 'the file'} {self.what}"


def _record(kind: type[R], value: object) -> R:
    if not isinstance(value, dict):
        raise _Mismatch(f"is {_short(value)}, but expected an object")
    hints = _hints(kind)
    known: set[str] = set()
    made: dict[str, Any] = {}
    for one in fields(kind):  # type: ignore[arg-type]  # callers pass dataclasses only
        hint = hints[one.name]
        keys = _keys(one.name, hint)
        known.update(keys or (one.name,))
        if not keys and one.name not in value and one.default is not MISSING:
            continue  # a field that is newer than the file
        for key in keys or (one.name,):
            if key not in value:
                raise _Mismatch("is missing", key)
        if keys:
            made[one.name] = _interval(keys, value, optional=NoneType in get_args(_bare(hint)))
        else:
            made[one.name] = _at(one.name, hint, value[one.name])
    for key in value:
        if key not in known:
            raise _Mismatch("is not a field that this version of goodviews knows", str(key))
    return kind(**made)


def _at(path: str, hint: Any, value: object) -> Any:
    try:
        return _value(hint, value)
    except _Mismatch as error:
        raise error.inside(path) from None


def _value(hint: Any, value: object) -> Any:
    """A value, once it has the type that is expected of it."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint, value)
    if origin is tuple and isinstance(value, list):
        return tuple(_at(f"[{i}]", inner[0], one) for i, one in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {str(key): _at(str(key), inner[1], one) for key, one in value.items()}
    if origin is Literal and value in inner:
        return value
    if origin in (Union, UnionType):
        for one in inner:
            try:
                return _value(one, value)
            except _Mismatch as error:
                if error.path:
                    raise
    if hint in _NAMES and type(value) is hint:
        return value
    raise _Mismatch(f"is {_short(value)}, but expected {_expected(hint)}")


def _interval(
    keys: tuple[str, ...], value: Mapping[str, object], *, optional: bool
) -> Interval | None:
    middle, low, high = (_at(key, float | None, value[key]) for key in keys)
    if middle is None and optional:
        return None
    if middle is None:
        raise _Mismatch("is null, but expected a number", keys[0])
    if (low is None) != (high is None):
        raise _Mismatch("is null, but its other end is not", keys[1] if low is None else keys[2])
    return Interval(middle, *((-math.inf, math.inf) if low is None else (low, high)))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return to_json(value)
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _keys(name: str, hint: Any) -> tuple[str, str, str] | None:
    """Keys of a field that holds an interval; nothing for any other."""
    ends = Ends(f"{name}_low", f"{name}_high")
    if get_origin(hint) is Annotated:
        ends = get_args(hint)[1]
    bare = _bare(hint)
    return (name, *ends) if Interval in (bare, *get_args(bare)) else None


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _expected(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_expected(one) for one in get_args(hint))
    if get_origin(hint) is Literal:
        return " or ".join(map(repr, get_args(hint)))
    if hint in _NAMES:
        return _NAMES[hint]
    return "a list" if get_origin(hint) is tuple else "an object"


def _short(value: object) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
