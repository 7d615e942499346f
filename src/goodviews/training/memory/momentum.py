"""The momentum encoder: a slow copy that computes the keys, and BatchNorm without leakage.

Letters: B images of a step, D embedding dims.
"""

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.distributed import gather, rank, ranks
from goodviews.core.errors import InputError
from goodviews.core.rng import Key


class Momentum(nn.Module):
    r"""Exponential moving average of a module's parameters.

    .. math:: \theta' \leftarrow \alpha \theta' + (1 - \alpha) \theta

    Parameters are averaged, buffers are not: the copy stays in train mode, so its BatchNorm
    normalises with the statistics of its own batches and has its own running statistics. Its
    forward builds no graph.

    Args:
        module: The fast encoder, which is copied.
        momentum: alpha, the weight of the old weights per step, in [0, 1].
        total: Steps over which alpha rises to 1 as a cosine (BYOL); constant if ``None``.

    Raises:
        InputError: The momentum is not in [0, 1], or ``total`` is not above zero.

    References:
        He et al., 2020 (MoCo), eq. 2, arXiv:1911.05722, alpha 0.999; Grill et al., 2020
        (BYOL), section 3.3 and appendix J, arXiv:2006.07733, alpha 0.996 to 1.

    Example:
        >>> fast = nn.Linear(1, 1, bias=False)
        >>> slow = Momentum(fast, momentum=0.75)
        >>> _ = nn.init.constant_(slow.module.weight, 1.0), nn.init.zeros_(fast.weight)
        >>> slow.update(fast)
        >>> slow.module.weight.item()
        0.75
    """

    steps: Tensor

    def __init__(
        self, module: nn.Module, *, momentum: float = 0.999, total: int | None = None
    ) -> None:
        super().__init__()
        if not 0 <= momentum <= 1:
            raise InputError(f"Momentum must be in [0, 1], but got {momentum}.")
        if total is not None and total < 1:
            raise InputError(f"total must be at least 1 step, but got {total}.")
        self.momentum, self.total = momentum, total
        self.module = copy.deepcopy(module).requires_grad_(False).train()
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self._taken = 0

    @property
    def alpha(self) -> float:
        """Weight of the old weights in the next update."""
        if self.total is None:
            return self.momentum
        part = min(self._taken / self.total, 1.0)
        return 1 - (1 - self.momentum) * (math.cos(math.pi * part) + 1) / 2

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move one step towards the fast encoder, after the step of the optimiser.

        Args:
            module: The copied module, or a wrapper of it with the same parameters.

        Raises:
            InputError: The parameters do not match those of the copy.
        """
        slow: list[Tensor] = list(self.module.parameters())
        fast: list[Tensor] = list(module.parameters())
        if [p.shape for p in slow] != [p.shape for p in fast]:
            raise InputError(
                f"The {len(fast)} parameters of the module do not match the {len(slow)} of the "
                "momentum copy; pass the module from which Momentum was made."
            )
        if slow:
            torch._foreach_lerp_(slow, fast, 1 - self.alpha)
        self._taken += 1
        self.steps.fill_(self._taken)

    @torch.no_grad()
    def forward(self, *inputs: Tensor) -> Any:
        """Outputs of the slow encoder for inputs (B, ...), without gradient."""
        return self.module(*inputs)

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        super()._load_from_state_dict(state, prefix, *rest)
        self._taken = int(self.steps)


def shuffle_order(
    count: int, *, seed: int, step: int, device: torch.device | str = "cpu"
) -> Tensor:
    """Random order of the joint batch, the same on every rank.

    Args:
        count: B, summed over all ranks.
        seed: Number of the run.
        step: Index of the optimiser step.
        device: Device of the result; the order does not depend on it.

    Returns:
        (B,) int64.

    Example:
        >>> sorted(shuffle_order(4, seed=0, step=1).tolist())
        [0, 1, 2, 3]
    """
    key = Key.of(seed=seed, samples=torch.tensor([step], device=device))
    return key.permutation(count)[0]


def forward_in_groups(
    module: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    groups: int = 1,
    order: Tensor | None = None,
) -> Tensor:
    """Encode a batch in groups that share no BatchNorm statistics, in a shuffled order.

    A query and its key that are normalised in the same group leak that they belong together. MoCo
    shuffles the keys over devices, so that both are normalised with different images. In one
    process there are no devices to shuffle over; *split BatchNorm* has the same effect, and
    ``groups`` is the number of devices it imitates. Each part of B / groups images is normalised
    separately, and running statistics take ``groups`` small steps. With several processes the
    images are exchanged so that rank r encodes its share of the shuffled joint batch, split again
    by ``groups``; a module that synchronises its BatchNorm over ranks cancels this.

    Encode queries with ``order=None``: groups follow the order of the batch, with gradient. Keys
    need an ``order`` and are encoded without gradient.

    Args:
        module: Function from images (b, ...) to embeddings (b, D).
        images: (B, ...), images of this rank.
        groups: Number of parts per process.
        order: (B,) a permutation of the joint batch (:func:`shuffle_order`), or ``None``.

    Returns:
        (B, D), in the order of ``images``.

    Raises:
        InputError: A group would hold fewer than two images, or ``order`` has a wrong length.

    References:
        He et al., 2020, section 3.3 (shuffling BN), arXiv:1911.05722.

    Example:
        >>> x = torch.arange(4.0)[:, None]
        >>> forward_in_groups(nn.Identity(), x, groups=2, order=torch.tensor([2, 0, 3, 1])).T
        tensor([[0., 1., 2., 3.]])
    """
    if order is None:
        return _in_parts(module, images, groups)
    with torch.no_grad():
        joint = gather(images)
        if order.shape != joint.shape[:1]:
            raise InputError(
                f"order must have the shape ({len(joint)},), the batch of all ranks, but got "
                f"{tuple(order.shape)}; make it with shuffle_order({len(joint)}, ...)."
            )
        share = order.tensor_split(ranks())[rank()]
        mixed = gather(_in_parts(module, joint[share], groups))
        whole = torch.empty_like(mixed).index_copy_(0, order, mixed)
        if ranks() == 1:
            return whole
        sizes = gather(torch.tensor([len(images)], device=order.device)).tolist()
        start = sum(sizes[: rank()])
        return whole[start : start + len(images)]


def _in_parts(module: Callable[[Tensor], Tensor], images: Tensor, groups: int) -> Tensor:
    if groups < 1 or (groups > 1 and len(images) < 2 * groups):
        raise InputError(
            f"A BatchNorm group needs at least 2 images, but got {groups} groups of {len(images)} "
            f"images; use at most {max(len(images) // 2, 1)} groups."
        )
    if groups == 1:
        return module(images)
    return torch.cat([module(part) for part in images.tensor_split(groups)])
