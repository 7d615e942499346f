"""Accuracy of nodes and of graphs from a frozen representation.

Letters: N nodes or graphs, F representation, C classes, R splits.
"""

from collections.abc import Sequence

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.interval import Interval
from goodviews.core.intervals import items_interval, student_interval, wilson
from goodviews.data.folds import folds
from goodviews.evaluation.linear import linear_logs, penalties
from goodviews.evaluation.logistic import fit_logistic
from goodviews.evaluation.node_splits import NodeSplit

FOLDS = 10


def node_readout(
    table: np.ndarray, labels: np.ndarray, splits: Sequence[NodeSplit]
) -> list[np.ndarray]:
    """Whether a linear probe is right at each test node of each split.

    The penalty has the lowest cross-entropy on the validation nodes of the split, or on folds of
    its training nodes where it has none. Test nodes choose nothing.

    Args:
        table: (N, F), the representation.
        labels: (N,) class numbers, -1 where there is no label.
        splits: R splits.

    Returns:
        For each split (m,) booleans, in the order of its test nodes.

    Example:
        >>> labels = np.arange(60) % 2
        >>> split = NodeSplit(np.arange(10), np.arange(10, 20), np.arange(20, 60))
        >>> [right.mean() for right in node_readout(np.eye(2)[labels], labels, [split])]
        [np.float64(1.0)]
    """
    classes = int(labels.max()) + 1
    found = []
    for split in splits:
        penalty = _chosen(table, labels, split, classes) if len(split.val) else None
        logs, _ = linear_logs(
            table, labels, split.train, table[split.test], classes=classes, penalty=penalty
        )
        found.append(logs.argmax(axis=1) == labels[split.test])
    return found


def _chosen(table: np.ndarray, labels: np.ndarray, split: NodeSplit, classes: int) -> float:
    """The penalty with the lowest cross-entropy on the validation nodes, from strong to weak."""
    truth, best, lowest, probe = labels[split.val], penalties(len(split.train))[0], np.inf, None
    for penalty in penalties(len(split.train)):
        probe = fit_logistic(
            table[split.train],
            labels[split.train],
            classes=classes,
            penalty=penalty,
            start=probe,
            tolerance=1e-3,
        )
        logs = probe.log_probs(table[split.val]).double().numpy()
        loss = -float(logs[np.arange(len(truth)), truth].mean())
        if loss < lowest:
            best, lowest = penalty, loss
    return best


def graph_readout(
    table: np.ndarray, labels: np.ndarray, *, count: int = FOLDS, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Whether a linear probe is right at each graph, from nested folds.

    Each fold is tested by a probe of the other folds, whose penalty is chosen on folds of these.

    Args:
        table: (N, F), the representation of the graphs.
        labels: (N,) class numbers, -1 where there is no label.
        count: Number of outer folds.
        seed: Random seed of the folds.

    Returns:
        (n,) positions of the labelled graphs, and (n,) booleans.

    Raises:
        InputError: A class has fewer than two graphs.

    Example:
        >>> labels = np.arange(60) % 2
        >>> places, right = graph_readout(np.eye(2)[labels], labels)
        >>> len(places), right.mean()
        (60, np.float64(1.0))
    """
    known = np.flatnonzero(labels >= 0)
    sizes = np.unique(labels[known], return_counts=True)[1]
    if len(sizes) < 2 or sizes.min() < 2:
        raise InputError(
            f"Folds need at least two classes with 2 graphs or more, but there are {len(sizes)}, "
            f"the smallest with {sizes.min() if len(sizes) else 0}."
        )
    classes = int(labels.max()) + 1
    right = np.zeros(len(known), dtype=bool)
    for outside, inside in folds(known, labels, count, seed=seed):
        tested = known[inside]
        logs, _ = linear_logs(table, labels, known[outside], table[tested], classes=classes)
        right[inside] = logs.argmax(axis=1) == labels[tested]
    return known, right


def accuracy_interval(rights: Sequence[np.ndarray]) -> Interval:
    """Accuracy and its 95 % interval: over tested items of one split, or over several splits.

    Splits of one graph share nodes, so an interval over splits is about the splits only.

    Args:
        rights: For each split (m,) booleans.

    Example:
        >>> found = accuracy_interval([np.array([True] * 8 + [False] * 2)])
        >>> round(found.low, 2), found.value, round(found.high, 2)
        (0.49, 0.8, 0.94)
    """
    if len(rights) > 1:
        return student_interval(np.array([right.mean() for right in rights]))
    low, high = wilson(float(rights[0].sum()), len(rights[0]))
    return Interval(float(rights[0].mean()), low, high)


def gap_interval(rights: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> Interval:
    """Paired difference of two accuracies and its 95 % interval.

    Args:
        rights: For each split (m,) booleans.
        others: The same of another representation, on the same splits.

    Example:
        >>> one, other = np.array([True, True, True, False]), np.array([True, False, True, False])
        >>> gap_interval([one], [other]).value
        0.25
    """
    gaps = [a.astype(float) - b for a, b in zip(rights, others, strict=True)]
    if len(gaps) > 1:
        return student_interval(np.array([gap.mean() for gap in gaps]))
    return items_interval(gaps[0])
