"""Learning from labels: SupCon, classification, and fine-tuning of encoders."""

from typing import Self

import torch
from torch import Tensor

from goodviews.core.distributed import mean
from goodviews.core.errors import InputError
from goodviews.encoders import PairEncoder
from goodviews.objectives import across_ranks, total
from goodviews.training.learners.base import Batch, Learner
from goodviews.training.objective import Objective


def _labels(batch: Batch) -> Tensor:
    if batch.labels is None:
        raise InputError(
            "This method learns from labels, but the data have none; pass labels with --labels."
        )
    return batch.labels


class SupConLearner(Learner):
    """Learner whose positives are all images of the same class (Khosla et al., 2020)."""

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`."""
        labels = _labels(batch)
        z1, z2 = self.encoders(batch.v1, batch.v2)
        self.record_embeddings(z1, z2)
        return total(across_ranks(self.objective.loss, z1, z2, labels))


class ClassLearner(Learner):
    """Supervised training: the outputs of the projector are the logits of the classes."""

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`; both views are classified."""
        labels = _labels(batch)
        z1, z2 = self.encoders(batch.v1, batch.v2)
        self.record_embeddings(z1, z2)
        return mean(self.objective(torch.cat([z1, z2]), labels.repeat(2)))


class TunedLearner(Learner):
    """Fine-tuning of a pretrained encoder by classification of one view.

    Args:
        encoders: One backbone, and a projector whose outputs are the logits of the classes.
        objective: ``cross_entropy``.
        frozen: Whether the backbone and its running statistics are not changed.

    Example:
        >>> from goodviews.encoders import build_pair
        >>> from goodviews.training.objective import build_objective
        >>> images, labels = torch.rand(4, 1, 8, 8), torch.tensor([0, 1, 2, 0])
        >>> encoders = build_pair(
        ...     "convnet(width=4)", images, images, shared=True, head="linear(dim=3)", seed=0
        ... )
        >>> learner = TunedLearner(encoders, build_objective("cross_entropy()"), frozen=True)
        >>> batch = Batch(images, images, torch.arange(4), torch.arange(4), step=0, labels=labels)
        >>> learner(batch).shape, any(p.requires_grad for p in encoders.backbones.parameters())
        (torch.Size([]), False)
    """

    def __init__(
        self, encoders: PairEncoder, objective: Objective, *, frozen: bool = False
    ) -> None:
        super().__init__(encoders, objective)
        self.frozen = frozen
        if frozen:
            encoders.backbones.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Same as in torch, but a frozen backbone stays in evaluation mode."""
        super().train(mode)
        if self.frozen:
            self.encoders.backbones.eval()
        return self

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`."""
        labels = _labels(batch)
        return mean(self.objective(self.encoders.embed(0, batch.v1), labels))
