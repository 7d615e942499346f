"""Bootstrap regression: BYOL and SimSiam predict one view from the other.

Letters: B pairs, D embedding dims.
"""

import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_tensors
from goodviews.objectives.catalogue import OUTSIDE, register
from goodviews.objectives.precision import full_precision, lift


@register(kind="", ranks="rows", side="outside", reason=OUTSIDE)
def regression(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Squared distance of each prediction from its fixed target on the unit sphere.

    .. math::
        \ell_i = \left\|\frac{q_i}{\|q_i\|} - \frac{t_i}{\|t_i\|}\right\|^2
        = 2 - 2 \cos(q_i, t_i)

    The target receives no gradient, whether or not it comes from a momentum encoder.

    Args:
        prediction: (B, D), outputs of the predictor, any norm.
        target: (B, D), embeddings to predict.

    Returns:
        (B,), within [0, 4], dimensionless.

    Raises:
        ShapeError: The sizes of B or D differ.

    References:
        Grill et al., 2020 (BYOL), eq. 2, arXiv:2006.07733.

    Example:
        >>> import torch
        >>> regression(torch.eye(2), torch.eye(2).flip(0))  # orthogonal
        tensor([2., 2.])
    """
    check_tensors("prediction: B D, target: B D", prediction, target)
    with full_precision(prediction):
        q_BD = F.normalize(lift(prediction), dim=1)
        t_BD = F.normalize(lift(target.detach()), dim=1)
        return 2 - 2 * (q_BD * t_BD).sum(dim=1)


@register("prediction", ranks="rows", side="outside", reason=OUTSIDE)
def byol(prediction1: Tensor, prediction2: Tensor, target1: Tensor, target2: Tensor) -> Tensor:
    r"""BYOL loss of each pair: the sum of both directions of the regression.

    .. math:: \ell_i = (2 - 2 \cos(q_i, t'_i)) + (2 - 2 \cos(q'_i, t_i))

    Args:
        prediction1: (B, D), prediction from the first view.
        prediction2: (B, D), prediction from the second view.
        target1: (B, D), embedding of the first view by the momentum encoder.
        target2: (B, D), embedding of the second view by the momentum encoder.

    Returns:
        (B,), within [0, 8], dimensionless.

    Raises:
        ShapeError: The sizes of B or D differ.

    References:
        Grill et al., 2020 (BYOL), eq. 2 and section 3.1, arXiv:2006.07733.

    Example:
        >>> import torch
        >>> one, other = torch.eye(2), torch.eye(2).flip(0)
        >>> byol(one, other, one, other)  # each predicts its own view, not the other
        tensor([4., 4.])
    """
    check_tensors(
        "prediction1: B D, prediction2: B D, target1: B D, target2: B D",
        *(prediction1, prediction2, target1, target2),
    )
    return regression(prediction1, target2) + regression(prediction2, target1)


@register("prediction", ranks="rows", side="outside", reason=OUTSIDE)
def simsiam(prediction1: Tensor, prediction2: Tensor, target1: Tensor, target2: Tensor) -> Tensor:
    r"""SimSiam loss of each pair: the mean negative cosine of both directions.

    .. math:: \ell_i = -\tfrac12 \cos(q_i, t'_i) - \tfrac12 \cos(q'_i, t_i)

    It equals a quarter of the BYOL loss minus 1. The targets receive no gradient.

    Args:
        prediction1: (B, D), prediction from the first view.
        prediction2: (B, D), prediction from the second view.
        target1: (B, D), embedding of the first view by the same encoder.
        target2: (B, D), embedding of the second view by the same encoder.

    Returns:
        (B,), within [-1, 1], dimensionless.

    Raises:
        ShapeError: The sizes of B or D differ.

    References:
        Chen and He, 2021 (SimSiam), eqs. 1-4, arXiv:2011.10566.

    Example:
        >>> import torch
        >>> one, other = torch.eye(2), torch.eye(2).flip(0)
        >>> simsiam(one, other, other, one)  # each predicts the other view
        tensor([-1., -1.])
    """
    return byol(prediction1, prediction2, target1, target2) / 4 - 1
