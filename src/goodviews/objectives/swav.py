"""SwAV: each view predicts the balanced assignment of the other view to prototypes.

Letters: B pairs, D embedding dims, P prototypes, M stored embeddings.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_positive, check_tensors
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import check_temperature, full_precision, lift


@register(
    "prototypes",
    shared=1,
    side="outside",
    reason="It contrasts samples with prototypes, not with each other.",
)
def swav(
    view1: Tensor,
    view2: Tensor,
    prototypes: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    epsilon: float = 0.05,
    iterations: int = 3,
    stored: tuple[Tensor, Tensor] | None = None,
    unit: bool = False,
) -> Tensor:
    r"""Swapped prediction of the assignments of each pair, in nats.

    .. math::
        \ell_i = -\sum_p q'_{ip} \log \mathrm{softmax}_p (z_i \cdot c_p / \tau)
                 -\sum_p q_{ip} \log \mathrm{softmax}_p (z'_i \cdot c_p / \tau)

    where embeddings and prototypes are normalised and the assignments q are computed by
    :func:`sinkhorn`, without gradient. The two directions are summed, as in the paper.

    Args:
        view1: (B, D), embeddings of the first view, any norm.
        view2: (B, D), embeddings of the second view.
        prototypes: (P, D), any norm.
        temperature: Temperature tau > 0, dimensionless.
        epsilon: Entropy weight epsilon > 0 of the assignments, dimensionless.
        iterations: Number of normalisation rounds, at least 1.
        stored: Past embeddings of the first and of the second view, (M, D) each, which are
            assigned together with those of the batch, so that the assignments of a small batch
            are as fine as those of B + M images. They have no loss of their own.
        unit: Whether the prototypes are unit vectors already. They are then used as they are,
            and their gradient keeps its part along them, as in the code of the paper.

    Returns:
        (B,), one loss per pair in nats, not averaged.

    Raises:
        ShapeError: The sizes of B, D or M differ.
        InputError: The temperature, epsilon or the iterations are not above zero.

    References:
        Caron et al., 2020 (SwAV), eqs. 1-3, arXiv:2006.09882.

    Example:
        >>> same = torch.ones(4, 2)  # three equal prototypes: twice log 3
        >>> swav(same, same, torch.ones(3, 2))
        tensor([2.1972, 2.1972, 2.1972, 2.1972])
    """
    check_tensors("view1: B D, view2: B D, prototypes: P D", view1, view2, prototypes)
    check_temperature(temperature)
    if stored is not None:
        check_tensors("first: M D, second: M D, prototypes: P D", *stored, prototypes)
    past = stored or (view1[:0], view2[:0])
    with full_precision(view1):
        c_PD = lift(prototypes) if unit else F.normalize(lift(prototypes), dim=1)
        scores1_BP = F.normalize(lift(view1), dim=1) @ c_PD.T
        scores2_BP = F.normalize(lift(view2), dim=1) @ c_PD.T
        q1_BP, q2_BP = (
            sinkhorn(_with_past(scores, some, c_PD), epsilon=epsilon, iterations=iterations)[
                -len(scores) :
            ]
            for scores, some in zip((scores1_BP, scores2_BP), past, strict=True)
        )
        there_B = (q2_BP * (scores1_BP / temperature).log_softmax(dim=1)).sum(dim=1)
        back_B = (q1_BP * (scores2_BP / temperature).log_softmax(dim=1)).sum(dim=1)
        return -there_B - back_B


def _with_past(scores_BP: Tensor, past_MD: Tensor, c_PD: Tensor) -> Tensor:
    """(M + B, P), scores of past embeddings and of the batch."""
    if not len(past_MD):
        return scores_BP
    return torch.cat([F.normalize(lift(past_MD), dim=1) @ c_PD.T, scores_BP]).detach()


def sinkhorn(scores: Tensor, *, epsilon: float = 0.05, iterations: int = 3) -> Tensor:
    r"""Soft assignments that distribute the batch equally among the prototypes.

    .. math::
        Q = \arg\max_Q \mathrm{Tr}(Q^\top S) + \epsilon H(Q), \quad
        Q^\top 1 = \tfrac{B}{P} 1, \quad Q 1 = 1

    by alternating normalisation of columns and rows in log space, rows last. After a few
    rounds, rows sum to 1 exactly and columns to approximately B / P. No gradient flows.

    Args:
        scores: (B, P), inner products with the prototypes.
        epsilon: Entropy weight epsilon > 0, in the unit of the scores.
        iterations: Number of rounds, at least 1.

    Returns:
        (B, P), each row a distribution over the prototypes.

    Raises:
        ShapeError: ``scores`` does not have two axes.
        InputError: epsilon or the iterations are not above zero.

    References:
        Caron et al., 2020 (SwAV), eqs. 3-5, arXiv:2006.09882; Cuturi, 2013.

    Example:
        >>> sinkhorn(torch.zeros(2, 4))
        tensor([[0.2500, 0.2500, 0.2500, 0.2500],
                [0.2500, 0.2500, 0.2500, 0.2500]])
    """
    sizes = check_tensors("scores: B P", scores)
    check_positive("epsilon", epsilon)
    check_positive("iterations", iterations)
    with torch.no_grad(), full_precision(scores):
        log_q = lift(scores) / epsilon
        share = math.log(sizes["B"] / sizes["P"])
        for _ in range(iterations):
            log_q = log_q.log_softmax(dim=0) + share
            log_q = log_q.log_softmax(dim=1)
        return log_q.exp()
