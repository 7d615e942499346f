"""Stochastic block graphs: a node's community is its label, its degree a nuisance.

Letters: B graphs, n nodes of each, E directed edges, K communities, D degree classes.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.information.discrete import mutual_information


@dataclass(frozen=True)
class BlockGraphs:
    """A batch of graphs side by side, as plain tensors.

    Attributes:
        edge_index: (2, E) int64, both directions of every edge, no loops; ordered.
        features: (B n, K) float32, one-hot symbol of each node.
        community: (B n,) int64, the label.
        degree: (B n,) int64, the degree class.
        graph: (B n,) int64, which graph of the batch a node belongs to.
    """

    edge_index: Tensor
    features: Tensor
    community: Tensor
    degree: Tensor
    graph: Tensor


@dataclass(frozen=True)
class Blocks:
    r"""Degree-corrected stochastic block model.

    Nodes i and j of a graph are joined with probability
    :math:`\theta_{d_i} \theta_{d_j}\, p` within a community and
    :math:`\theta_{d_i} \theta_{d_j}\, q` between two, where the weights
    :math:`\theta` of the degree classes run evenly from 1/2 to 3/2. A node's feature is a
    symbol: its community with probability ``fidelity``, else any other one.

    Attributes:
        nodes: n.
        communities: K, uniform.
        degrees: D, uniform and independent of the communities; 1 leaves the nuisance out.
        within: p.
        between: q.
        fidelity: Probability that a symbol is the community's own.

    References:
        Holland et al., 1983; Karrer and Newman, 2011, arXiv:1008.3926.

    Example:
        >>> graphs = Blocks(nodes=20).sample(torch.arange(2), seed=0)
        >>> graphs.features.shape, bool((graphs.edge_index[0] != graphs.edge_index[1]).all())
        (torch.Size([40, 2]), True)
    """

    nodes: int = 64
    communities: int = 2
    degrees: int = 3
    within: float = 0.3
    between: float = 0.05
    fidelity: float = 0.7

    def __post_init__(self) -> None:
        if self.nodes < 2 or self.communities < 2 or self.degrees < 1:
            raise InputError(
                f"Blocks has {self.nodes} nodes, {self.communities} communities and "
                f"{self.degrees} degree classes, but at least 2, 2 and 1 are wanted."
            )
        top = float(self.weights.max()) ** 2
        for name in ("within", "between", "fidelity"):
            value = getattr(self, name)
            most = 1.0 if name == "fidelity" else 1 / top
            if not 0 <= value <= most:
                raise InputError(
                    f"Blocks has {name}={value}, but 0 to {most:.2f} is wanted, so that every "
                    f"probability stays within 0 and 1."
                )

    @property
    def factors(self) -> dict[str, int]:
        """Factors of a node and their numbers of values."""
        return {"community": self.communities, "degree": self.degrees}

    @property
    def label_nats(self) -> float:
        """Entropy of a node's community: log K."""
        return math.log(self.communities)

    @property
    def feature_nats(self) -> float:
        """I(symbol; community) of one node, nats, exact."""
        wrong = (1 - self.fidelity) / (self.communities - 1)
        joint = torch.full((self.communities, self.communities), wrong, dtype=torch.float64)
        joint.fill_diagonal_(self.fidelity)
        return float(mutual_information(joint / self.communities))

    @property
    def weights(self) -> Tensor:
        """(D,) how readily a node of each degree class is joined."""
        if self.degrees == 1:
            return torch.ones(1)
        return torch.linspace(0.5, 1.5, self.degrees)

    def sample(self, samples: Tensor, *, seed: int) -> BlockGraphs:
        """Draw graphs; the same sample and seed give the same graph in any batch.

        Args:
            samples: (B,) integers, which graphs.
            seed: Number of the world.
        """
        key, n = Key.of(seed=seed, samples=samples), self.nodes
        community_Bn = _whole(key.fold(0).uniform(n), self.communities)
        degree_Bn = _whole(key.fold(1).uniform(n), self.degrees)
        right_Bn = key.fold(2).uniform(n) < self.fidelity
        move_Bn = 1 + _whole(key.fold(3).uniform(n), self.communities - 1)
        symbol_Bn = torch.where(right_Bn, community_Bn, community_Bn + move_Bn) % self.communities
        weight_Bn = self.weights.to(samples.device)[degree_Bn]
        row, column = torch.triu_indices(n, n, offset=1, device=samples.device)
        alike = community_Bn[:, row] == community_Bn[:, column]
        chance = torch.where(alike, self.within, self.between)
        chance = chance * weight_Bn[:, row] * weight_Bn[:, column]
        graph, pair = (key.fold(4).uniform(len(row)) < chance).nonzero(as_tuple=True)
        one = torch.stack([graph * n + row[pair], graph * n + column[pair]])
        edges = torch.cat([one, one.flip(0)], dim=1)
        order = (edges[0] * (len(samples) * n) + edges[1]).argsort()
        return BlockGraphs(
            edge_index=edges[:, order],
            features=torch.nn.functional.one_hot(symbol_Bn.flatten(), self.communities).float(),
            community=community_Bn.flatten(),
            degree=degree_Bn.flatten(),
            graph=torch.arange(len(samples), device=samples.device).repeat_interleave(n),
        )


def _whole(uniform: Tensor, size: int) -> Tensor:
    """Uniform numbers on [0, 1) to whole ones below ``size``."""
    return (uniform.double() * size).long()
