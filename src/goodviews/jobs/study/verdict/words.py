"""Sentences and short names for what a study advises."""

import shlex
from collections.abc import Sequence
from pathlib import PurePath

from goodviews.core.text import two_digits
from goodviews.spec.grammar import Family

_LONGEST = 24
_ENOUGH = 100
"""Labels that chose a view within one point of the best in nearly every draw; thirty did not
(recipe ``label_choice``, MNIST under noise)."""


def more_labels(spread: float, difference: float, have: int) -> str:
    """How many more test labels would tell a difference, in words; empty when it is hopeless.

    Args:
        spread: Standard deviation of the difference per item.
        difference: Mean difference.
        have: Test labels there are.

    Example:
        >>> more_labels(0.3, 0.01, 797)
        'about 2,700 more test labels would tell them apart'
    """
    if difference == 0:
        return ""
    need = (1.96 * spread / difference) ** 2 - have
    if need > 20 * have:
        return ""
    return f"about {two_digits(max(need, 1))} more test labels would tell them apart"


def few_to_choose(labels: int) -> str:
    """What to say of a choice among views that few labels made; empty when they are enough.

    Args:
        labels: Labelled images that chose.

    Example:
        >>> few_to_choose(40)
        'Only 40 labels chose the view, but about 100 choose well: label more first'
        >>> few_to_choose(797)
        ''
    """
    if labels >= _ENOUGH:
        return ""
    return (
        f"Only {labels} labels chose the view, but about {_ENOUGH} choose well: label more first"
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


def again(command: str, option: str, value: object, *, fresh: bool = False) -> str:
    """A command with one option changed.

    Args:
        command: What was typed.
        option: Such as ``--seeds``.
        value: What it becomes.
        fresh: Whether that is another study, which needs a folder of its own.

    Example:
        >>> again("goodviews study photos --seeds 3", "--seeds", 6)
        'goodviews study photos --seeds 6'
        >>> again("goodviews study", "--epochs", 9, fresh=True)
        'goodviews study --epochs 9 --out study-2'
    """
    words = _without(shlex.split(command), option)[0] + [option, str(value)]
    if fresh:
        words, out = _without(words, "--out")
        data = words[2] if len(words) > 2 and not words[2].startswith("-") else ""
        words += ["--out", f"{out or '-'.join(filter(None, ('study', PurePath(data).stem)))}-2"]
    return shlex.join(words)


def _without(words: list[str], option: str) -> tuple[list[str], str]:
    """The words without an option, and the value it had."""
    for place, word in enumerate(words):
        if word == option:
            return words[:place] + words[place + 2 :], "".join(words[place + 1 : place + 2])
        if word.startswith(f"{option}="):
            return words[:place] + words[place + 1 :], word.partition("=")[2]
    return words, ""
