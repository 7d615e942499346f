"""Splits of a dataset: for pretraining, the held-out bound, selection and reported accuracy.

There are three rules; :func:`splits` reports which one it used:

* **fixed**: the test images of the dataset are held out.
* **held out**: most images are labelled; a stratified part is held out.
* **few labels**: few images are labelled; all of these are held out.

No rule divides a group of images (:attr:`Images.groups`), such as those of one patient.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.folds import groups_by_class
from goodviews.data.images import Images
from goodviews.data.strata import cut
from goodviews.data.tasks import label_tasks

FEWEST = 64
"""Minimum number of images."""
HELD_OUT_MOST = 10_000
CHOOSE_MOST = 5_000
LARGE = 20_000
"""With at least this many labelled training images, those for selection are not pretrained on."""
FEW_SHARE, FEW_COUNT = 0.3, 1_000
FEWEST_GROUPS = 4
CANDIDATES = 512
"""Minimum number of held-out images (candidates of the bound) when labels are few."""


@dataclass(frozen=True, eq=False)
class Splits:
    """Index arrays into one :class:`Images`, each sorted, int64.

    Tasks are those of :func:`goodviews.data.tasks.label_tasks`: a task of several labels is one
    of them. A readout of ``task`` is trained on labels drawn from ``pool[task]``, its settings
    and the best view are selected on ``choose[task]``, and its accuracy is measured on
    ``test[task]``. Where labels are few, ``choose[task]`` is empty and ``test[task]`` equals
    ``pool[task]``: the readout is cross-fitted, with inner folds for selection and outer folds
    for the reported accuracy.

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

    Where images have groups, all images of a group are in one part, so parts have about these
    sizes; a class that occurs in one group only counts as unlabelled. Training images of groups
    that are also in the test part of the dataset are left out.

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
    groups = images.groups
    if groups is None:
        return _split(images, None, seed)
    number = len(np.unique(groups))
    if number < FEWEST_GROUPS:
        raise InputError(
            f"At least {FEWEST_GROUPS} groups are needed, so that no group is divided between "
            f"pretraining and test, but the images of {images.name} are of {number}; choose "
            "another column with --groups (groups=)."
        )
    parts = _split(images, groups, seed)
    _check_groups(parts, groups)
    return replace(parts, protocol=f"{parts.protocol} None of the {number:,} groups is divided.")


def training_images(images: Images) -> np.ndarray:
    """Images of the training part of a dataset, without those of groups that are tested.

    Args:
        images: Images from :func:`goodviews.data.load`.

    Returns:
        (n,) indices, sorted.

    Raises:
        InputError: All training images are of tested groups.
    """
    return _apart(images.part == 1, images.groups)


def _split(images: Images, groups: np.ndarray | None, seed: int) -> Splits:
    n = len(images)
    labels = {
        name: usable_labels(name, task.strata, groups)
        for name, task in label_tasks(images).items()
    }
    if not labels:
        held = min(max(n // 5, FEWEST), n // 2, HELD_OUT_MOST)
        rest, out = cut(np.arange(n), None, held, seed, groups)
        protocol = (
            f"No labels: {len(out):,} of {n:,} images are held out, at random (seed {seed})."
        )
        return Splits(rest, out, {}, {}, {}, protocol)
    labelled = np.any([column >= 0 for column in labels.values()], axis=0)
    tested = images.part == 1
    if (labelled & tested).any() and not tested.all():
        return _fixed(labels, tested, seed, groups)
    known = int(labelled.sum())
    touched = labelled if groups is None else np.isin(groups, groups[labelled])
    unknown = n - int(touched.sum())
    if (known < FEW_SHARE * n or known < FEW_COUNT) and unknown >= max(256, known):
        return _few(labels, touched, seed, groups)
    return _stratified(labels, seed, groups)


def _apart(tested: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Images that are not tested and not of a tested group."""
    shared = tested if groups is None else np.isin(groups, groups[tested])
    train = np.flatnonzero(~shared)
    if groups is not None and not len(train):
        raise InputError(
            "All training images are of groups that are also in the test part, so none can be "
            "trained on; choose another column with --groups (groups=), or remove the test part."
        )
    return train


def usable_labels(task: str, column: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """Labels without classes of a single image, which cannot be split.

    Args:
        task: Name of the task, for the message.
        column: (N,) class numbers, -1 where there is no label.
        groups: (N,) group of each image; a class must occur in two of them.

    Returns:
        (N,) the same, with -1 for images that are alone in their class, or whose class occurs in
        one group only.

    Raises:
        InputError: Fewer than two classes remain.
    """
    numbers, counts = np.unique(column[column >= 0], return_counts=True)
    if groups is not None:
        numbers, counts = groups_by_class(column[column >= 0], groups[column >= 0])
    keep = numbers[counts >= 2]
    if len(keep) < 2:
        what = "one class" if len(numbers) == 1 else f"{len(numbers)} classes"
        several = "two images or more" if groups is None else "images of two groups or more"
        raise InputError(
            f"Task {task!r} needs at least two classes with {several}, but has {what}, "
            f"{len(keep)} with {several}; label more images, or leave the labels out."
        )
    return np.where(np.isin(column, keep), column, -1)


def _fixed(
    labels: dict[str, np.ndarray], tested: np.ndarray, seed: int, groups: np.ndarray | None
) -> Splits:
    train, held = _apart(tested, groups), np.flatnonzero(tested)
    left = len(tested) - len(train) - len(held)
    main = max(labels.values(), key=lambda column: int((column[train] >= 0).sum()))
    known = train[main[train] >= 0]
    chosen = np.zeros(0, dtype=np.int64)
    if len(known) >= LARGE:
        _, chosen = cut(known, main, min(len(known) // 5, CHOOSE_MOST), seed, groups)
        train = train[~_of_same(train, chosen, groups)]
    protocol = (
        f"The {len(held):,} test images of the dataset are held out for the reported accuracy; "
    ) + (
        f"{len(chosen):,} training images, not used for pretraining, are for selection."
        if len(chosen)
        else "a fifth of the labelled training images is for selection."
    )
    if left:
        protocol += f" {left:,} training images are left out, because their groups are tested."
    return _assemble(labels, train, held, chosen, protocol, seed, groups)


def _of_same(some: np.ndarray, chosen: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Which of some images are chosen, or are of the group of a chosen one."""
    if groups is None:
        return np.isin(some, chosen)
    return np.isin(groups[some], groups[chosen])


def _few(
    labels: dict[str, np.ndarray], touched: np.ndarray, seed: int, groups: np.ndarray | None
) -> Splits:
    known, others = np.flatnonzero(touched), np.flatnonzero(~touched)
    more = min(max(CANDIDATES - len(known), 0), len(others) // 2)
    extra = np.zeros(0, dtype=np.int64)
    if more:
        others, extra = cut(others, None, more, seed, groups)
    pool = {task: np.flatnonzero(column >= 0) for task, column in labels.items()}
    labelled = int(np.any([column >= 0 for column in labels.values()], axis=0).sum())
    more = len(known) + len(extra) - labelled
    protocol = (
        f"Few labels: all {labelled:,} labelled images and {more:,} others are held out of "
        f"pretraining; readouts are cross-fitted on the labelled ones."
    )
    empty = {task: np.zeros(0, dtype=np.int64) for task in labels}
    return Splits(others, np.union1d(known, extra), dict(pool), empty, pool, protocol)


def _stratified(labels: dict[str, np.ndarray], seed: int, groups: np.ndarray | None) -> Splits:
    main = max(labels.values(), key=lambda column: int((column >= 0).sum()))
    n = len(main)
    held = min(HELD_OUT_MOST, n // 2, max(n - 1000, n // 5))
    train, out = cut(np.arange(n), main, held, seed, groups)
    protocol = (
        f"{len(out):,} of {n:,} images are held out, stratified by class (seed {seed}), for the "
        "reported accuracy; a fifth of the other labelled images is for selection."
    )
    return _assemble(labels, train, out, np.zeros(0, dtype=np.int64), protocol, seed, groups)


def _assemble(
    labels: dict[str, np.ndarray],
    train: np.ndarray,
    held: np.ndarray,
    chosen: np.ndarray,
    protocol: str,
    seed: int,
    groups: np.ndarray | None,
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
            rest = train[~_of_same(train, everything, groups)]
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
            rest, part = cut(known, column, max(len(known) // 5, 2), seed, groups)
            if groups is None or len(np.unique(column[rest])) >= 2:
                known, choose[task] = rest, part
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


def _check_groups(parts: Splits, groups: np.ndarray) -> None:
    """Assert that no group is on two sides."""
    sides = [(parts.pretrain, parts.held_out)]
    for task, test in parts.test.items():
        pool, choose = parts.pool[task], parts.choose[task]
        sides += [(test, choose), (pool, choose)]
        sides += [] if parts.cross_fitted(task) else [(test, pool)]
    for one, other in sides:
        assert not _overlap(groups[one], groups[other]), "a group is divided"


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
