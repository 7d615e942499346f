"""What every method is made of: encoders, a loss of two views, and what follows a step.

Letters: B examples, D embedding, P patches.
"""

from typing import NamedTuple

from torch import Tensor, nn

from goodviews.core.rng import Key
from goodviews.encoders import PairEncoder
from goodviews.objectives import across_ranks, total
from goodviews.training.memory import Momentum
from goodviews.training.objective import Objective


class Batch(NamedTuple):
    """What one step sees of its examples.

    Attributes:
        v1: (B, C, H, W), first views.
        v2: (B, C', H', W'), second views.
        places: (B,) int64, which of the pretraining images they are, from 0.
        words: (B,) int64, one word of randomness per example.
        step: Number of the optimiser step, from 0.
        labels: (B,) int64, where the method learns from labels.
        jigsaw: (B, P, C, h, w), patches of a third view.
    """

    v1: Tensor
    v2: Tensor
    places: Tensor
    words: Tensor
    step: int
    labels: Tensor | None = None
    jigsaw: Tensor | None = None

    @property
    def key(self) -> Key:
        """Randomness of this batch's examples."""
        return Key(self.words)


class Learner(nn.Module):
    """Everything that is trained, and how two views become a loss.

    Args:
        encoders: Backbone and projector of each view.
        objective: The loss.
    """

    def __init__(self, encoders: PairEncoder, objective: Objective) -> None:
        super().__init__()
        self.encoders = encoders
        self.objective = objective
        self.average: Momentum | None = None
        self.seen: tuple[Tensor, Tensor] | None = None

    def forward(self, batch: Batch) -> Tensor:
        """The scalar that a step goes down on, of the batch of all processes."""
        raise NotImplementedError

    def before(self, batches: list[Batch]) -> None:
        """What a step needs to know of all its parts, before the first goes forward."""

    def after(self) -> None:
        """What follows an optimiser step: targets move, memories take in keys."""

    def result(self) -> PairEncoder:
        """The encoders to keep: the average of their weights where there is one.

        Running statistics of batch-norm are the encoders' own, for the average never sees
        an image in training.
        """
        if self.average is None:
            return self.encoders
        made: PairEncoder = self.average.module  # type: ignore[assignment]
        for kept, own in zip(made.buffers(), self.encoders.buffers(), strict=True):
            kept.copy_(own)
        made.made_of = self.encoders.made_of
        return made

    def saw(self, z1: Tensor, z2: Tensor) -> None:
        """Keep the embeddings of the last batch for the monitor."""
        self.seen = (z1.detach(), z2.detach())


class PairLearner(Learner):
    """Two embeddings in, a loss out: SimCLR, DCL, SCL, VICReg, Barlow Twins, TCR, W-MSE."""

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`."""
        z1, z2 = self.encoders(batch.v1, batch.v2)
        self.saw(z1, z2)
        return total(across_ranks(self.objective.loss, z1, z2))
