"""Binary noise-contrastive estimation against a memory bank.

Letters: B anchors, D embedding dims, M noise samples per anchor, N bank entries.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_positive, check_tensors
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import check_temperature, full_precision, lift


@register(
    "stored",
    ranks="rows",
    side="sample",
    reason="It discriminates the positive of each anchor from samples drawn from a bank.",
)
def nce(
    anchor: Tensor,
    positive: Tensor,
    negatives: Tensor,
    *,
    bank_size: int,
    log_normaliser: float | Tensor,
    temperature: float | Tensor = 0.07,
) -> Tensor:
    r"""Loss of discriminating the positive of each anchor from M draws of the bank, in nats.

    .. math::
        \ell_i = -\log D(s_i^+) - \sum_{m=1}^{M} \log(1 - D(s_{im})), \quad
        D(s) = \frac{p(s)}{p(s) + M p_n}, \quad p(s) = \frac{e^{s / \tau}}{Z}, \quad
        p_n = \frac1N

    The noise is uniform over the N entries of the bank. All quantities are computed as
    logarithms: with :math:`\delta = s/\tau - \log Z - \log M + \log N`, the two terms are
    :math:`\mathrm{softplus}(-\delta)` and :math:`\mathrm{softplus}(\delta)`.

    Args:
        anchor: (B, D), embeddings, any norm.
        positive: (B, D), bank entry (or another view) of the same examples.
        negatives: (M, D), noise shared by all anchors; or (B, M, D), separate for each anchor.
        bank_size: Number N of entries that the noise is drawn from.
        log_normaliser: log Z in nats, computed once with :func:`nce_log_normaliser` on the
            first batch and then constant, as in the memory-bank methods.
        temperature: Temperature tau > 0, dimensionless.

    Returns:
        (B,), one loss per anchor in nats, not averaged.

    Raises:
        ShapeError: The sizes of B, M or D differ.
        InputError: The temperature or the bank size is not above zero.

    References:
        Wu et al., 2018, section 3.2, arXiv:1805.01978; Gutmann and Hyvärinen, 2010.

    Example:
        >>> same, bank = torch.ones(1, 2), torch.ones(1, 2)
        >>> log_z = nce_log_normaliser(same, bank, bank_size=10)
        >>> nce(same, same, bank, bank_size=10, log_normaliser=log_z)  # two fair choices: 2 log 2
        tensor([1.3863])
    """
    shape = "B M D" if negatives.ndim == 3 else "M D"
    noise = check_tensors(
        f"anchor: B D, positive: B D, negatives: {shape}", anchor, positive, negatives
    )["M"]
    check_temperature(temperature)
    check_positive("bank_size", bank_size)
    with full_precision(anchor):
        positive_B, negative_BM = _scores(anchor, positive, negatives)
        shift = math.log(bank_size) - math.log(noise) - log_normaliser
        real_B = F.softplus(-(positive_B / temperature + shift))
        return real_B + F.softplus(negative_BM / temperature + shift).sum(dim=1)


def nce_log_normaliser(
    anchor: Tensor, negatives: Tensor, *, bank_size: int, temperature: float | Tensor = 0.07
) -> Tensor:
    r"""Logarithm of the constant that makes the model sum to one over the bank, in nats.

    .. math:: \log Z = \log N + \log \frac{1}{BM} \sum_{i,m} e^{s_{im} / \tau}

    It is a Monte Carlo estimate from one batch, without gradient.

    Args:
        anchor: (B, D), embeddings, any norm.
        negatives: (M, D) or (B, M, D), draws from the bank.
        bank_size: Number N of entries of the bank.
        temperature: Temperature tau > 0, dimensionless.

    Returns:
        (), log Z in nats.

    Raises:
        ShapeError: The sizes of B, M or D differ.
        InputError: The temperature or the bank size is not above zero.

    References:
        Wu et al., 2018, section 3.2, arXiv:1805.01978.

    Example:
        >>> bank = torch.ones(5, 2)  # every score is 1 / 0.1: log 5 + 10
        >>> nce_log_normaliser(torch.ones(1, 2), bank, bank_size=5, temperature=0.1)
        tensor(11.6094)
    """
    shape = "B M D" if negatives.ndim == 3 else "M D"
    check_tensors(f"anchor: B D, negatives: {shape}", anchor, negatives)
    check_temperature(temperature)
    check_positive("bank_size", bank_size)
    with torch.no_grad(), full_precision(anchor):
        _, negative_BM = _scores(anchor, anchor, negatives)
        total = (negative_BM / temperature).flatten().logsumexp(dim=0)
        return total - math.log(negative_BM.numel()) + math.log(bank_size)


def _scores(anchor: Tensor, positive: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor]:
    a_BD = F.normalize(lift(anchor), dim=1)
    p_BD = F.normalize(lift(positive), dim=1)
    n_D = F.normalize(lift(negatives), dim=-1)
    negative_BM = a_BD @ n_D.T if n_D.ndim == 2 else torch.einsum("bd,bmd->bm", a_BD, n_D)
    return (a_BD * p_BD).sum(dim=1), negative_BM
