"""Base of every method: encoders, a loss of two views, and an update after each step.

Letters: B examples, D embedding, P patches.
"""

from typing import Any, NamedTuple

from torch import Tensor, nn

from goodviews.core.rng import Key
from goodviews.encoders import PairEncoder
from goodviews.objectives import across_ranks, total
from goodviews.training.memory import Momentum
from goodviews.training.objective import Objective


class Batch(NamedTuple):
    """Inputs of one training step.

    Attributes:
        v1: (B, C, H, W), first views; for graphs, :class:`goodviews.encoders.graphs.Anchored`.
        v2: (B, C', H', W'), second views; for graphs, the same.
        places: (B,) int64, index of each example among the pretraining images, from 0.
        words: (B,) int64, one word of randomness per example.
        step: Index of the optimiser step, from 0.
        labels: (B,) int64, for methods that learn from labels.
        jigsaw: (B, P, C, h, w), patches of a third view.

    Example:
        >>> import torch
        >>> v1, v2 = torch.rand(2, 4, 1, 8, 8)
        >>> batch = Batch(v1, v2, places=torch.arange(4), words=torch.arange(4), step=0)
        >>> batch.key.words.tolist(), batch.labels is None
        ([0, 1, 2, 3], True)
    """

    v1: Any
    v2: Any
    places: Tensor
    words: Tensor
    step: int
    labels: Tensor | None = None
    jigsaw: Tensor | None = None

    @property
    def key(self) -> Key:
        """Key for the randomness of the examples."""
        return Key(self.words)


class Learner(nn.Module):
    """A module with everything that is trained; its forward turns two views into a loss.

    Args:
        encoders: Backbone and projector of each view.
        objective: Loss of the method.

    Example:
        >>> import torch
        >>> from goodviews.encoders import build_pair
        >>> from goodviews.training.objective import build_objective
        >>> v1, v2 = torch.rand(2, 4, 1, 8, 8)
        >>> encoders = build_pair(
        ...     "convnet(width=4)", v1, v2, shared=True, head="linear(dim=5)", seed=0
        ... )

        >>> class Attract(Learner):
        ...     def forward(self, batch):
        ...         z1, z2 = self.encoders(batch.v1, batch.v2)
        ...         return (z1 - z2).square().mean()
        >>> learner = Attract(encoders, build_objective("infonce()"))
        >>> learner(Batch(v1, v1, torch.arange(4), torch.arange(4), step=0)).item() < 1e-6
        True
    """

    def __init__(self, encoders: PairEncoder, objective: Objective) -> None:
        super().__init__()
        self.encoders = encoders
        self.objective = objective
        self.average: Momentum | None = None
        self.seen: tuple[Tensor, Tensor] | None = None

    def forward(self, batch: Batch) -> Tensor:
        """Loss to minimise, a scalar averaged over the global batch."""
        raise NotImplementedError

    def before(self, batches: list[Batch]) -> None:
        """Prepare a step from all its parts, before the first forward pass."""

    def unscheduled(self) -> list[nn.Parameter]:
        """Parameters whose learning rate does not follow the schedule."""
        return []

    def gradients(self) -> None:
        """Change the gradients of a step, after the last backward pass."""

    def after(self) -> None:
        """Update targets and memories after an optimiser step."""

    def result(self) -> PairEncoder:
        """Encoders after training, with averaged weights if an average is used.

        Running statistics of batch-norm come from the trained encoders, because the average is
        never run on training images.
        """
        if self.average is None:
            return self.encoders
        made: PairEncoder = self.average.module  # type: ignore[assignment]
        for kept, own in zip(made.buffers(), self.encoders.buffers(), strict=True):
            kept.copy_(own)
        made.made_of = self.encoders.made_of
        return made

    def record_embeddings(self, z1: Tensor, z2: Tensor) -> None:
        """Store the embeddings of the last batch for the monitor."""
        self.seen = (z1.detach(), z2.detach())


class PairLearner(Learner):
    """Loss of two embeddings: SimCLR, DCL, SCL, VICReg, Barlow Twins, TCR, W-MSE.

    Example:
        >>> import torch
        >>> from goodviews.encoders import build_pair
        >>> from goodviews.training.objective import build_objective
        >>> v1, v2 = torch.rand(2, 4, 1, 8, 8)
        >>> encoders = build_pair(
        ...     "convnet(width=4)", v1, v2, shared=True, head="linear(dim=5)", seed=0
        ... )

        >>> learner = PairLearner(encoders, build_objective("infonce(temperature=0.1)"))
        >>> loss = learner(Batch(v1, v2, torch.arange(4), torch.arange(4), step=0))
        >>> loss.shape, loss.requires_grad
        (torch.Size([]), True)
    """

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`."""
        z1, z2 = self.encoders(batch.v1, batch.v2)
        self.record_embeddings(z1, z2)
        return total(across_ranks(self.objective.loss, z1, z2))
