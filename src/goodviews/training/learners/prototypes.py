"""Swapped assignments to prototypes: SwAV (Caron et al., 2020)."""

import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.encoders import PairEncoder
from goodviews.objectives import across_ranks, total
from goodviews.training.learners.base import Batch, Learner
from goodviews.training.objective import Objective


class PrototypeLearner(Learner):
    """Learner in which each view predicts the prototypes assigned to the other view.

    Args:
        encoders: Backbone and projector.
        objective: ``swav``.
        count: Number of prototypes.
        embedding: D, the size of embeddings.
    """

    def __init__(
        self, encoders: PairEncoder, objective: Objective, *, count: int, embedding: int
    ) -> None:
        super().__init__(encoders, objective)
        self.prototypes = nn.Linear(embedding, count, bias=False)

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`."""
        z1, z2 = self.encoders(batch.v1, batch.v2)
        self.record_embeddings(z1, z2)
        weights = F.normalize(self.prototypes.weight, dim=1)
        return total(across_ranks(self.objective.loss, z1, z2, weights))
