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
    """A batch of graphs, concatenated into one disconnected graph, as plain tensors.

    Attributes:
        edge_index: (2, E) int64, both directions of every edge, without loops, sorted.
        features: (B n, K) float32, one-hot symbol of each node.
        community: (B n,) int64, community of each node: the label.
        degree: (B n,) int64, degree class of each node.
        graph: (B n,) int64, index of the graph that each node belongs to.
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
    :math:`\theta` of the degree classes are evenly spaced from 1/2 to 3/2. A node's feature is
    a symbol: its community with probability ``fidelity``, otherwise another community, each
    equally likely.

    Attributes:
        nodes: Number of nodes n of each graph.
        communities: Number of communities K, drawn uniformly.
        degrees: Number of degree classes D, drawn uniformly and independently of the
            communities; 1 removes this nuisance.
        within: Edge probability p within a community.
        between: Edge probability q between two communities.
        fidelity: Probability that a node's symbol is its community.

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
                f"Blocks needs nodes >= 2, communities >= 2 and degrees >= 1, but got "
                f"nodes={self.nodes}, communities={self.communities} and degrees={self.degrees}."
            )
        top = float(self.weights.max()) ** 2
        for name in ("within", "between", "fidelity"):
            value = getattr(self, name)
            most = 1.0 if name == "fidelity" else 1 / top
            if not 0 <= value <= most:
                raise InputError(
                    f"Blocks needs {name} between 0 and {most:.2f}, so that every probability "
                    f"is within [0, 1], but got {name}={value}."
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
        """Exact information I(symbol; community) of one node, in nats."""
        wrong = (1 - self.fidelity) / (self.communities - 1)
        joint = torch.full((self.communities, self.communities), wrong, dtype=torch.float64)
        joint.fill_diagonal_(self.fidelity)
        return float(mutual_information(joint / self.communities))

    @property
    def weights(self) -> Tensor:
        """Weight theta of each degree class, (D,)."""
        if self.degrees == 1:
            return torch.ones(1)
        return torch.linspace(0.5, 1.5, self.degrees)

    def sample(self, samples: Tensor, *, seed: int) -> BlockGraphs:
        """Draw graphs; the same sample and seed give the same graph in any batch.

        Args:
            samples: (B,) integers, indices of the graphs.
            seed: Random seed of the world.
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
    """Map uniform numbers on [0, 1) to integers below ``size``."""
    return (uniform.double() * size).long()
