"""How well a map of classes or of depth fits: sums of each image that add up over images.

Letters: H W one image, K classes.
"""

import numpy as np

from goodviews.core.errors import check_shapes

DEPTH_SUMS = ("pixels", "relative", "squared", "close")
"""What :func:`depth_sums` adds up."""


def class_counts(predicted: np.ndarray, truth: np.ndarray, *, classes: int) -> np.ndarray:
    """How many pixels of each true class were given each class.

    Args:
        predicted: (H, W) class numbers.
        truth: (H, W) class numbers; pixels below 0 do not count.
        classes: K.

    Returns:
        (K, K) int64; rows are true classes.

    Example:
        >>> class_counts(np.array([[0, 1]]), np.array([[1, 1]]), classes=2).tolist()
        [[0, 0], [1, 1]]
    """
    check_shapes("predicted: H W, truth: H W", predicted, truth)
    known = truth >= 0
    both = truth[known].astype(np.int64) * classes + predicted[known]
    return np.bincount(both, minlength=classes * classes).reshape(classes, classes)


def mean_iou(counts: np.ndarray) -> float:
    r"""Mean over classes of intersection over union.

    .. math:: \frac{c_{kk}}{\sum_j c_{kj} + \sum_j c_{jk} - c_{kk}}

    Classes that neither occur nor were predicted are left out.

    Args:
        counts: (K, K) as :func:`class_counts` gives them, summed over images.

    Returns:
        Between 0 and 1; NaN where nothing was counted.

    References:
        Everingham et al., 2015, section 3.3 (PASCAL VOC): the mean over classes of a whole set.

    Example:
        >>> mean_iou(np.array([[0, 0], [1, 1]]))
        0.25
    """
    right = np.diagonal(counts).astype(float)
    union = counts.sum(axis=0) + counts.sum(axis=1) - right
    there = union > 0
    return float((right[there] / union[there]).mean()) if there.any() else float("nan")


def miou_items(counts: np.ndarray) -> np.ndarray:
    r"""Values of images whose mean is the mIoU of all of them together.

    .. math:: \frac{1}{K} \sum_k \left( J_k + \frac{n}{U_k} (i_{kn} - J_k u_{kn}) \right)

    With the intersections i and unions u of each image, their sums, and :math:`J_k = I_k / U_k`:
    the first order expansion of the mIoU over images, as of the other scores in
    :mod:`goodviews.evaluation.item_scores`.

    Args:
        counts: (n, K, K), :func:`class_counts` of each image.

    Returns:
        (n,).

    Example:
        >>> two = np.array([[[3, 0], [1, 0]], [[0, 0], [0, 4]]])
        >>> float(miou_items(two).mean()) == mean_iou(two.sum(axis=0))
        True
    """
    right = np.diagonal(counts, axis1=1, axis2=2).astype(float)
    union = counts.sum(axis=1) + counts.sum(axis=2) - right
    total = union.sum(axis=0)
    there = total > 0
    if not there.any():
        return np.full(len(counts), np.nan)
    right, union, total = right[:, there], union[:, there], total[there]
    ratio = right.sum(axis=0) / total
    moved = len(counts) * (right - ratio * union) / total
    made: np.ndarray = (ratio + moved).mean(axis=1)
    return made


def depth_sums(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Sums of the errors of one image, (4,), in the order of :data:`DEPTH_SUMS`.

    Args:
        predicted: (H, W) depth, above 0.
        truth: (H, W) depth; pixels of 0 do not count.

    Example:
        >>> depth_sums(np.array([[2.0, 1.0]]), np.array([[1.0, 0.0]])).tolist()
        [1.0, 1.0, 1.0, 0.0]
    """
    check_shapes("predicted: H W, truth: H W", predicted, truth)
    known = truth > 0
    p, t = predicted[known].astype(float), truth[known].astype(float)
    close = np.maximum(p / t, t / p) < 1.25
    return np.array([len(t), (np.abs(p - t) / t).sum(), ((p - t) ** 2).sum(), close.sum()], float)


def depth_errors(sums: np.ndarray) -> dict[str, float]:
    """Absolute relative error, root mean square error, and the share within a factor of 1.25.

    Args:
        sums: (M,), the M = 4 sums of :func:`depth_sums`, added over images.

    References:
        Eigen et al., 2014, section 4.2, arXiv:1406.2283.

    Example:
        >>> depth_errors(np.array([2.0, 1.0, 8.0, 1.0]))
        {'abs_rel': 0.5, 'rmse': 2.0, 'within_1.25': 0.5}
    """
    pixels, relative, squared, close = (float(one) for one in sums)
    return {
        "abs_rel": relative / pixels,
        "rmse": (squared / pixels) ** 0.5,
        "within_1.25": close / pixels,
    }
