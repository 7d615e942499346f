"""Columns beside the images of array files: patients, sites, ages.

Letters: N images.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from goodviews.data.arrays import PARTS, without_part
from goodviews.data.stacks import MARK


def array_columns(files: Sequence[Path], names: Sequence[str]) -> dict[str, np.ndarray]:
    """Arrays of one value for each image, or for each volume of slices.

    The arrays of train, val and test parts, such as ``train_patient`` and ``test_patient``, or
    those of one name in several files, are one column.

    Args:
        files: One file, or a train, a val and a test file.
        names: Names of the images: numbers of rows, or ``3#1`` for slice 1 of volume 3.

    Returns:
        Name to (N,) values, for every column that is long enough.
    """
    rows = np.array([int(name.partition(MARK)[0]) for name in names])
    found: list[dict[str, np.ndarray]] = []
    for file in files:
        with np.load(file, allow_pickle=False) as arrays:
            named = {name: arrays[name] for name in arrays.files if arrays[name].ndim == 1}
        found += [named] if len(files) > 1 else _by_part(named)
    shared = [name for name in found[0] if all(name in part for part in found)]
    joined = {name: np.concatenate([part[name] for part in found]) for name in shared}
    return {name: values[rows] for name, values in joined.items() if len(values) > rows.max()}


def _by_part(arrays: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """The columns of each part of a file, train first; one part for a file without any."""
    parts: dict[str, dict[str, np.ndarray]] = {"train": {}, "val": {}, "test": {}}
    for name, values in arrays.items():
        words = name.split("_")
        which = {PARTS[word.lower()] for word in words if word.lower() in PARTS}
        rest = without_part(name)
        if len(which) == 1 and rest:
            parts[which.pop()][rest] = values
    several = [part for part in parts.values() if part]
    return several if len(several) > 1 else [arrays]
