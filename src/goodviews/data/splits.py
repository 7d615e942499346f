"""Splits of a dataset: for pretraining, the held-out bound, selection and reported accuracy.

There are three rules; :func:`splits` reports which one it used:

* **fixed**: the test images of the dataset are held out.
* **held out**: most images are labelled; a stratified part is held out.
* **few labels**: few images are labelled; all of these are held out.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.images import Images
from goodviews.data.strata import cut

FEWEST = 64
"""Minimum number of images."""
HELD_OUT_MOST = 10_000
CHOOSE_MOST = 5_000
LARGE = 20_000
"""With at least this many labelled training images, those for selection are not pretrained on."""
FEW_SHARE, FEW_COUNT = 0.3, 1_000
CANDIDATES = 512
"""Minimum number of held-out images (candidates of the bound) when labels are few."""


@dataclass(frozen=True, eq=False)
class Splits:
    """Index arrays into one :class:`Images`, each sorted, int64.

    A readout of ``task`` is trained on labels drawn from ``pool[task]``, its settings and the
    best view are selected on ``choose[task]``, and its accuracy is measured on ``test[task]``.
    Where labels are few, ``choose[task]`` is empty and ``test[task]`` equals ``pool[task]``: the
    readout is cross-fitted, with inner folds for selection and outer folds for the reported
    accuracy.

    Attributes:
        pretrain: Images for pretraining.
        held_out: Images that are not used for pretraining: pairs for the information bound.
        test: Labelled images for the reported accuracy, per task; all are held out.
        choose: Labelled images for selection, per task; never in ``test`` or ``pool``.
        pool: Labelled images for training readouts, per task.
        protocol: One sentence about the split, with its numbers.
        hash: First 16 hex digits of the SHA-256 of all the index arrays.

    Example:
        >>> from goodviews.data import load
        >>> parts = splits(load("digits"))
        >>> len(parts.pretrain), len(parts.held_out), parts.cross_fitted("label")
        (1000, 797, False)
    """

    pretrain: np.ndarray
    held_out: np.ndarray
    test: dict[str, np.ndarray]
    choose: dict[str, np.ndarray]
    pool: dict[str, np.ndarray]
    protocol: str
    hash: str = field(default="")

    def __post_init__(self) -> None:
        _check(self)
        if not self.hash:
            object.__setattr__(self, "hash", _hash(self))

    def cross_fitted(self, task: str) -> bool:
        """Whether readouts are trained and tested on the same labelled images, fold by fold."""
        return np.array_equal(self.pool[task], self.test[task])


def splits(images: Images, *, seed: int = 0) -> Splits:
    """Split a dataset by the rule that fits its labels.

    * The dataset has test images (``images.part``), at least some of them labelled: they are held
      out. With at least 20,000 labelled training images, up to 5,000 of them are used for
      selection only, not for pretraining or the pool.
    * Fewer than 1,000 images or 30 % are labelled, and at least as many (256 or more) are not:
      all labelled images are held out of pretraining, with unlabelled ones up to 512 images;
      readouts are cross-fitted.
    * Otherwise all but 1,000 images are held out, but at least a fifth, at most half and at most
      10,000; stratified by the task with the most labels. A fifth of the remaining labelled
      images is used for selection (they are pretrained on, like the pool).
    * No labels at all: a fifth is held out, at least 64 and at most 10,000.

    Args:
        images: Images from :func:`goodviews.data.load`.
        seed: Random seed; the same dataset and seed give the same split on every machine.

    Returns:
        The split, with checked sizes and disjointness.

    Raises:
        InputError: There are fewer than 64 images, or a task lacks two classes with two images
            each.

    Example:
        >>> from goodviews.data import load
        >>> parts = splits(load("digits"), seed=0)
        >>> len(parts.pretrain), len(parts.held_out)
        (1000, 797)
    """
    n = len(images)
    if n < FEWEST:
        raise InputError(
            f"A study needs at least {FEWEST} images, but {images.name} has {n}; add images, with "
            "or without labels."
        )
    labels = {task: usable_labels(task, column) for task, column in images.labels.items()}
    everyone = np.arange(n)
    if not labels:
        held = min(max(n // 5, FEWEST), n // 2, HELD_OUT_MOST)
        rest, out = cut(everyone, None, held, seed)
        protocol = f"No labels: {held:,} of {n:,} images are held out, at random (seed {seed})."
        return Splits(rest, out, {}, {}, {}, protocol)
    labelled = np.any([column >= 0 for column in labels.values()], axis=0)
    tested = images.part == 1
    if (labelled & tested).any() and not tested.all():
        return _fixed(labels, tested, seed)
    known, unknown = int(labelled.sum()), int(n - labelled.sum())
    if (known < FEW_SHARE * n or known < FEW_COUNT) and unknown >= max(256, known):
        return _few(labels, labelled, seed)
    return _stratified(labels, seed)


def usable_labels(task: str, column: np.ndarray) -> np.ndarray:
    """Labels without classes of a single image, which cannot be split.

    Args:
        task: Name of the task, for the message.
        column: (N,) class numbers, -1 where there is no label.

    Returns:
        (N,) the same, with -1 for images that are alone in their class.

    Raises:
        InputError: Fewer than two classes remain.
    """
    numbers, counts = np.unique(column[column >= 0], return_counts=True)
    keep = numbers[counts >= 2]
    if len(keep) < 2:
        what = "one class" if len(numbers) == 1 else f"{len(numbers)} classes"
        raise InputError(
            f"Task {task!r} needs at least two classes with two images or more, but has {what}, "
            f"{len(keep)} with two images or more; label more images, or leave the labels out."
        )
    return np.where(np.isin(column, keep), column, -1)


def _fixed(labels: dict[str, np.ndarray], tested: np.ndarray, seed: int) -> Splits:
    train, held = np.flatnonzero(~tested), np.flatnonzero(tested)
    main = max(labels.values(), key=lambda column: int((column[train] >= 0).sum()))
    known = train[main[train] >= 0]
    chosen = np.zeros(0, dtype=np.int64)
    if len(known) >= LARGE:
        _, chosen = cut(known, main, min(len(known) // 5, CHOOSE_MOST), seed)
        train = np.setdiff1d(train, chosen)
    protocol = (
        f"The {len(held):,} test images of the dataset are held out for the reported accuracy; "
    ) + (
        f"{len(chosen):,} training images, not used for pretraining, are for selection."
        if len(chosen)
        else "a fifth of the labelled training images is for selection."
    )
    return _assemble(labels, train, held, chosen, protocol, seed)


def _few(labels: dict[str, np.ndarray], labelled: np.ndarray, seed: int) -> Splits:
    known, others = np.flatnonzero(labelled), np.flatnonzero(~labelled)
    more = min(max(CANDIDATES - len(known), 0), len(others) // 2)
    extra = np.zeros(0, dtype=np.int64)
    if more:
        others, extra = cut(others, None, more, seed)
    pool = {task: np.flatnonzero(column >= 0) for task, column in labels.items()}
    protocol = (
        f"Few labels: all {len(known):,} labelled images and {more:,} others are held out of "
        f"pretraining; readouts are cross-fitted on the labelled ones."
    )
    empty = {task: np.zeros(0, dtype=np.int64) for task in labels}
    return Splits(others, np.union1d(known, extra), dict(pool), empty, pool, protocol)


def _stratified(labels: dict[str, np.ndarray], seed: int) -> Splits:
    main = max(labels.values(), key=lambda column: int((column >= 0).sum()))
    n = len(main)
    held = min(HELD_OUT_MOST, n // 2, max(n - 1000, n // 5))
    train, out = cut(np.arange(n), main, held, seed)
    protocol = (
        f"{held:,} of {n:,} images are held out, stratified by class (seed {seed}), for the "
        "reported accuracy; a fifth of the other labelled images is for selection."
    )
    return _assemble(labels, train, out, np.zeros(0, dtype=np.int64), protocol, seed)


def _assemble(
    labels: dict[str, np.ndarray],
    train: np.ndarray,
    held: np.ndarray,
    chosen: np.ndarray,
    protocol: str,
    seed: int,
) -> Splits:
    """Test images from the held-out ones, selection and pool from the others; or cross-fitting."""
    test, choose, pool = {}, {}, {}
    crossed = []
    for task, column in labels.items():
        test[task] = held[column[held] >= 0]
        known = train[column[train] >= 0]
        choose[task] = chosen[column[chosen] >= 0]
        classes = np.unique(column[test[task]])
        if len(classes) < 2 or len(known) < 4 or len(np.unique(column[known])) < 2:
            everything = np.union1d(test[task], np.union1d(known, choose[task]))
            rest = np.setdiff1d(train, everything)
            if len(rest) < len(train) / 2:
                raise InputError(
                    f"Task {task!r} has {len(classes)} classes in both its {len(test[task])} test "
                    f"images and its {len(known)} labelled training images, but needs at least "
                    "two; check the test part, or leave this task out."
                )
            train, held = rest, np.union1d(held, everything)
            test[task] = pool[task] = everything
            choose[task] = np.zeros(0, dtype=np.int64)
            crossed.append(task)
            continue
        if not len(choose[task]):
            known, choose[task] = cut(known, column, max(len(known) // 5, 2), seed)
        pool[task] = known
    if crossed:
        protocol += f" Cross-fitted because labels are few: {', '.join(crossed)}."
    return Splits(train, held, test, choose, pool, protocol)


def _hash(parts: Splits) -> str:
    total = hashlib.sha256()
    arrays = {"pretrain": parts.pretrain, "held_out": parts.held_out}
    for kind in ("test", "choose", "pool"):
        arrays |= {f"{kind} {task}": index for task, index in getattr(parts, kind).items()}
    for name in sorted(arrays):
        total.update(name.encode() + b"\0" + arrays[name].astype("<i8").tobytes())
    return total.hexdigest()[:16]


def _overlap(first: np.ndarray, second: np.ndarray) -> bool:
    return len(np.intersect1d(first, second)) > 0


def _check(parts: Splits) -> None:
    """Assert what a caller cannot cause: no leak, no empty part, no duplicate."""
    every: Iterable[np.ndarray] = (
        parts.pretrain,
        parts.held_out,
        *parts.test.values(),
        *parts.choose.values(),
        *parts.pool.values(),
    )
    assert all((np.diff(index) > 0).all() for index in every), (
        "indices must be sorted, without duplicates"
    )
    assert len(parts.pretrain) >= 2, "there are no images for pretraining"
    assert not _overlap(parts.pretrain, parts.held_out), "held-out images are used for pretraining"
    for task, test in parts.test.items():
        assert np.isin(test, parts.held_out).all(), f"{task}: test images are used for pretraining"
        assert not _overlap(test, parts.choose[task]), f"{task}: labels for selection are tested"
        assert not _overlap(parts.pool[task], parts.choose[task]), (
            f"{task}: labels of the pool are used for selection"
        )
        if not parts.cross_fitted(task):
            assert not _overlap(test, parts.pool[task]), (
                f"{task}: test labels are used for training"
            )
