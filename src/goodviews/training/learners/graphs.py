"""Learners that only graphs have: autoencoders of links, and nodes against a summary.

Letters: N nodes, E links, B anchors, F representation, D embedding.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from goodviews.core.distributed import mean
from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.encoders.graphs import Anchored, GraphEncoders
from goodviews.graphs import draw_non_links
from goodviews.objectives import normal_divergence, summarise, total
from goodviews.training.learners.base import Batch, Learner
from goodviews.training.objective import Objective

_MOST_LOG_STD = 10.0
"""Largest logarithm of a standard deviation, as in PyTorch Geometric."""


class LinkLearner(Learner):
    """GAE and VGAE: links of the whole graph, and as many pairs without, from a view of it.

    The score of a pair is the inner product of its embeddings. With a backbone that has a spread,
    embeddings are drawn, and the divergence from a standard normal distribution is added, divided
    by N (VGAE).

    Args:
        encoders: The encoders of a graph.
        objective: ``link_likelihood``.
    """

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`; the second view is not used."""
        view: Anchored = batch.v1
        whole, encoders = view.whole, self.encoders
        if view.graph.nodes != whole.nodes:
            raise InputError(
                "An autoencoder of links needs views that keep all nodes, such as drop_edges(0.2) "
                "or identity()."
            )
        assert isinstance(encoders, GraphEncoders)
        generator = torch.Generator().manual_seed(int(batch.words[0]) % 2**63)
        others = draw_non_links(whole, whole.edges.shape[1], generator=generator)
        divergence = None
        if encoders.backbone.spread:
            centre, log_std = encoders.backbone.moments(view.graph)
            log_std = log_std.clamp(max=_MOST_LOG_STD)
            divergence = mean(normal_divergence(centre, log_std)) / whole.nodes
            noise = torch.randn(centre.shape, generator=generator).to(centre)
            z = encoders.projectors[0](centre + noise * log_std.exp())
        else:
            z = encoders.embed(0, view.graph)
        self.record_embeddings(z, z)
        loss = total(self.objective(*(_scores(z, ends) for ends in (whole.edges, others))))
        return loss if divergence is None else loss + divergence


class SummaryLearner(Learner):
    """DGI: nodes of a view against those of the view with permuted features.

    Args:
        encoders: The encoders of a graph.
        objective: ``local_global``.
        seed: Random seed of the weights of the discriminator.
    """

    def __init__(self, encoders: GraphEncoders, objective: Objective, *, seed: int) -> None:
        super().__init__(encoders, objective)
        size = encoders.embedding
        self.weight = nn.Parameter(torch.empty(size, size))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            nn.init.uniform_(self.weight, -(size**-0.5), size**-0.5)

    def forward(self, batch: Batch) -> Tensor:
        """See :meth:`Learner.forward`; the second view is not used."""
        view: Anchored = batch.v1
        graph = view.graph
        order = Key(batch.words[:1]).permutation(graph.nodes)[0].to(graph.edges.device)
        corrupted = Anchored(replace(graph, features=graph.features[order]), view.rows)
        h, fake = self.encoders(view, corrupted)
        self.record_embeddings(h, h)
        return total(self.objective.loss(h, fake, summarise(h), weight=self.weight))


def _scores(z: Tensor, pairs: Tensor) -> Tensor:
    """Inner products (E,) of the ends of pairs (2, E)."""
    return (z[pairs[0]] * z[pairs[1]]).sum(dim=1)
