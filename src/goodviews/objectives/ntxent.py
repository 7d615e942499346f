"""NT-Xent, the loss of SimCLR.

Letters: B pairs, D embedding dims, 2B anchors, 2B - 1 candidates of each.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_tensors
from goodviews.information.tiles import pool_logsumexp, worthwhile
from goodviews.objectives.catalogue import ASYMPTOTIC, register
from goodviews.objectives.precision import check_temperature, full_precision, lift


@register("pair", side="sample", reason=ASYMPTOTIC)
def ntxent(view1: Tensor, view2: Tensor, *, temperature: float | Tensor = 0.1) -> Tensor:
    r"""NT-Xent loss of each of the 2B embeddings against its other view, in nats.

    .. math:: \ell_i = -\log \frac{\exp(s_{i p(i)} / \tau)}{\sum_{k \ne i} \exp(s_{ik} / \tau)}

    over the pool of both views, where :math:`s` is the cosine and :math:`p(i)` the other view
    of i. The candidates are the 2B - 1 other embeddings, including the positive, so equal
    embeddings give :math:`\log(2B - 1)`. Negatives from the same view are not drawn from
    p(v2), so log(2B - 1) minus the loss is an estimate of information, not a bound. Large
    float32 batches need linear memory: see :mod:`goodviews.information.tiles`.

    Args:
        view1: (B, D), embeddings of the first view, any norm.
        view2: (B, D), embeddings of the second view; row i is the pair of row i.
        temperature: Softmax temperature tau > 0, dimensionless; a tensor if learned.

    Returns:
        (2B,), one loss per anchor in nats; the anchors of the first view come first.

    Raises:
        ShapeError: The sizes of B or D differ.
        InputError: The temperature is not above zero.

    References:
        Chen et al., 2020 (SimCLR), eq. 1, arXiv:2002.05709.

    Example:
        >>> same = torch.ones(2, 3)  # three equal candidates: log 3 nats
        >>> ntxent(same, same)
        tensor([1.0986, 1.0986, 1.0986, 1.0986])
    """
    check_tensors("view1: B D, view2: B D", view1, view2)
    check_temperature(temperature)
    with full_precision(view1):
        pool = 2 * len(view1)
        if worthwhile(pool, pool, lift(view1)):
            z = F.normalize(torch.cat([lift(view1), lift(view2)]), dim=1)
            return pool_logsumexp(z, temperature=temperature, less_positive=True)
        logits, positive = pooled_cosines(view1, view2)
        itself = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        others = (logits / temperature).masked_fill(itself, -torch.inf)
        return others.logsumexp(dim=1) - positive / temperature


def pooled_cosines(view1: Tensor, view2: Tensor) -> tuple[Tensor, Tensor]:
    r"""Cosines within the pool of both views, and the cosine of each anchor and its positive.

    .. math:: s_{ik} = \frac{z_i \cdot z_k}{\|z_i\| \|z_k\|}, \quad s_{i p(i)}

    Args:
        view1: (B, D), embeddings of the first view, any norm.
        view2: (B, D), embeddings of the second view.

    Returns:
        (2B, 2B) cosines, the rows of the first view first; (2B,) cosines of the pairs.

    Raises:
        ShapeError: The sizes of B or D differ.

    References:
        Chen et al., 2020 (SimCLR), section 2.1, arXiv:2002.05709.

    Example:
        >>> cosines, pairs = pooled_cosines(torch.eye(2), torch.eye(2))
        >>> cosines[0], pairs[0]
        (tensor([1., 0., 1., 0.]), tensor(1.))
    """
    batch = check_tensors("view1: B D, view2: B D", view1, view2)["B"]
    with full_precision(view1):
        z = F.normalize(torch.cat([lift(view1), lift(view2)]), dim=1)
        cosines = z @ z.T
        pairs = cosines.diagonal(batch)
        return cosines, torch.cat([pairs, pairs])
