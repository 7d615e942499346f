"""Sentences about the number of labels, and short names of views."""

from collections.abc import Sequence

from goodviews.core.intervals import NORMAL
from goodviews.core.text import two_digits
from goodviews.spec.grammar import Family

_LONGEST = 24
_ENOUGH = 100
"""Labels that selected a view within one point of the best in nearly every draw; thirty did not
(``goodviews reproduce label_choice``, MNIST under noise)."""


def more_labels(spread: float, difference: float, have: int) -> str:
    """How many more test labels would separate two views; empty when it is hopeless.

    Args:
        spread: Standard deviation of the difference per item.
        difference: Mean difference.
        have: Test labels there are.

    Example:
        >>> more_labels(0.3, 0.01, 797)
        'about 2,700 more test labels would separate them'
    """
    if difference == 0:
        return ""
    need = (NORMAL * spread / difference) ** 2 - have
    if need > 20 * have:
        return ""
    return f"about {two_digits(max(need, 1))} more test labels would separate them"


def few_to_choose(labels: int) -> str:
    """A warning that few labels were used to select the view; empty when they are enough.

    Args:
        labels: Labelled images used for the selection.

    Example:
        >>> few_to_choose(40)
        'The view was selected with only 40 labels; about 100 are needed for a reliable choice.'
        >>> few_to_choose(797)
        ''
    """
    if labels >= _ENOUGH:
        return ""
    return (
        f"The view was selected with only {labels} labels; about {_ENOUGH} are needed for a "
        f"reliable choice."
    )


def spec_labels(views: Sequence[str], family: Family | None) -> list[str]:
    """A short name for each view: the swept value, or the part that differs.

    Example:
        >>> spec_labels(["crop()|flip()", "crop()|blur()"], None)
        ['flip()', 'blur()']
    """
    if family is not None:
        known = dict(zip(family.specs, map(str, family.values), strict=True))
        if all(view in known for view in views):
            return [known[view] for view in views]
    if len(views) == 1:
        return [views[0]]
    parts = [view.split("|") for view in views]
    front = _alike(parts)
    back = _alike([part[front:][::-1] for part in parts])
    short = ["|".join(part[front : len(part) - back]) or "without" for part in parts]
    if len(set(short)) == len(short) and max(map(len, short)) <= _LONGEST:
        return short
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return [letters[n % 26] + (str(n // 26) if n >= 26 else "") for n in range(len(views))]


def _alike(parts: Sequence[Sequence[str]]) -> int:
    """How many leading steps all parts share."""
    count = 0
    for steps in zip(*parts, strict=False):
        if len(set(steps)) > 1:
            break
        count += 1
    return count
