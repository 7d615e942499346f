"""Stratified draws: a split in two, and label draws for readouts."""

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.folds import cut_groups, one_by_group


def cut(
    index: np.ndarray,
    labels: np.ndarray | None,
    count: int,
    seed: int,
    groups: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Split off ``count`` images, stratified by class (scikit-learn's splitter).

    Images without a label are one more class, and so are classes of a single image. With more
    classes than images in one part, the split is not stratified.

    Args:
        index: (n,) indices of the images.
        labels: (N,) class numbers of the whole set, or ``None`` for a random cut.
        count: Size of the second part, 0 < count < n.
        seed: Random seed of the split.
        groups: (N,) group of each image; whole groups of about ``count`` images are split off.

    Returns:
        The rest and the part split off, both sorted.

    Example:
        >>> rest, part = cut(np.arange(6), np.array([0, 0, 0, 1, 1, 1]), 2, seed=0)
        >>> len(rest), len(part)
        (4, 2)
    """
    from sklearn.model_selection import train_test_split

    if groups is not None:
        return cut_groups(index, labels, count, seed, groups)
    strata = None
    if labels is not None:
        strata = _merged(labels[index])
        classes = len(np.unique(strata))
        if classes < 2 or min(count, len(index) - count) < classes:
            strata = None
    rest, part = train_test_split(index, test_size=count, random_state=seed, stratify=strata)
    return np.sort(rest), np.sort(part)


def _merged(labels: np.ndarray) -> np.ndarray:
    """Merge classes of one into the unlabelled; a lone unlabelled image joins the largest."""
    numbers, counts = np.unique(labels, return_counts=True)
    labels = np.where(np.isin(labels, numbers[counts < 2]), -1, labels)
    if (labels == -1).sum() == 1:
        labels = np.where(labels == -1, numbers[counts.argmax()], labels)
    return labels


def draw_labels(
    labels: np.ndarray,
    index: np.ndarray,
    *,
    per_class: int | None = None,
    count: int | None = None,
    draws: int = 10,
    seed: int = 0,
    groups: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Draw labels for readouts from a pool: repeated stratified draws of one size.

    Draw d depends only on the labels, the pool, the budget, ``seed`` and d, so all views of a
    study are evaluated with the same labels.

    Args:
        labels: (N,) class numbers of the whole set, -1 where there is none.
        index: (n,) the pool, all labelled.
        per_class: Number of labels per class; all labels of a class that has fewer.
        count: Total number of labels, in the proportions of the pool, at least one per class.
            Give either ``per_class`` or ``count``.
        draws: Number of draws.
        seed: Random seed of the draws.
        groups: (N,) group of each image. A draw then takes one image of each group of a class,
            in random order, before it takes a second of any, since labels of one group are alike.

    Returns:
        ``draws`` sorted arrays of indices into the whole set.

    Raises:
        InputError: Neither or both budgets are given, an image in the pool has no label, or the
            budget is below one label per class.

    Example:
        >>> draw_labels(np.array([0, 0, 1, 1]), np.arange(4), per_class=2, draws=1)
        [array([0, 1, 2, 3])]
    """
    if (per_class is None) == (count is None):
        raise InputError(
            f"Give either per_class or count, but got per_class={per_class} and count={count}."
        )
    index = np.sort(np.asarray(index))
    known = labels[index]
    if len(index) == 0 or (known < 0).any():
        raise InputError(
            f"All images of the pool need a label, but {int((known < 0).sum())} of {len(index)} "
            "have none; index only those with labels >= 0."
        )
    numbers, counts = np.unique(known, return_counts=True)
    if per_class is not None:
        if per_class < 1:
            raise InputError(f"per_class must be at least 1, but got {per_class}.")
        budget = np.minimum(counts, per_class)
    else:
        budget = _shares(counts, int(count or 0))
    members = [index[known == number] for number in numbers]
    out = []
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        orders = [rng.permutation(one) for one in members]
        if groups is not None:
            orders = [one_by_group(order, groups) for order in orders]
        chosen = [order[:size] for order, size in zip(orders, budget, strict=True)]
        out.append(np.sort(np.concatenate(chosen)))
    return out


def _shares(counts: np.ndarray, total: int) -> np.ndarray:
    """Split a budget over classes in proportion, at least one each (largest remainders)."""
    if not len(counts) <= total <= counts.sum():
        raise InputError(
            f"count must be from {len(counts)} to {counts.sum()}, because the pool has "
            f"{counts.sum()} images in {len(counts)} classes, but got {total}."
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
