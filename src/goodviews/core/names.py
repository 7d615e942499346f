"""Names that texts may use, with their arguments, readable without torch.

A view's line in :mod:`goodviews.core.listings` is all that the command line needs to check
a spec and to list the views; a test holds each line against the class it names.
"""

from typing import Any

from goodviews.core.checks import InputError, unknown
from goodviews.core.listings import VIEWS, Listing
from goodviews.core.spec import Call, expand, format_calls, parse_pair

__all__ = ["VIEWS", "Listing", "bind", "check_names", "spell"]


def check_names(text: str) -> tuple[str, ...]:
    """Check a spec, pair or family without torch and return the specs it stands for.

    Raises:
        InputError: A view or one of its arguments is not known, or the text does not parse.

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
    """A spec tidied, and the steps of its two views.

    Raises:
        InputError: The text does not parse.

    Example:
        >>> spell("crop|flip(p=.5)")[0]
        'crop()|flip(p=0.5)'
    """
    first, second = parse_pair(text)
    texts = [format_calls(first)] if first == second else [*map(format_calls, (first, second))]
    return " // ".join(texts), (first, second)


def bind(call: Call) -> dict[str, Any]:
    """Arguments of a step by name, defaults left out.

    Raises:
        InputError: The view, or one of the arguments, is not known or given twice.
    """
    if call.name not in VIEWS:
        raise unknown("view", call.name, VIEWS)
    listing = VIEWS[call.name]
    names = [name for name, _ in listing.arguments]
    if len(call.args) > len(names):
        raise InputError(
            f"{call} has {len(call.args)} arguments, but {call.name} takes {len(names)}: "
            f"{', '.join(names) or 'none'}."
        )
    given = dict(zip(names, call.args, strict=False))
    if listing.strength != "–" and "strength" not in names:
        names.append("strength")
    for name, value in call.kwargs:
        if name not in names:
            raise unknown(f"argument of {call.name}", name, names)
        if name in given:
            raise InputError(f"{call} gives {name} twice.")
        given[name] = value
    return given
