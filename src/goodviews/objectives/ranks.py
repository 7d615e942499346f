"""Many processes train as one would: an objective over the batch that all ranks hold together.

Each objective's :class:`~goodviews.objectives.catalogue.Combine` defines what the ranks exchange;
:func:`total` then makes the same scalar of all kinds.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from goodviews.core.distributed import gather, gather_others, mean, ranks
from goodviews.objectives.catalogue import OBJECTIVES


def across_ranks(objective: Callable[..., Any], *tensors: Tensor, **options: Any) -> Any:
    """Compute an objective of the global batch from the part of the batch on this rank.

    Args:
        objective: Registered objective, or a ``partial`` of one.
        *tensors: Tensors of the objective, (B_r, ...), with the examples of this rank; ranks
            can have different sizes.
        **options: Options of the objective.

    Returns:
        Result of the objective for the anchors of this rank (``rows``, ``candidates``) or for
        the whole batch (``batch``). Pass it to :func:`total`.

    Raises:
        InputError: The objective's kind is not known.

    Example:
        >>> from goodviews.objectives import infonce
        >>> same = torch.ones(4, 2)
        >>> across_ranks(infonce, same, same)  # one process: the objective itself
        tensor([1.3863, 1.3863, 1.3863, 1.3863])
    """
    while isinstance(objective, partial):
        options = {**objective.keywords, **options}
        tensors = (*objective.args, *tensors)
        objective = objective.func
    name = getattr(objective, "__name__", repr(objective))
    rule = OBJECTIVES.find(name).combine
    if rule.how == "rows" or ranks() == 1:
        return objective(*tensors, **options)
    if rule.how == "candidates":
        further = _both_candidates if rule.sides == 2 else _candidates
        return further(objective, *tensors, **options)
    own = len(tensors) - rule.shared
    everyone = [gather(tensor, dim=rule.axis) for tensor in tensors[:own]]
    return objective(*everyone, *tensors[own:], **options)


def total(result: Any, *, gradients: Literal["averaged", "summed"] = "averaged") -> Tensor:
    r"""Loss to minimise: the sum of the terms, each averaged over the anchors of all ranks.

    .. math:: L = \sum_{\mathrm{terms}} \frac1B \sum_i \ell_i

    The last axis holds anchors and is averaged. Axes before it (pairs of views) and the terms
    of a named tuple are summed.

    Args:
        result: Result of an objective, called directly or with :func:`across_ranks`: a tensor
            or a named tuple of tensors, dimensionless or in nats.
        gradients: Whether the training wrapper averages or sums the gradients of the ranks,
            see :func:`goodviews.core.distributed.mean`.

    Returns:
        (), the same on every rank, in the unit of the result.

    References:
        Goyal et al., 2017, section 3 on scaling the loss over workers, arXiv:1706.02677.

    Example:
        >>> total(torch.tensor([[1.0, 3.0], [2.0, 2.0]]))  # two pairs of views
        tensor(4.)
    """
    if isinstance(result, tuple):
        return torch.stack([total(term, gradients=gradients) for term in result]).sum()
    rows = 1
    for size in result.shape[:-1]:
        rows *= size
    return rows * mean(result, gradients=gradients)


def _candidates(
    objective: Callable[..., Any],
    anchor: Tensor,
    positive: Tensor,
    *,
    negatives: Tensor | None = None,
    in_batch: bool = True,
    **options: Any,
) -> Any:
    """Compare the anchors of this rank with all positives and the stored negatives."""
    if in_batch:
        negatives = _with_others(positive, negatives)
    return objective(anchor, positive, negatives=negatives, in_batch=in_batch, **options)


def _both_candidates(
    objective: Callable[..., Any],
    anchor: Tensor,
    positive: Tensor,
    *,
    negatives: tuple[Tensor | None, Tensor | None] | None = None,
    **options: Any,
) -> Any:
    """Compare both views of this rank with the other view of all ranks and stored negatives."""
    there, back = (None, None) if negatives is None else negatives
    further = (_with_others(positive, there), _with_others(anchor, back))
    return objective(anchor, positive, negatives=further, **options)


def _with_others(candidates: Tensor, negatives: Tensor | None) -> Tensor:
    """Candidates of the other ranks, followed by the stored negatives."""
    others = gather_others(candidates)
    if negatives is None:
        return others
    if negatives.ndim == 3:  # a separate draw for each anchor
        others = others.expand(len(candidates), *others.shape)
    return torch.cat([others, negatives], dim=-2)
