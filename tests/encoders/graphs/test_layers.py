"""Layers of graph networks against dense matrices and against PyTorch Geometric."""

import pytest
import torch

from goodviews.encoders.graphs.layers import GATLayer, GCNLayer, GINLayer, NodeLayer, SAGELayer
from goodviews.graphs import make_graph, messages
from goodviews.graphs.messages import FeatureLinear, message_matrix


@pytest.fixture(params=["undirected", "directed", "weighted"])
def graph(request):
    rng = torch.Generator().manual_seed(0)
    edges = torch.randint(9, (2, 30), generator=rng)
    weights = torch.rand(30, generator=rng) + 0.1 if request.param == "weighted" else None
    if weights is not None:  # one weight for a pair, whichever way it is written
        edges = torch.stack([edges.amin(0), edges.amax(0)]).unique(dim=1)
        weights = weights[: edges.shape[1]]
    features = torch.rand(10, 6, generator=rng)  # node 9 is isolated
    return make_graph(edges, features, directed=request.param == "directed", weights=weights)


def dense(graph):
    """Row i: the weights of the messages that node i receives."""
    matrix = torch.zeros(graph.nodes, graph.nodes)
    for (source, target), weight in zip(graph.edge_index.T, graph.edge_weights, strict=True):
        matrix[target, source] += weight
    return matrix


def test_gcn_is_the_symmetrically_normalised_product(graph):
    layer = GCNLayer(6, 4)
    torch.nn.init.normal_(layer.bias)
    matrix = dense(graph) + torch.eye(graph.nodes)
    root = matrix.sum(1).rsqrt()
    wanted = root[:, None] * matrix * root @ graph.features @ layer.linear.weight.T + layer.bias
    torch.testing.assert_close(layer(graph.features, graph), wanted)


def test_sage_is_the_mean_of_the_neighbours_and_the_node(graph):
    layer = SAGELayer(6, 4)
    matrix = dense(graph)
    mean = matrix @ graph.features / matrix.sum(1, keepdim=True).clamp(min=1e-9)
    wanted = mean @ layer.others.weight.T + layer.own(graph.features)
    torch.testing.assert_close(layer(graph.features, graph), wanted)


def test_gin_is_two_layers_of_the_sum(graph):
    layer = GINLayer(6, 4)
    torch.nn.init.normal_(layer.bias)
    total = graph.features + dense(graph) @ graph.features
    wanted = layer.last((total @ layer.linear.weight.T + layer.bias).relu())
    torch.testing.assert_close(layer(graph.features, graph), wanted)


def test_gat_is_a_softmax_over_neighbours_and_the_node(graph):
    layer = GATLayer(6, 4, heads=2)
    there = (dense(graph) > 0) | torch.eye(graph.nodes, dtype=torch.bool)
    h = (graph.features @ layer.linear.weight.T).reshape(graph.nodes, 2, 2)
    heads = []
    for head in range(2):
        score = (h[:, head] @ layer.received[head])[:, None] + h[:, head] @ layer.sent[head]
        score = torch.nn.functional.leaky_relu(score, 0.2).masked_fill(~there, -torch.inf)
        heads.append(score.softmax(1) @ h[:, head])
    torch.testing.assert_close(layer(graph.features, graph), torch.cat(heads, 1) + layer.bias)


def test_the_control_does_not_see_the_edges(graph):
    layer, alone = NodeLayer(6, 4), make_graph(torch.zeros(2, 0).long(), graph.features)
    assert torch.equal(layer(graph.features, graph), layer(graph.features, alone))


@pytest.mark.parametrize("name", ["GCNConv", "SAGEConv", "GINConv", "GATConv"])
def test_equal_weights_give_the_numbers_of_pytorch_geometric(name, graph):
    gnn = pytest.importorskip("torch_geometric.nn", reason="needs the extra graphs")
    if name in ("SAGEConv", "GINConv", "GATConv") and graph.weights is not None:
        pytest.skip("theirs does not use weights of edges")
    if name == "GCNConv":
        ours, theirs = GCNLayer(6, 4), gnn.GCNConv(6, 4)
        theirs.lin.weight, theirs.bias = ours.linear.weight, ours.bias
    elif name == "SAGEConv":
        ours, theirs = SAGELayer(6, 4), gnn.SAGEConv(6, 4)
        theirs.lin_l.weight, theirs.lin_r.weight = ours.others.weight, ours.own.weight
        theirs.lin_l.bias = ours.own.bias
    elif name == "GINConv":
        ours = GINLayer(6, 4)
        first = torch.nn.Linear(6, 4)
        first.weight, first.bias = ours.linear.weight, ours.bias
        theirs = gnn.GINConv(torch.nn.Sequential(first, torch.nn.ReLU(), ours.last))
    else:
        ours, theirs = GATLayer(6, 4, heads=2), gnn.GATConv(6, 2, heads=2)
        theirs.lin.weight, theirs.bias = ours.linear.weight, ours.bias
        theirs.att_src = torch.nn.Parameter(ours.sent[None].detach())
        theirs.att_dst = torch.nn.Parameter(ours.received[None].detach())
    more = (graph.edge_weights,) if name == "GCNConv" else ()
    made = theirs(graph.features, graph.edge_index, *more)
    torch.testing.assert_close(ours(graph.features, graph), made)


@pytest.mark.parametrize("layer", [GCNLayer, SAGELayer, GINLayer, GATLayer])
def test_sparse_features_give_the_numbers_and_gradients_of_dense_ones(layer):
    rng = torch.Generator().manual_seed(0)
    words = (torch.rand(40, 200, generator=rng) < 0.02).float()
    graph = make_graph(torch.randint(40, (2, 60), generator=rng), words)
    net = layer(200, 4)
    found = []
    for features in (words, words.clone().requires_grad_()):  # the second takes the dense path
        net.zero_grad()
        out = net(features, graph)
        out.square().sum().backward()
        found.append([out, *(p.grad.clone() for p in net.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def test_the_matrix_is_made_once_for_a_graph():
    graph = make_graph([[0, 1], [1, 2]], torch.ones(3, 1))
    assert message_matrix(graph, "mean") is message_matrix(graph, "mean")
    assert message_matrix(graph, "mean") is not message_matrix(graph, "sum")


def test_sparse_features_are_taken_as_such():
    layer = FeatureLinear(100, 2)
    made = layer(torch.eye(100))
    assert type(made.grad_fn.next_functions[0][0]).__name__ != "AddmmBackward0"
    torch.testing.assert_close(made, layer.weight.T + layer.bias)


def test_compressed_features_are_made_once_and_go_with_their_tensor():
    words = torch.eye(100)
    rows = messages._compressed(words)
    assert messages._compressed(words) is rows
    before = len(messages._ROWS)
    del words, rows
    assert len(messages._ROWS) == before - 1
    assert messages._compressed(torch.ones(3, 3)) is None
