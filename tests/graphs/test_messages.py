"""Messages of views that are being learned have gradients and the numbers of plain graphs."""

from dataclasses import replace

import pytest
import torch

from goodviews.graphs import make_graph
from goodviews.graphs.messages import FeatureLinear, message_matrix, received, scaled_columns

KINDS = ["sum", "mean", "gcn"]


def graph_of(*, directed: bool):
    rng = torch.Generator().manual_seed(0)
    edges = torch.randint(20, (2, 40), generator=rng)
    return make_graph(edges, torch.rand(20, 3, generator=rng), directed=directed)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_with_a_gradient_give_the_numbers_of_the_matrix_and_a_right_gradient(
    kind, directed
):
    graph, rng = graph_of(directed=directed), torch.Generator().manual_seed(1)
    weights = torch.rand(graph.edges.shape[1], generator=rng) + 0.5
    x = torch.rand(20, 2, generator=rng)
    plain = message_matrix(replace(graph, weights=weights), kind) @ x
    soft = weights.clone().requires_grad_()
    made = received(x, replace(graph, weights=soft), kind)
    torch.testing.assert_close(made, plain)
    made.square().sum().backward()
    up, down = weights.clone(), weights.clone()
    up[3], down[3] = up[3] + 1e-2, down[3] - 1e-2
    ends = [received(x, replace(graph, weights=one), kind).square().sum() for one in (up, down)]
    assert float(soft.grad[3]) == pytest.approx(float(ends[0] - ends[1]) / 2e-2, rel=2e-2)


@pytest.mark.parametrize("kind", KINDS)
def test_an_edge_of_weight_0_is_no_edge(kind):
    graph = graph_of(directed=False)
    keep = torch.arange(graph.edges.shape[1]) % 2 == 0
    keep[graph.edges[0] == 0] = keep[graph.edges[1] == 0] = False  # a node loses all its edges
    x = torch.rand(20, 2, generator=torch.Generator().manual_seed(2))
    soft = replace(graph, weights=keep.float().requires_grad_())
    hard = replace(graph, edges=graph.edges[:, keep])
    torch.testing.assert_close(received(x, soft, kind), received(x, hard, kind))


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_scaled_columns_have_the_numbers_and_gradients_of_dense_features(share):
    rng = torch.Generator().manual_seed(0)
    words = (torch.rand(50, 40, generator=rng) < share).float()
    layer, found = FeatureLinear(40, 4), []
    for fast in (True, False):
        columns = torch.linspace(0, 1, 40).requires_grad_()
        layer.zero_grad()
        made = layer(scaled_columns(words, columns) if fast else words * columns)
        made.square().sum().backward()
        found.append([made, columns.grad, layer.weight.grad.clone()])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
