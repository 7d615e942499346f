"""Learning from labels: SupCon, and classification itself."""

import torch
from torch import Tensor

from goodviews.core.checks import InputError
from goodviews.core.distributed import mean
from goodviews.objectives import across_ranks, total
from goodviews.training.learners.base import Batch, Learner

__all__ = ["ClassLearner", "SupConLearner"]


def _labels(batch: Batch) -> Tensor:
    if batch.labels is None:
        raise InputError("This method learns from labels, but the data have none; name --labels.")
    return batch.labels


class SupConLearner(Learner):
    """Positives are all images of the class (Khosla et al., 2020)."""

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`."""
        labels = _labels(batch)
        z1, z2 = self.encoders(batch.v1, batch.v2)
        self.saw(z1, z2)
        return total(across_ranks(self.objective.loss, z1, z2, labels))


class ClassLearner(Learner):
    """The projector's outputs are the classes' logits: plain supervised training."""

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`; both views are classified."""
        labels = _labels(batch)
        z1, z2 = self.encoders(batch.v1, batch.v2)
        self.saw(z1, z2)
        return mean(self.objective(torch.cat([z1, z2]), labels.repeat(2)))
