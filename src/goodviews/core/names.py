"""Names that texts may use, with their arguments, readable without torch.

A view's line in :mod:`goodviews.core.listings` is all that the command line needs to check
a spec and to list the views; a test holds each line against the class it names.
"""

from typing import Any

from goodviews.core.checks import InputError, unknown
from goodviews.core.listings import VIEWS, Listing
from goodviews.core.spec import Call, expand, parse_pair

__all__ = ["VIEWS", "Listing", "bind", "check_names"]


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
    for calls in parse_pair(specs[0]):
        for call in calls:
            bind(call)
    return specs


def bind(call: Call) -> dict[str, Any]:
    """Arguments of a step by name, defaults left out.

    Raises:
        InputError: The view, or one of the arguments, is not known or given twice.
    """
    if call.name not in VIEWS:
        raise unknown("view", call.name, VIEWS)
    names = [name for name, _ in VIEWS[call.name].arguments]
    if len(call.args) > len(names):
        raise InputError(
            f"{call} has {len(call.args)} arguments, but {call.name} takes {len(names)}: "
            f"{', '.join(names) or 'none'}."
        )
    given = dict(zip(names, call.args, strict=False))
    for name, value in call.kwargs:
        if name not in names:
            raise unknown(f"argument of {call.name}", name, names)
        if name in given:
            raise InputError(f"{call} gives {name} twice.")
        given[name] = value
    return given
