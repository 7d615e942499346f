"""Stratified draws: one cut in two, and label draws for readouts."""

import numpy as np

from goodviews.core.errors import InputError


def cut(
    index: np.ndarray, labels: np.ndarray | None, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cut ``count`` images off, class by class in proportion (scikit-learn's splitter).

    Images without a label count as one more class. Where a class has a single image, it
    joins those; where classes outnumber one side, the cut is plain random.

    Args:
        index: (n,) which images there are.
        labels: (N,) class numbers of the whole set, or ``None`` for a random cut.
        count: Size of the second part, 0 < count < n.
        seed: Of the draw.

    Returns:
        The rest and the part cut off, both sorted.

    Example:
        >>> rest, part = cut(np.arange(6), np.array([0, 0, 0, 1, 1, 1]), 2, seed=0)
        >>> len(rest), len(part)
        (4, 2)
    """
    from sklearn.model_selection import train_test_split

    groups = None
    if labels is not None:
        groups = _merged(labels[index])
        classes = len(np.unique(groups))
        if classes < 2 or min(count, len(index) - count) < classes:
            groups = None
    rest, part = train_test_split(index, test_size=count, random_state=seed, stratify=groups)
    return np.sort(rest), np.sort(part)


def _merged(groups: np.ndarray) -> np.ndarray:
    """Groups of one join the unlabelled; a lone unlabelled joins the largest group."""
    numbers, counts = np.unique(groups, return_counts=True)
    groups = np.where(np.isin(groups, numbers[counts < 2]), -1, groups)
    if (groups == -1).sum() == 1:
        groups = np.where(groups == -1, numbers[counts.argmax()], groups)
    return groups


def draw_labels(
    labels: np.ndarray,
    index: np.ndarray,
    *,
    per_class: int | None = None,
    count: int | None = None,
    draws: int = 10,
    seed: int = 0,
) -> list[np.ndarray]:
    """Label budgets for readouts: repeated stratified draws from a pool.

    Draw d depends on the labels, the pool, the budget, ``seed`` and d alone, so every view
    of a study is read out with the same labels.

    Args:
        labels: (N,) class numbers of the whole set, -1 where there is none.
        index: (n,) the pool, all labelled.
        per_class: As many of each class; a class that has fewer gives all it has.
        count: As many in all, in the proportions of the pool, at least one of each class.
            Give one of the two.
        draws: How many draws.
        seed: Of the draws.

    Returns:
        ``draws`` sorted arrays of indices into the whole set.

    Raises:
        InputError: Neither or both budgets, an unlabelled image in the pool, or a budget
            below one per class.

    Example:
        >>> draw_labels(np.array([0, 0, 1, 1]), np.arange(4), per_class=2, draws=1)
        [array([0, 1, 2, 3])]
    """
    if (per_class is None) == (count is None):
        raise InputError(
            f"per_class is {per_class} and count is {count}, but exactly one is wanted."
        )
    index = np.sort(np.asarray(index))
    groups = labels[index]
    if len(index) == 0 or (groups < 0).any():
        raise InputError(
            f"The pool has {len(index)} images, {int((groups < 0).sum())} of them without a "
            f"label, but only labelled ones can be drawn: index with labels >= 0."
        )
    numbers, counts = np.unique(groups, return_counts=True)
    if per_class is not None:
        if per_class < 1:
            raise InputError(f"per_class is {per_class}, but at least 1 is wanted.")
        budget = np.minimum(counts, per_class)
    else:
        budget = _shares(counts, int(count or 0))
    members = [index[groups == number] for number in numbers]
    out = []
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        chosen = [rng.permutation(one)[:size] for one, size in zip(members, budget, strict=True)]
        out.append(np.sort(np.concatenate(chosen)))
    return out


def _shares(counts: np.ndarray, total: int) -> np.ndarray:
    """Split a budget over classes in proportion, at least one each (largest remainders)."""
    if not len(counts) <= total <= counts.sum():
        raise InputError(
            f"count is {total}, but the pool has {counts.sum()} images in {len(counts)} "
            f"classes: choose from {len(counts)} to {counts.sum()}."
        )
    exact = counts * (total / counts.sum())
    shares = np.clip(np.floor(exact).astype(np.int64), 1, counts)
    while shares.sum() != total:
        if shares.sum() < total:
            gap = np.where(shares < counts, exact - shares, -np.inf)
            shares[gap.argmax()] += 1
        else:
            gap = np.where(shares > 1, shares - exact, -np.inf)
            shares[gap.argmax()] -= 1
    return shares
