"""Names that specs can use, with their arguments, available without torch.

What :mod:`goodviews.spec.catalogue` reads of a view is all that the command line needs to check
a spec and to list the views.
"""

from typing import Any

from goodviews.core.errors import InputError, unknown
from goodviews.core.plugins import load_plugins
from goodviews.spec.catalogue import VIEWS, Listing
from goodviews.spec.grammar import Call, expand, format_calls, parse_pair
from goodviews.spec.presets import PRESETS, Preset


def check_names(text: str) -> tuple[str, ...]:
    """Check a spec, pair or family without torch and return the specs in it.

    Raises:
        InputError: A view or one of its arguments is unknown, or the text does not parse.

    Example:
        >>> check_names("crop(scale=({0.1, 0.3}, 1))|flip()")
        ('crop(scale=(0.1, 1))|flip()', 'crop(scale=(0.3, 1))|flip()')
    """
    family = expand(text)
    specs = family.specs if family else (text.strip(),)
    for calls in spell(specs[0])[1]:
        for call in calls:
            bind(call)
    return specs


def spell(text: str) -> tuple[str, tuple[tuple[Call, ...], tuple[Call, ...]]]:
    """Normalise a spec, and expand its presets into the steps of both views.

    Args:
        text: A spec or pair, not a family.

    Returns:
        The normalised text, and the steps of v1 and of v2.

    Raises:
        InputError: The text does not parse, an argument of a preset is unknown, or a preset that
            makes both views is combined with ``//``.

    Example:
        >>> text, (first, second) = spell("crop|swav(strength=.5)")
        >>> text, str(first[1]), first == second
        ('crop()|swav(strength=0.5)', 'crop(scale=(0.14, 1), strength=0.5)', True)
    """
    first, second = parse_pair(text)
    if first == second:
        return format_calls(first), _unfold(first)
    sides = []
    for calls in (first, second):
        one, other = _unfold(calls)
        if one != other:
            raise InputError(
                f"{format_calls(calls)} makes both views, so {text.strip()!r} must not have '//'."
            )
        sides.append(one)
    return f"{format_calls(first)} // {format_calls(second)}", (sides[0], sides[1])


def _unfold(calls: tuple[Call, ...]) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
    """Steps of both views, with every preset replaced by its steps."""
    one: tuple[Call, ...] = ()
    two: tuple[Call, ...] = ()
    for call in calls:
        preset = PRESETS.get(call.name)
        left, right = ((call,), (call,)) if preset is None else _steps(preset, bind(call))
        one, two = one + left, two + right
    return one, two


def _steps(preset: Preset, given: dict[str, Any]) -> tuple[tuple[Call, ...], tuple[Call, ...]]:
    first, second = (
        tuple(_set(call, given) for call in calls) for calls in parse_pair(preset.spec)
    )
    return first, second


def _set(call: Call, given: dict[str, Any]) -> Call:
    """Step of a preset with the size, area and strength given to the preset."""
    own = dict(call.kwargs)
    listing = VIEWS[call.name]
    if call.name == "crop" and "size" not in own:
        if "area" in given:
            own["scale"] = (given["area"], own["scale"][1])
        if given.get("size") is not None:
            own["size"] = given["size"]
    strength = given.get("strength", 1.0)
    if strength != 1 and listing.strength:
        if any(name == "strength" for name, _ in listing.arguments):
            return Call(call.name, (_times(call.args[0], strength), *call.args[1:]), call.kwargs)
        own["strength"] = strength
    return Call(call.name, call.args, tuple(own.items()))


def _times(value: float, strength: Any) -> Any:
    number = isinstance(strength, int | float) and not isinstance(strength, bool)
    return value * strength if number else strength


def bind(call: Call) -> dict[str, Any]:
    """Arguments of a step or preset by name, defaults left out.

    Raises:
        InputError: The view or an argument is unknown, or an argument is given twice.
    """
    if call.name not in VIEWS and call.name not in PRESETS:
        load_plugins()
    known: dict[str, Listing | Preset] = {**VIEWS, **PRESETS}
    if call.name not in known:
        raise unknown("view", call.name, known)
    listing = known[call.name]
    names = [name for name, _ in listing.arguments]
    if len(call.args) > len(names):
        raise InputError(
            f"{call} has {len(call.args)} arguments, but {call.name} takes {len(names)}: "
            f"{', '.join(names) or 'none'}."
        )
    given = dict(zip(names, call.args, strict=False))
    if listing.strength and "strength" not in names:
        names.append("strength")
    for name, value in call.kwargs:
        if name not in names:
            raise unknown(f"argument of {call.name}", name, names)
        if name in given:
            raise InputError(f"{call} gives {name} twice.")
        given[name] = value
    return given
