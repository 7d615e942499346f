"""SimCLR with centred dimensions, or with standardised dimensions instead of unit embeddings.

Letters: B pairs, D embedding dims, 2B anchors.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_tensors, unknown
from goodviews.objectives.catalogue import ASYMPTOTIC, register
from goodviews.objectives.ntxent import ntxent
from goodviews.objectives.precision import check_temperature, full_precision, lift

Variant = Literal["A", "B"]


@register("pair", side="sample", reason=ASYMPTOTIC)
def simclr_centred(
    view1: Tensor,
    view2: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    variant: Variant = "A",
) -> Tensor:
    r"""NT-Xent with the normalisation of dimension-contrastive methods, in nats.

    .. math::
        A: \; \tilde z_i = \frac{z_i - \bar z}{\|z_i - \bar z\|}, \quad
        B: \; \tilde z_{\cdot j} = \sqrt{\frac{2B}{D}} \,
        \frac{z_{\cdot j} - \bar z_j}{\|z_{\cdot j} - \bar z_j\|}, \quad
        \ell_i = -\tilde z_i \cdot \tilde z_{p(i)} / \tau
        + \log \sum_{k \ne i} e^{\tilde z_i \cdot \tilde z_k / \tau}

    Variant A centres each dimension and then scales each embedding to norm 1. Variant B scales
    each dimension to mean 0 and norm :math:`\sqrt{2B / D}` and does not normalise the
    embeddings, whose mean squared norm is then 1. Means and norms are computed over the pool of
    both views, which is a choice made here: the paper has one matrix.

    Args:
        view1: (B, D), embeddings of the first view, any norm.
        view2: (B, D), embeddings of the second view.
        temperature: Temperature tau > 0, dimensionless.
        variant: "A" or "B".

    Returns:
        (2B,), one loss per anchor in nats; the anchors of the first view come first.

    Raises:
        ShapeError: The sizes of B or D differ.
        InputError: The temperature is not above zero, or the variant is unknown.

    References:
        Garrido et al., 2023 (SimCLR variants A and B), arXiv:2206.02574.

    Example:
        >>> same = torch.ones(2, 3)  # centred embeddings are zero: log 3 nats
        >>> simclr_centred(same, same, variant="B")
        tensor([1.0986, 1.0986, 1.0986, 1.0986])
    """
    dims = check_tensors("view1: B D, view2: B D", view1, view2)["D"]
    check_temperature(temperature)
    if variant not in ("A", "B"):
        raise unknown("variant of SimCLR", str(variant), ("A", "B"))
    with full_precision(view1):
        pool_KD = torch.cat([lift(view1), lift(view2)])
        centred_KD = pool_KD - pool_KD.mean(dim=0)
        if variant == "A":
            first, second = centred_KD.chunk(2)
            return ntxent(first, second, temperature=temperature)
        count = len(pool_KD)
        z_KD = F.normalize(centred_KD, dim=0) * (count / dims) ** 0.5
        logits_KK = z_KD @ z_KD.T / temperature
        half = count // 2
        own_K = torch.cat([logits_KK.diagonal(half), logits_KK.diagonal(-half)])
        itself = torch.eye(count, dtype=torch.bool, device=z_KD.device)
        loss: Tensor = logits_KK.masked_fill(itself, -torch.inf).logsumexp(dim=1) - own_K
        return loss
