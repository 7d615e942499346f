"""Swapped assignments to prototypes: SwAV (Caron et al., 2020).

Letters: B examples, D embedding, P prototypes.
"""

from typing import cast

import torch
from torch import Tensor, nn

from goodviews.encoders import PairEncoder, Prototypes
from goodviews.objectives import across_ranks, total
from goodviews.training.learners.base import Batch, Learner
from goodviews.training.memory import Queue
from goodviews.training.objective import Objective


class PrototypeLearner(Learner):
    """Learner in which each view predicts the prototypes assigned to the other view.

    As in the code of the paper, prototypes are normalised in place before each step, have no
    gradient in the first steps, and the loss is the mean of both directions. For small batches,
    the embeddings of past batches are assigned together with those of the batch, as soon as the
    queue of each view is full of them.

    Args:
        encoders: Backbone and projector.
        objective: ``swav``.
        count: P, the number of prototypes.
        frozen: Number of steps at the start in which the prototypes stay as drawn.
        queues: One queue of past embeddings for each view, or none.
        start: Step from which embeddings are pushed to the queues.
    """

    def __init__(
        self,
        encoders: PairEncoder,
        objective: Objective,
        *,
        count: int,
        frozen: int = 0,
        queues: list[Queue] | None = None,
        start: int = 0,
    ) -> None:
        super().__init__(encoders, objective)
        self.prototypes = Prototypes(encoders.embedding, count=count)
        self.queues = nn.ModuleList(queues or [])
        self.frozen, self.start = frozen, start
        self.waiting: list[tuple[Tensor, Tensor]] = []
        self.step = 0
        self._full = False

    def before(self, batches: list[Batch]) -> None:
        """Normalise the prototypes."""
        self.step = batches[0].step
        self.prototypes.renormalise()

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`."""
        z1, z2 = self.encoders(batch.v1, batch.v2)
        self.record_embeddings(z1, z2)
        self.waiting.append((z1.detach(), z2.detach()))
        losses = across_ranks(
            self.objective.loss,
            *(z1, z2, self.prototypes.vectors),
            stored=self._stored(),
            unit=True,
        )
        return total(losses) / 2

    def gradients(self) -> None:
        """Take the gradient of the prototypes away while they are frozen."""
        if self.step < self.frozen:
            self.prototypes.vectors.grad = None

    def after(self) -> None:
        """Push the embeddings of the step to the queues."""
        if self.step >= self.start:
            for queue, parts in zip(self._queues(), zip(*self.waiting, strict=True), strict=False):
                queue.push(torch.cat(parts))
        self.waiting.clear()

    def _queues(self) -> list[Queue]:
        return cast(list[Queue], list(self.queues))

    def _stored(self) -> tuple[Tensor, Tensor] | None:
        """Keys of both queues, once these are full."""
        queues = self._queues()
        if queues and not self._full:  # asked only until then, because it waits for the device
            self._full = queues[0].filled == len(queues[0].keys)
        return (queues[0].keys, queues[1].keys) if self._full else None
