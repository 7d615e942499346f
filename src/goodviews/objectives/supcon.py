"""SupCon: NT-Xent in which every example of the same label is a positive.

Letters: B examples with two views each, D embedding dims.
"""

import torch
from torch import Tensor

from goodviews.core.errors import check_tensors
from goodviews.objectives.catalogue import register
from goodviews.objectives.ntxent import pooled_cosines
from goodviews.objectives.precision import check_temperature, full_precision


@register(
    "labels",
    side="sample",
    reason="NT-Xent with labels: it contrasts samples of unlike labels.",
)
def supcon(
    view1: Tensor, view2: Tensor, labels: Tensor, *, temperature: float | Tensor = 0.1
) -> Tensor:
    r"""Supervised contrastive loss of each of the 2B embeddings, in nats.

    .. math::
        \ell_i = -\frac{1}{|P(i)|} \sum_{p \in P(i)}
        \log \frac{\exp(s_{ip} / \tau)}{\sum_{k \ne i} \exp(s_{ik} / \tau)}

    over the pool of both views, where P(i) are all other embeddings with the label of i, which
    always include its second view. The mean over positives is outside the logarithm. The code
    of the authors multiplies the loss by the ratio of the temperature to a base temperature;
    here that factor is 1. If all labels are different, this is :func:`ntxent`.

    Args:
        view1: (B, D), embeddings of the first view, any norm.
        view2: (B, D), embeddings of the second view.
        labels: (B,), integer labels; examples with negative ones have no label, and only their
            second view as a positive.
        temperature: Temperature tau > 0, dimensionless.

    Returns:
        (2B,), one loss per anchor in nats; the anchors of the first view come first.

    Raises:
        ShapeError: The sizes of B or D differ.
        InputError: The temperature is not above zero.

    References:
        Khosla et al., 2020, eq. 2 (the form "out"), arXiv:2004.11362.

    Example:
        >>> same = torch.ones(2, 3)  # three equal candidates: log 3 nats
        >>> supcon(same, same, torch.tensor([0, 0]))
        tensor([1.0986, 1.0986, 1.0986, 1.0986])
    """
    check_tensors("view1: B D, view2: B D, labels: B", view1, view2, labels)
    check_temperature(temperature)
    with full_precision(view1):
        cosines, _ = pooled_cosines(view1, view2)
        logits = cosines / temperature
        itself = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        normaliser = logits.masked_fill(itself, -torch.inf).logsumexp(dim=1)
        alone = -1 - torch.arange(len(labels), device=labels.device)
        own = torch.where(labels < 0, alone, labels)
        pool = torch.cat([own, own])
        positives = (pool[:, None] == pool[None, :]) & ~itself
        mean = logits.masked_fill(~positives, 0).sum(dim=1) / positives.sum(dim=1)
        return normaliser - mean
