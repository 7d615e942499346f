"""Sample-contrastive variants of SimCLR and DCL, with squared or absolute cosines.

Their repulsion acts on squared or absolute cosines, which makes them exactly sample-contrastive.

Letters: B pairs, D embedding dims, 2B anchors.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from goodviews.core.errors import check_tensors
from goodviews.objectives.catalogue import BENT, register
from goodviews.objectives.decoupled import negatives_only
from goodviews.objectives.ntxent import pooled_cosines
from goodviews.objectives.precision import check_temperature, full_precision


@register("pair", side="sample", reason=BENT)
def simclr_sq(
    view1: Tensor,
    view2: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    bend_positive: bool = False,
) -> Tensor:
    r"""NT-Xent with squared cosines of the negatives, in nats.

    .. math::
        \ell_i = -s_{i p(i)} / \tau + \log\left(e^{s_{i p(i)} / \tau} +
        \sum_{k \notin \{i, p(i)\}} e^{s_{ik}^2 / \tau}\right)

    The repulsion is minimal where every off-diagonal entry of the Gram matrix is zero, so the
    criterion is sample-contrastive. The main text of the paper does not specify whether the
    positive is squared too. By default, it is not, because pairs that point in opposite
    directions would otherwise be optimal as well.

    Args:
        view1: (B, D), embeddings of the first view, any norm; B at least 2.
        view2: (B, D), embeddings of the second view.
        temperature: Temperature tau > 0, dimensionless.
        bend_positive: Whether to square the cosine of the positive too, in both places.

    Returns:
        (2B,), one loss per anchor in nats; the anchors of the first view come first.

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.
        InputError: The temperature is not above zero.

    References:
        Garrido et al., 2023 (SimCLR-sq), arXiv:2206.02574.

    Example:
        >>> same = torch.ones(2, 3)  # three equal candidates: log 3 nats
        >>> simclr_sq(same, same)
        tensor([1.0986, 1.0986, 1.0986, 1.0986])
    """
    return _bent(view1, view2, torch.square, temperature, bend_positive, decoupled=False)


@register("pair", side="sample", reason=BENT)
def simclr_abs(
    view1: Tensor,
    view2: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    bend_positive: bool = False,
) -> Tensor:
    r"""NT-Xent with absolute cosines of the negatives, in nats.

    .. math::
        \ell_i = -s_{i p(i)} / \tau + \log\left(e^{s_{i p(i)} / \tau} +
        \sum_{k \notin \{i, p(i)\}} e^{|s_{ik}| / \tau}\right)

    Args:
        view1: (B, D), embeddings of the first view, any norm; B at least 2.
        view2: (B, D), embeddings of the second view.
        temperature: Temperature tau > 0, dimensionless.
        bend_positive: Take the positive's absolute cosine too: see :func:`simclr_sq`.

    Returns:
        (2B,), one loss per anchor in nats; the anchors of the first view come first.

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.
        InputError: The temperature is not above zero.

    References:
        Garrido et al., 2023 (SimCLR-abs), arXiv:2206.02574.

    Example:
        >>> same = torch.ones(2, 3)
        >>> simclr_abs(same, same)
        tensor([1.0986, 1.0986, 1.0986, 1.0986])
    """
    return _bent(view1, view2, torch.abs, temperature, bend_positive, decoupled=False)


@register("pair", side="sample", reason=BENT)
def dcl_sq(
    view1: Tensor,
    view2: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    bend_positive: bool = False,
) -> Tensor:
    r"""DCL with squared cosines of the negatives, in nats.

    .. math:: \ell_i = -s_{i p(i)} / \tau + \log \sum_{k \notin \{i, p(i)\}} e^{s_{ik}^2 / \tau}

    Args:
        view1: (B, D), embeddings of the first view, any norm; B at least 2.
        view2: (B, D), embeddings of the second view.
        temperature: Temperature tau > 0, dimensionless.
        bend_positive: Whether to square the cosine of the positive too, see :func:`simclr_sq`.

    Returns:
        (2B,), one loss per anchor in nats; the anchors of the first view come first.

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.
        InputError: The temperature is not above zero.

    References:
        Garrido et al., 2023 (DCL-sq), arXiv:2206.02574.

    Example:
        >>> same = torch.ones(2, 3)  # two equal negatives: log 2 nats
        >>> dcl_sq(same, same)
        tensor([0.6931, 0.6931, 0.6931, 0.6931])
    """
    return _bent(view1, view2, torch.square, temperature, bend_positive, decoupled=True)


@register("pair", side="sample", reason=BENT)
def dcl_abs(
    view1: Tensor,
    view2: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    bend_positive: bool = False,
) -> Tensor:
    r"""DCL with absolute cosines of the negatives, in nats.

    .. math:: \ell_i = -s_{i p(i)} / \tau + \log \sum_{k \notin \{i, p(i)\}} e^{|s_{ik}| / \tau}

    Args:
        view1: (B, D), embeddings of the first view, any norm; B at least 2.
        view2: (B, D), embeddings of the second view.
        temperature: Temperature tau > 0, dimensionless.
        bend_positive: Take the positive's absolute cosine too: see :func:`simclr_sq`.

    Returns:
        (2B,), one loss per anchor in nats; the anchors of the first view come first.

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.
        InputError: The temperature is not above zero.

    References:
        Garrido et al., 2023 (DCL-abs), arXiv:2206.02574.

    Example:
        >>> same = torch.ones(2, 3)
        >>> dcl_abs(same, same)
        tensor([0.6931, 0.6931, 0.6931, 0.6931])
    """
    return _bent(view1, view2, torch.abs, temperature, bend_positive, decoupled=True)


def _bent(
    view1: Tensor,
    view2: Tensor,
    bend: Callable[[Tensor], Tensor],
    temperature: float | Tensor,
    bend_positive: bool,
    *,
    decoupled: bool,
) -> Tensor:
    """NT-Xent or DCL with a function applied to the cosines of the negatives."""
    check_tensors("view1: B D, view2: B D", view1, view2)
    check_temperature(temperature)
    with full_precision(view1):
        cosines, positive = pooled_cosines(view1, view2)
        attraction = (bend(positive) if bend_positive else positive) / temperature
        repulsion = negatives_only(bend(cosines) / temperature)
        if not decoupled:
            repulsion = torch.cat([repulsion, attraction[:, None]], dim=1)
        return repulsion.logsumexp(dim=1) - attraction
