"""Who is pretrained on, who is held out, whose labels choose and whose labels report.

Three rules, by what the set brings (:func:`splits` says which one it took):

* **fixed**: the set's own test images are held out.
* **held out**: most images are labelled; a stratified part is held out.
* **few labels**: few are labelled among many; all labelled images are held out.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.images import Images
from goodviews.data.strata import cut

FEWEST = 64
"""Images below which nothing can be told."""
HELD_OUT_MOST = 10_000
CHOOSE_MOST = 5_000
LARGE = 20_000
"""Labelled training images from which the choosing ones need not be pretrained on."""
FEW_SHARE, FEW_COUNT = 0.3, 1_000
CANDIDATES = 512
"""Held-out images wanted as candidates of the information bound when labels are few."""


@dataclass(frozen=True, eq=False)
class Splits:
    """Index arrays into one :class:`Images`, each sorted, int64.

    A readout of ``task`` is trained on labels drawn from ``pool[task]``, its settings and
    the winning view are chosen on ``choose[task]``, and the number comes from
    ``test[task]``. Where labels are few, ``choose[task]`` is empty and ``test[task]``
    equals ``pool[task]``: the readout is cross-fitted, inner folds choose and outer folds
    report.

    Attributes:
        pretrain: Images the encoder is pretrained on.
        held_out: Images it never saw: pairs for the information bound.
        test: Labelled images that report, per task; all of them held out.
        choose: Labelled images that choose, per task; never in ``test`` or ``pool``.
        pool: Labelled images that readouts train on, per task.
        protocol: One sentence that says all this with its numbers.
        hash: First 16 hex digits of the SHA-256 of all the index arrays.
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
        """Whether the same labelled images train and report, fold by fold."""
        return np.array_equal(self.pool[task], self.test[task])


def splits(images: Images, *, seed: int = 0) -> Splits:
    """Split a set the way its labels allow.

    * The set has its own test images (``images.part``), at least some labelled: they are
      held out. With at least 20,000 labelled training images, up to 5,000 of them are
      neither pretrained on nor in the pool: they choose.
    * Fewer than 1,000 images or 30 % carry a label, and at least as many (256 or more)
      carry none: all labelled images are held out of pretraining, with enough unlabelled
      ones to make 512; readouts are cross-fitted.
    * Otherwise what is above 1,000 images is held out, but at least a fifth, at most half
      and at most 10,000; stratified by the task with the most labels. A fifth of the
      labelled images left choose (they are pretrained on, as the pool is).
    * No labels at all: a fifth is held out, at least 64 and at most 10,000.

    Args:
        images: What :func:`goodviews.data.load` gave.
        seed: Of the draw; the same set and seed give the same split anywhere.

    Returns:
        The split, sizes and disjointness checked.

    Raises:
        InputError: Fewer than 64 images, or a task that has no two classes of two images.

    Example:
        >>> from goodviews.data import load
        >>> parts = splits(load("digits"), seed=0)
        >>> len(parts.pretrain), len(parts.held_out)
        (1000, 797)
    """
    n = len(images)
    if n < FEWEST:
        raise InputError(
            f"{images.name} has {n} images, but at least {FEWEST} are wanted: add images, "
            f"labelled or not."
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
    """Labels without the classes of a single image, which cannot be split.

    Args:
        task: Its name, for the message.
        column: (N,) class numbers, -1 where there is none.

    Returns:
        (N,) the same, with -1 for images alone in their class.

    Raises:
        InputError: Fewer than two classes are left.
    """
    numbers, counts = np.unique(column[column >= 0], return_counts=True)
    keep = numbers[counts >= 2]
    if len(keep) < 2:
        what = "one class" if len(numbers) == 1 else f"{len(numbers)} classes"
        raise InputError(
            f"Task {task!r} has {what} and {len(keep)} with two images or more, but at least "
            f"two are wanted: label more images, or leave the labels out."
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
    protocol = f"The set's own {len(held):,} test images are held out and report; " + (
        f"{len(chosen):,} training images, not pretrained on, choose."
        if len(chosen)
        else "a fifth of the labelled training images choose."
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
        f"{held:,} of {n:,} images are held out, stratified by class (seed {seed}), and "
        f"report; a fifth of the labelled others choose."
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
    """Test from the held-out images; choose and pool from the others, or cross-fit."""
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
                    f"Task {task!r} has {len(classes)} classes among its {len(test[task])} test "
                    f"images and {len(known)} labelled training images, but at least two classes "
                    f"are wanted in both: check the test part, or leave this task out."
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
        protocol += f" Cross-fitted for want of labels: {', '.join(crossed)}."
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
    """Assert what a caller cannot cause: nothing leaks, nothing is empty or doubled."""
    every: Iterable[np.ndarray] = (
        parts.pretrain,
        parts.held_out,
        *parts.test.values(),
        *parts.choose.values(),
        *parts.pool.values(),
    )
    assert all((np.diff(index) > 0).all() for index in every), "sorted, without doubles"
    assert len(parts.pretrain) >= 2, "nothing to pretrain on"
    assert not _overlap(parts.pretrain, parts.held_out), "held-out images are pretrained on"
    for task, test in parts.test.items():
        assert np.isin(test, parts.held_out).all(), f"{task}: test images are pretrained on"
        assert not _overlap(test, parts.choose[task]), f"{task}: choosing labels report"
        assert not _overlap(parts.pool[task], parts.choose[task]), f"{task}: pool chooses"
        if not parts.cross_fitted(task):
            assert not _overlap(test, parts.pool[task]), f"{task}: test labels are trained on"
