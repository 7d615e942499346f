"""Matches of predictions with objects, as they are stored of a fit.

Letters: T images, K classes, D predictions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from goodviews.evaluation.boxes import Matches

FIELDS = tuple(field.name for field in fields(Matches))
"""What is stored of matches, by name."""


def stored_matches(cell: Mapping[str, Any]) -> Matches:
    """The matches in what is stored of a fit."""
    return Matches(**{name: cell[name] for name in FIELDS})


def joined(some: Sequence[Matches]) -> Matches:
    """Matches of several groups of images as those of one.

    Args:
        some: The groups, in the order of their images.

    Example:
        >>> none = np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0)
        >>> flags = np.zeros((0, 10), dtype=bool)
        >>> one = Matches(*none, flags, flags, np.array([[2]]))
        >>> joined([one, one]).positives.tolist()
        [[2, 2]]
    """
    before = np.cumsum([0, *[one.positives.shape[1] for one in some]])
    made = {
        name: np.concatenate([getattr(one, name) for one in some], axis=int(name == "positives"))
        for name in FIELDS
    }
    made["image"] = np.concatenate(
        [one.image + first for one, first in zip(some, before[:-1], strict=True)]
    )
    return Matches(**made)
