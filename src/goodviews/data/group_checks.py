"""Signs that images have groups: near-doubles on both sides of a split, columns like patients."""

import re

import numpy as np

from goodviews.data.doubles import near_doubles
from goodviews.data.folds import groups_by_class
from goodviews.data.images import Images
from goodviews.data.splits import Splits

COMPARED = 2_000
"""Maximum number of held-out images that are compared with those for pretraining."""

SHARE = 0.01
"""Share of held-out images with a near-double above which they are reported."""

WORDS = (
    "patient", "subject", "person", "donor", "animal", "case", "slide", "specimen", "series",
    "study", "scan", "volume", "video", "clip", "scene", "site", "plot", "field", "group",
)  # fmt: skip
"""Words in the name of a column that holds groups."""

_FEWEST, _TIMES = 8, 3
_IGNORED = re.compile(r"(?:Column|Array) '(.+)' (?:has [\d,]+ different values|is neither)")


def group_signs(images: Images, parts: Splits) -> list[tuple[str, str]]:
    """Sentences about images that seem to have groups, with what to do about each.

    Args:
        images: The images.
        parts: Their split.

    Returns:
        Pairs of a sentence and an action; nothing where there is no sign.
    """
    found = []
    columns = [] if images.groups is not None else like_groups(images)
    for column in columns:
        found.append(
            (
                f"Column {column!r} looks like a group of images (patient, slide, scene), which "
                "splits divide.",
                f"If it is one, add --groups {column}.",
            )
        )
    held = parts.held_out
    some = held[np.unique(np.linspace(0, len(held) - 1, min(len(held), COMPARED)).astype(int))]
    doubles = near_doubles(images, some, parts.pretrain)
    count = int((doubles >= 0).sum())
    if count > SHARE * len(some):
        first = int(np.flatnonzero(doubles >= 0)[0])
        found.append(
            (
                f"{count:,} of {len(some):,} held-out images checked are nearly the same as an "
                f"image for pretraining, such as images {some[first]} and {doubles[first]}.",
                "Readouts may know the tested images: name the column of patients, slides or "
                "scenes with --groups.",
            )
        )
    return found


def like_groups(images: Images) -> list[str]:
    """Columns that look like groups.

    Their name has a word such as "patient", or each of many values has one class of another task,
    which has far fewer classes.

    Args:
        images: The images.

    Returns:
        Names of columns.
    """
    ignored = [match[1] for note in images.notes if (match := _IGNORED.match(note))]
    words = [
        name
        for name in dict.fromkeys([*images.labels, *ignored])
        if set(re.findall(r"[a-z]+", name.lower())) & set(WORDS)
    ]
    nested = [
        name
        for name, column in images.labels.items()
        if any(_inside(column, other) for task, other in images.labels.items() if task != name)
    ]
    return list(dict.fromkeys([*words, *nested]))


def _inside(column: np.ndarray, other: np.ndarray) -> bool:
    """Whether each of many values of a column has one class of another."""
    both = (column >= 0) & (other >= 0)
    if not both.any():
        return False
    values, classes = groups_by_class(column[both], other[both])
    kinds = len(np.unique(other[both]))
    many = len(values) >= max(_FEWEST, _TIMES * kinds) and both.sum() >= 2 * len(values)
    return bool(many and kinds > 1 and (classes == 1).all())
