"""Layers of graph networks; each gives the numbers of PyTorch Geometric's for equal weights.

All of them apply their weights before messages are summed, which is the same by linearity and
needs less where features are many. Weights of edges count in all but ``gat``.

Letters: N nodes, E messages, F inputs, D outputs, H attention heads.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.graphs import Graph
from goodviews.graphs.messages import FeatureLinear, received, with_loops

_SLOPE = 0.2
"""Negative slope of the attention scores of GAT."""


class GCNLayer(nn.Module):
    """Graph convolution: the symmetrically normalised sum over neighbours and the node itself.

    References:
        Kipf and Welling, 2017, eq. 2, arXiv:1609.02907.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = FeatureLinear(inputs, outputs, bias=False)
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.xavier_uniform_(self.linear.weight)

    def forward(self, x: Tensor, graph: Graph) -> Tensor:
        """Map (N, F) to (N, D)."""
        return received(self.linear(x), graph, "gcn") + self.bias


class SAGELayer(nn.Module):
    """GraphSAGE: one linear map of the mean of the neighbours, another of the node itself.

    References:
        Hamilton et al., 2017, arXiv:1706.02216, the mean aggregator.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.others = FeatureLinear(inputs, outputs, bias=False)
        self.own = FeatureLinear(inputs, outputs)

    def forward(self, x: Tensor, graph: Graph) -> Tensor:
        """Map (N, F) to (N, D)."""
        return received(self.others(x), graph, "mean") + self.own(x)


class GINLayer(nn.Module):
    """Graph isomorphism network: two linear layers of the sum of a node and its neighbours.

    References:
        Xu et al., 2019, eq. 4.1 with epsilon 0, arXiv:1810.00826.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = FeatureLinear(inputs, outputs, bias=False)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.last = nn.Linear(outputs, outputs)

    def forward(self, x: Tensor, graph: Graph) -> Tensor:
        """Map (N, F) to (N, D)."""
        x = self.linear(x)
        return self.last(F.relu(x + received(x, graph, "sum") + self.bias))


class GATLayer(nn.Module):
    """Graph attention: neighbours and the node itself weighted by learned scores.

    References:
        Veličković et al., 2018, eqs. 3 to 5, arXiv:1710.10903.
    """

    def __init__(self, inputs: int, outputs: int, *, heads: int = 4) -> None:
        super().__init__()
        self.linear = FeatureLinear(inputs, outputs, bias=False)
        self.sent = nn.Parameter(torch.empty(heads, outputs // heads))
        self.received = nn.Parameter(torch.empty(heads, outputs // heads))
        self.bias = nn.Parameter(torch.zeros(outputs))
        for weight in (self.linear.weight, self.sent, self.received):
            nn.init.xavier_uniform_(weight)

    def forward(self, x: Tensor, graph: Graph) -> Tensor:
        """Map (N, F) to (N, D), the heads one after the other."""
        source, target = graph.edge_index
        source, target, _ = with_loops(source, target, graph.edge_weights, graph.nodes)
        h_NHD = self.linear(x).unflatten(1, self.sent.shape)
        from_NH, to_NH = (h_NHD * self.sent).sum(2), (h_NHD * self.received).sum(2)
        score_EH = F.leaky_relu(from_NH[source] + to_NH[target], _SLOPE)
        place = target[:, None].expand_as(score_EH)
        most_NH = torch.full_like(from_NH, -torch.inf).scatter_reduce(0, place, score_EH, "amax")
        raised_EH = (score_EH - most_NH.detach()[target]).exp()
        total_NH = torch.zeros_like(from_NH).index_add(0, target, raised_EH)
        share_EH = raised_EH / total_NH[target]
        made = torch.zeros_like(h_NHD).index_add(0, target, share_EH[..., None] * h_NHD[source])
        return made.flatten(1) + self.bias


class NodeLayer(nn.Module):
    """A linear layer of each node by itself, without edges: the control of the others."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = FeatureLinear(inputs, outputs)

    def forward(self, x: Tensor, graph: Graph) -> Tensor:  # noqa: ARG002 - no edges on purpose
        """Map (N, F) to (N, D)."""
        return self.linear(x)
