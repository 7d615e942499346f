"""InfoNCE.

Letters: B pairs, D embedding dims, M stored negatives, K = B + M candidates.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_tensors
from goodviews.information.tiles import row_logsumexp, worthwhile
from goodviews.objectives.catalogue import ASYMPTOTIC, register
from goodviews.objectives.precision import check_temperature, full_precision, lift


@register("context", name="cpc", ranks="candidates", side="sample", reason=ASYMPTOTIC)
def infonce(
    anchor: Tensor,
    positive: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    negatives: Tensor | None = None,
    in_batch: bool = True,
) -> Tensor:
    r"""InfoNCE loss of each anchor against its own positive, in nats.

    .. math:: \ell_i = -\log \frac{\exp(s_{ii} / \tau)}{\sum_{j=1}^{K} \exp(s_{ij} / \tau)}

    where :math:`s_{ij}` is the cosine of anchor i and candidate j. K is the number of
    candidates in the denominator, including the positive. With independent negatives, log K
    minus the mean loss is a lower bound on the information that the two views share; with
    stored negatives, which are stale, it is only an estimate. The loss is at least
    :math:`\log(1 + (K - 1) e^{-2 / \tau})`, because cosines are within [-1, 1]. Large float32
    batches need linear memory: see :mod:`goodviews.information.tiles`.

    Args:
        anchor: (B, D), embeddings of the first view, any norm.
        positive: (B, D), embeddings of the second view; row i belongs to anchor i.
        temperature: Softmax temperature tau > 0, dimensionless; a tensor if learned.
        negatives: (M, D), further candidates for every anchor, such as a queue or the
            embeddings of other devices; or (B, M, D), one draw from a bank for each anchor.
            They receive gradients if they require them.
        in_batch: Whether the positives of the other anchors are candidates too. MoCo and the
            memory-bank methods set it to False: then K = 1 + M.

    Returns:
        (B,), one loss per anchor in nats, not averaged.

    Raises:
        ShapeError: The sizes of B or D differ.
        InputError: The temperature is not above zero.

    References:
        van den Oord et al., 2018, eq. 4, arXiv:1807.03748; K includes the positive, as in
        Tian et al., 2020, arXiv:2005.10243.

    Example:
        >>> same = torch.ones(4, 2)  # four equal candidates: log 4 nats
        >>> infonce(same, same)
        tensor([1.3863, 1.3863, 1.3863, 1.3863])
        >>> infonce(same, same, negatives=torch.ones(7, 2), in_batch=False)  # log 8
        tensor([2.0794, 2.0794, 2.0794, 2.0794])
    """
    check_tensors("anchor: B D, positive: B D", anchor, positive)
    if negatives is not None:
        shape = "B M D" if negatives.ndim == 3 else "M D"
        check_tensors(f"anchor: B D, negatives: {shape}", anchor, negatives)
    check_temperature(temperature)
    with full_precision(anchor):
        a_BD = F.normalize(lift(anchor), dim=1)
        p_BD = F.normalize(lift(positive), dim=1)
        if (large := _in_tiles(a_BD, p_BD, negatives, temperature, in_batch)) is not None:
            return large
        if in_batch:
            logits_BK = a_BD @ p_BD.T
            positive_B = logits_BK.diagonal()
        else:
            positive_B = (a_BD * p_BD).sum(dim=1)
            logits_BK = positive_B[:, None]
        if negatives is not None:
            n_D = F.normalize(lift(negatives), dim=-1)
            more_BM = a_BD @ n_D.T if n_D.ndim == 2 else torch.einsum("bd,bmd->bm", a_BD, n_D)
            logits_BK = torch.cat([logits_BK, more_BM], dim=1)
        return (logits_BK / temperature).logsumexp(dim=1) - positive_B / temperature


def _in_tiles(
    anchor: Tensor,
    positive: Tensor,
    negatives: Tensor | None,
    temperature: float | Tensor,
    in_batch: bool,
) -> Tensor | None:
    """Loss computed by the row-sum engine if the matrix of logits is large, else None."""
    shared = negatives is None or negatives.ndim == 2
    columns = (len(positive) if in_batch else 0) + (0 if negatives is None else len(negatives))
    if not shared or not worthwhile(len(anchor), columns, anchor):
        return None
    parts = [positive] if in_batch else []
    if negatives is not None:
        parts.append(F.normalize(lift(negatives), dim=1))
    candidates = torch.cat(parts) if len(parts) > 1 else parts[0]
    if in_batch:
        return row_logsumexp(anchor, candidates, temperature=temperature, less_positive=True)
    rest = row_logsumexp(anchor, candidates, temperature=temperature)
    return F.softplus(rest - (anchor * positive).sum(dim=1) / temperature)


@register("pair", name="infonce", ranks="candidates", sides=2, side="sample", reason=ASYMPTOTIC)
def infonce_two_sided(
    anchor: Tensor,
    positive: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    negatives: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    r"""InfoNCE of each pair, averaged over the two directions, in nats.

    .. math:: \ell_i = \tfrac12 (\ell_i^{1 \to 2} + \ell_i^{2 \to 1})

    In each direction, the candidates are the rows of the other view: K = B without stored
    negatives. The code of CMC sums the two directions, which gives twice this value. Use the
    mean to estimate information.

    Args:
        anchor: (B, D), embeddings of the first view, any norm.
        positive: (B, D), embeddings of the second view.
        temperature: Softmax temperature tau > 0, dimensionless; a tensor if learned.
        negatives: Further candidates, as in :func:`infonce`: those of the anchors (second
            views) and those of the positives (first views).

    Returns:
        (B,), one loss per pair in nats, not averaged.

    Raises:
        ShapeError: The sizes of B or D differ.
        InputError: The temperature is not above zero.

    References:
        Tian et al., 2020 (CMC), section 3.1, arXiv:1906.05849; the mean as in Radford et
        al., 2021, fig. 3, arXiv:2103.00020.

    Example:
        >>> same = torch.ones(4, 2)
        >>> infonce_two_sided(same, same)  # log 4
        tensor([1.3863, 1.3863, 1.3863, 1.3863])
    """
    more_there, more_back = (None, None) if negatives is None else negatives
    there = infonce(anchor, positive, temperature=temperature, negatives=more_there)
    back = infonce(positive, anchor, temperature=temperature, negatives=more_back)
    return (there + back) / 2
