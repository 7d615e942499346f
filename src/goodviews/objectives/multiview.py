"""Contrastive multiview coding: InfoNCE over the pairs of V views.

Letters: V views, B examples, D embedding dims, P pairs of views.
"""

from itertools import combinations
from typing import Literal

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_tensors, unknown
from goodviews.objectives.catalogue import ASYMPTOTIC, register
from goodviews.objectives.infonce import infonce_two_sided


@register(kind="", axis=1, side="sample", reason=ASYMPTOTIC)
def multiview(
    views: Tensor,
    *,
    temperature: float | Tensor = 0.07,
    graph: Literal["core", "full"] = "full",
    core: int = 0,
) -> Tensor:
    r"""Two-sided InfoNCE over pairs of views, in nats, with one row per pair.

    .. math::
        \ell_{(a, b), i} = \ell_i^{a \to b} + \ell_i^{b \to a}, \quad
        L_C = \sum_{b \ne c} \frac1B \sum_i \ell_{(c, b), i}, \quad
        L_F = \sum_{a < b} \frac1B \sum_i \ell_{(a, b), i}

    The two directions are summed, as in the paper and its code. The loss of the paper is the
    sum of the means of the rows.

    Args:
        views: (V, B, D), embeddings of the views, any norm; row i is the same example in all
            views.
        temperature: Temperature tau > 0, dimensionless.
        graph: "core" to contrast one view with each other view, "full" to contrast all pairs.
        core: Index of the core view, for ``graph="core"``.

    Returns:
        (P, B), in nats: V - 1 rows (core) or V (V - 1) / 2 rows (full), in the order of
        :func:`view_pairs`.

    Raises:
        ShapeError: ``views`` does not have three axes.
        InputError: There are fewer than two views, or the graph or the core view is unknown.

    References:
        Tian et al., 2020 (CMC), section 3.1 (two views), section 3.3 (core view L_C and
        full graph L_F), arXiv:1906.05849.

    Example:
        >>> same = torch.ones(3, 4, 2)  # log 4 for each direction, twice that for each pair
        >>> multiview(same).shape, multiview(same, graph="core").shape
        (torch.Size([3, 4]), torch.Size([2, 4]))
        >>> multiview(same)[0]
        tensor([2.7726, 2.7726, 2.7726, 2.7726])
    """
    count = check_tensors("views: V B D", views)["V"]
    pairs = view_pairs(count, graph=graph, core=core)
    losses = [infonce_two_sided(views[a], views[b], temperature=temperature) for a, b in pairs]
    return 2 * torch.stack(losses)


def view_pairs(
    views: int, *, graph: Literal["core", "full"] = "full", core: int = 0
) -> list[tuple[int, int]]:
    r"""Pairs of views that are contrasted with each other.

    .. math:: \{(c, b) : b \ne c\} \text{ or } \{(a, b) : a < b\}

    Args:
        views: Number of views V, at least 2.
        graph: "core" or "full".
        core: Index c of the core view, for ``graph="core"``.

    Returns:
        V - 1 pairs (core) or V (V - 1) / 2 pairs (full).

    Raises:
        InputError: There are fewer than two views, or the graph or the core view is unknown.

    References:
        Tian et al., 2020 (CMC), section 3.3, arXiv:1906.05849.

    Example:
        >>> view_pairs(3, graph="core", core=1)
        [(1, 0), (1, 2)]
        >>> view_pairs(3)
        [(0, 1), (0, 2), (1, 2)]
    """
    if views < 2:
        raise InputError(f"views is {views}, but a contrast needs at least 2.")
    if graph == "full":
        return list(combinations(range(views), 2))
    if graph == "core":
        if not 0 <= core < views:
            raise InputError(f"core is {core}, but must be from 0 to {views - 1}.")
        return [(core, other) for other in range(views) if other != core]
    raise unknown("graph of views", graph, ("core", "full"))
