"""Folds and cuts that keep classes in proportion and groups whole.

A group is what must not be known beforehand where a readout is tested: a patient, a slide, a
scene. Letters: N images, n of them given.
"""

import numpy as np

_COSTLY = 200_000
"""Groups times folds above which groups are cut at random, since the balanced search is slow."""


def folds(
    index: np.ndarray,
    labels: np.ndarray,
    count: int,
    *,
    seed: int,
    groups: np.ndarray | None = None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Divide images into folds, with the classes in proportion where each class is large enough.

    Args:
        index: (n,) indices of the images.
        labels: (N,) class numbers of the whole set.
        count: Number of folds; at most the number of groups are made.
        seed: Random seed of the folds.
        groups: (N,) group of each image, which no fold divides.

    Returns:
        For each fold the images outside and inside it, as places in ``index``; nothing where all
        images are of one group.

    Example:
        >>> groups = np.array([0, 0, 1, 1])
        >>> made = folds(np.arange(4), np.array([0, 1, 0, 1]), 2, seed=0, groups=groups)
        >>> sorted(sorted(inside.tolist()) for _, inside in made)
        [[0, 1], [2, 3]]
    """
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    y = labels[index]
    if groups is None:
        least = np.unique(y, return_counts=True)[1].min()
        plain = StratifiedKFold if least >= count else KFold
        return list(plain(count, shuffle=True, random_state=seed).split(index, y))
    own = groups[index]
    count = min(count, len(np.unique(own)))
    if count < 2:
        return []
    least = groups_by_class(y, own)[1].min()
    kind = StratifiedGroupKFold if least >= count else GroupKFold
    made = list(kind(count, shuffle=True, random_state=seed).split(index, y, own))
    return [one for one in made if len(one[0]) and len(one[1])]


def groups_by_class(labels: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the groups in which each class occurs.

    Args:
        labels: (n,) class numbers.
        groups: (n,) group of each image.

    Returns:
        The classes, and the number of groups of each.

    Example:
        >>> groups_by_class(np.array([0, 0, 1]), np.array([4, 4, 5]))[1]
        array([1, 1])
    """
    pairs = np.unique(np.stack([labels, groups]), axis=1)
    classes, counts = np.unique(pairs[0], return_counts=True)
    return classes, counts


def cut_groups(
    index: np.ndarray, labels: np.ndarray | None, count: int, seed: int, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Split off whole groups of about ``count`` images, with classes in proportion if possible.

    Of the folds that have about this size, the one with the most classes on both sides is taken.

    Args:
        index: (n,) indices of the images.
        labels: (N,) class numbers of the whole set, -1 where there is none, or ``None``.
        count: Wanted size of the second part.
        seed: Random seed of the cut.
        groups: (N,) group of each image.

    Returns:
        The rest and the part split off, both sorted; the part is empty where all images are of
        one group.

    Example:
        >>> rest, part = cut_groups(np.arange(6), None, 2, 0, np.array([0, 0, 1, 1, 2, 2]))
        >>> len(rest), len(part)
        (4, 2)
    """
    from sklearn.model_selection import GroupShuffleSplit

    known = np.zeros(len(groups), dtype=np.int64) if labels is None else labels
    number = len(np.unique(groups[index]))
    if number < 2:
        return np.sort(index), index[:0]
    several = max(round(len(index) / count), 2)
    if number * several > _COSTLY:
        share = min(max(round(number * count / len(index)), 1), number - 1)
        random = GroupShuffleSplit(1, test_size=share, random_state=seed)
        made = list(random.split(index, groups=groups[index]))
    else:
        made = folds(index, known, several, seed=seed, groups=groups)

    def fitness(fold: tuple[np.ndarray, np.ndarray]) -> tuple[int, int]:
        classes = [len(np.unique(known[index[side]])) for side in fold]
        return -min(classes) - max(classes), abs(len(fold[1]) - count)

    rest, part = min(made, key=fitness)
    return np.sort(index[rest]), np.sort(index[part])


def one_by_group(order: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Arrange images so that one of each group comes first, then a second of each, and so on.

    Args:
        order: (n,) indices of images, in random order.
        groups: (N,) group of each image.

    Example:
        >>> one_by_group(np.array([0, 1, 2]), np.array([7, 7, 8]))
        array([0, 2, 1])
    """
    own = groups[order]
    by_group = np.argsort(own, kind="stable")
    _, starts, counts = np.unique(own[by_group], return_index=True, return_counts=True)
    turn = np.empty(len(order), dtype=np.int64)
    turn[by_group] = np.arange(len(order)) - np.repeat(starts, counts)
    return order[np.argsort(turn, kind="stable")]
