"""Prediction of the target of the other view: BYOL (slow encoder) and SimSiam (same encoder)."""

import torch
from torch import Tensor, nn

from goodviews.core.distributed import mean
from goodviews.encoders import PairEncoder
from goodviews.training.learners.base import Batch, Learner
from goodviews.training.memory import Momentum
from goodviews.training.objective import Objective


class BootstrapLearner(Learner):
    """A predictor on top of the projector regresses onto a target without gradient.

    Args:
        encoders: The online encoders.
        objective: ``byol`` or ``simsiam``.
        predictor: Module from D to D.
        target: Slow copy of the encoders; without it the encoders are their own target.
        constant: Whether the learning rate of the predictor does not follow the schedule.
    """

    def __init__(
        self,
        encoders: PairEncoder,
        objective: Objective,
        *,
        predictor: nn.Module,
        target: Momentum | None,
        constant: bool = False,
    ) -> None:
        super().__init__(encoders, objective)
        self.predictor = predictor
        self.target = target
        self.constant = constant

    def unscheduled(self) -> list[nn.Parameter]:
        """The predictor, if its rate is constant."""
        return list(self.predictor.parameters()) if self.constant else []

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`."""
        z1, z2 = self.encoders(batch.v1, batch.v2)
        self.record_embeddings(z1, z2)
        p1, p2 = self.predictor(torch.cat([z1, z2])).chunk(2)
        with torch.no_grad():
            slow = self.target.module if self.target else None
            t1, t2 = slow(batch.v1, batch.v2) if slow else (z1.detach(), z2.detach())
        return mean(self.objective(p1, p2, t1, t2))

    def after(self) -> None:
        """Move the target towards the online encoders."""
        if self.target:
            self.target.update(self.encoders)
