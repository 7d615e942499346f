"""Prediction of lower patches from upper patches: CPC on an overlapping grid.

Letters: B examples, R rows and S columns of the grid, F representation, D embedding.
"""

import torch
from torch import Tensor, nn

from goodviews.core.distributed import mean
from goodviews.core.errors import InputError
from goodviews.encoders import PairEncoder
from goodviews.objectives import infonce
from goodviews.training.learners.base import Batch, Learner
from goodviews.training.objective import Objective


class ContextLearner(Learner):
    """Learner that reads each column of patches downwards and predicts the rows below.

    One backbone encodes every patch, a recurrent unit reads a column from the top, and one linear
    map per distance predicts the embedding of the patch that many rows below. The other patches
    of the batch at the same distance are the negatives (van den Oord et al., 2018, section 3.3; a
    GRU replaces the masked convolution of the paper).

    Args:
        encoders: A single encoder for both views.
        objective: ``cpc``, with a ``temperature``.
        rows: R.
        steps: Largest distance, in rows.
    """

    def __init__(
        self,
        encoders: PairEncoder,
        objective: Objective,
        *,
        rows: int,
        steps: int = 3,
    ) -> None:
        super().__init__(encoders, objective)
        if rows < 2:
            raise InputError(f"CPC needs at least two rows of patches, but the grid has {rows}.")
        self.rows = rows
        self.steps = min(steps, rows - 1)
        features, embedding = encoders.features, encoders.embedding
        self.reader = nn.GRU(features, features, batch_first=True)
        self.predict = nn.ModuleList(nn.Linear(features, embedding) for _ in range(self.steps))

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`; the first view holds the patches (B, R S, C, h, w)."""
        examples, patches = batch.v1.shape[:2]
        columns = patches // self.rows
        codes = self.encoders.backbones[0](batch.v1.flatten(0, 1))
        embedded = self.encoders.projectors[0](codes)

        def by_column(flat: Tensor) -> Tensor:
            grid = flat.reshape(examples, self.rows, columns, -1).transpose(1, 2)
            return grid.reshape(examples * columns, self.rows, -1)

        codes_NRF, embedded_NRD = by_column(codes), by_column(embedded)
        read_NRF, _ = self.reader(codes_NRF)
        losses = []
        for below, linear in enumerate(self.predict, start=1):
            guess = linear(read_NRF[:, :-below]).flatten(0, 1)
            truth = embedded_NRD[:, below:].flatten(0, 1)
            losses.append(mean(infonce(guess, truth, **self.objective.options)))
        self.record_embeddings(embedded_NRD[:, 0], embedded_NRD[:, 1])
        return torch.stack(losses).mean()
