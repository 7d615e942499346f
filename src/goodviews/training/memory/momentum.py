"""The momentum encoder: a slow copy that makes the keys, and BatchNorm that does not tell.

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

    Parameters are averaged. Buffers are the copy's own: it stays in train mode, so its
    BatchNorm normalises with the statistics of its own batches and keeps its own running
    ones. Its forward builds no graph.

    Args:
        module: The fast encoder; it is copied, not kept.
        momentum: alpha, the share of the old weights kept per step, in [0, 1].
        total: Steps over which alpha rises to 1 as a cosine (BYOL); ``None`` keeps it.

    Raises:
        InputError: The momentum is not in [0, 1], or ``total`` not above zero.

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
            raise InputError(f"Momentum is {momentum}, but a share in [0, 1] is wanted.")
        if total is not None and total < 1:
            raise InputError(f"Momentum anneals over total={total} steps; give at least 1.")
        self.momentum, self.total = momentum, total
        self.module = copy.deepcopy(module).requires_grad_(False).train()
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self._taken = 0

    @property
    def alpha(self) -> float:
        """The share of the old weights that the next update keeps."""
        if self.total is None:
            return self.momentum
        part = min(self._taken / self.total, 1.0)
        return 1 - (1 - self.momentum) * (math.cos(math.pi * part) + 1) / 2

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """One step towards the fast encoder, after the optimiser's.

        Args:
            module: The module that was copied, or a wrapper of it with the same parameters.

        Raises:
            InputError: Its parameters are not those of the copy.
        """
        slow: list[Tensor] = list(self.module.parameters())
        fast: list[Tensor] = list(module.parameters())
        if [p.shape for p in slow] != [p.shape for p in fast]:
            raise InputError(
                f"The module has {len(fast)} parameters of other shapes than the {len(slow)} of "
                f"its momentum copy; pass the module that Momentum was made from."
            )
        if slow:
            torch._foreach_lerp_(slow, fast, 1 - self.alpha)
        self._taken += 1
        self.steps.fill_(self._taken)

    @torch.no_grad()
    def forward(self, *inputs: Tensor) -> Any:
        """What the slow encoder makes of the inputs (B, ...), without gradient."""
        return self.module(*inputs)

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        super()._load_from_state_dict(state, prefix, *rest)
        self._taken = int(self.steps)


def shuffle_order(
    count: int, *, seed: int, step: int, device: torch.device | str = "cpu"
) -> Tensor:
    """A random order of the joint batch, the same on every rank.

    Args:
        count: B, over all ranks.
        seed: Number of the run.
        step: Number of the optimiser step.
        device: Where the order is made; it does not change it.

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

    A query and its key that are normalised together leak which belong together. MoCo
    shuffles the keys over devices, so that the two go with different companions. In one
    process nothing moves between devices and a shuffle of the whole batch changes nothing;
    the same holds by *split BatchNorm*: ``groups`` plays the number of devices. Each part of
    B / groups images is normalised by itself, and running statistics take ``groups`` small
    steps. Over several processes the images are exchanged so that rank r encodes its share
    of the shuffled joint batch, split once more by ``groups``; a module that synchronises
    its BatchNorm over ranks undoes this.

    Encode queries with ``order=None``: groups as they lie, gradient allowed. Keys take an
    ``order``, and are encoded without gradient.

    Args:
        module: Images (b, ...) to embeddings (b, D).
        images: (B, ...), this rank's.
        groups: Parts per process.
        order: (B,) a permutation of the joint batch (:func:`shuffle_order`), or ``None``.

    Returns:
        (B, D), in the order of ``images``.

    Raises:
        InputError: A group would hold fewer than two images, or ``order`` does not fit.

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
                f"order has shape {tuple(order.shape)}, but the batch of all ranks has "
                f"{len(joint)} images; make it with shuffle_order({len(joint)}, ...)."
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
            f"{groups} BatchNorm groups of {len(images)} images leave fewer than 2 in one; "
            f"take at most {max(len(images) // 2, 1)}."
        )
    if groups == 1:
        return module(images)
    return torch.cat([module(part) for part in images.tensor_split(groups)])
