"""Backbones and encoders of graphs: laws, pooling, specs."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.encoders.graphs import Anchored, build_graph_backbone, build_graph_encoders
from goodviews.encoders.graphs.backbones import GRAPH_BACKBONES
from goodviews.graphs import batch_graphs, make_graph, part_of


def ring(nodes, seed=0):
    rng = torch.Generator().manual_seed(seed)
    ends = torch.arange(nodes)
    features = torch.rand(nodes, 5, generator=rng)
    return make_graph(torch.stack([ends, ends.roll(1)]), features)


@pytest.mark.parametrize("name", GRAPH_BACKBONES)
def test_a_new_order_of_the_nodes_gives_the_outputs_in_that_order(name):
    graph, order = ring(8), torch.randperm(8, generator=torch.Generator().manual_seed(1))
    place = order.argsort()
    other = make_graph(place[graph.edges], graph.features[order])
    net = build_graph_backbone(f"{name}(width=8, layers=2)", inputs=5)
    torch.testing.assert_close(net(other), net(graph)[order])


@pytest.mark.parametrize("name", GRAPH_BACKBONES)
def test_a_node_sees_as_far_as_there_are_layers(name):
    graph = make_graph([[0, 1, 2, 3], [1, 2, 3, 4]], ring(5).features)
    changed = graph.features.clone()
    changed[4] += 1
    net = build_graph_backbone(f"{name}(width=8, layers=2, act='elu')", inputs=5)
    other = make_graph(graph.edges, changed)
    moved = (net(graph) - net(other)).abs().amax(1) > 1e-7
    reach = {"mlp": [4]}.get(name, [2, 3, 4])
    assert moved.nonzero()[:, 0].tolist() == reach


@pytest.mark.parametrize("pool", ["sum", "mean", "max"])
def test_a_batch_gives_the_graphs_one_by_one(pool):
    graphs = [ring(4), ring(6, seed=1), ring(3, seed=2)]
    net = build_graph_backbone(f"gin(width=6, layers=3, jump=True, pool='{pool}')", inputs=5)
    alone = torch.cat([net(graph) for graph in graphs])
    assert alone.shape == (3, 18)
    torch.testing.assert_close(net(batch_graphs(graphs)), alone)


def test_a_graph_that_lost_all_its_nodes_still_has_a_row():
    batch = batch_graphs([ring(4), ring(3)])
    left = part_of(batch, torch.arange(4))
    net = build_graph_backbone("gin(width=6, pool='mean')", inputs=5)
    made = net(left)
    assert made.shape == (2, 6)
    assert (made[1] == 0).all()


def test_a_spread_adds_deviations_and_leaves_the_representation():
    net = build_graph_backbone("gcn(width=4, last=False, spread=True)", inputs=5)
    mean, log_std = net.moments(ring(8))
    assert mean.shape == log_std.shape == (8, 4)
    assert torch.equal(net(ring(8)), mean)


def test_embeddings_are_those_of_the_anchors():
    graph = ring(8)
    encoders = build_graph_encoders("gcn(width=4)", graph, head="linear(dim=3)", seed=0)
    rows = torch.tensor([5, 1])
    torch.testing.assert_close(
        encoders.embed(0, Anchored(graph, rows)), encoders.embed(0, graph)[rows]
    )


def test_the_seed_decides_the_weights_and_leaves_the_global_generator():
    graph, state = ring(8), torch.get_rng_state()
    one, same, other = (
        build_graph_encoders("gcn(width=4)", graph, head="identity()", seed=seed).represent(graph)
        for seed in (0, 0, 1)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_weights_are_copied_between_encoders_of_one_form():
    graph = ring(8)
    one, other = (
        build_graph_encoders("gcn(width=4)", graph, head="identity()", seed=seed)
        for seed in (0, 1)
    )
    other.load_backbone(one)
    assert torch.equal(one.represent(graph), other.represent(graph))
    wide = build_graph_encoders("gcn(width=8)", graph, head="identity()", seed=0)
    with pytest.raises(InputError, match=r"of gcn\(width=4\) do not fit gcn\(width=8\)"):
        wide.load_backbone(one)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("resnet18()", "Unknown encoder of graphs 'resnet18'"),
        ("gcn(depth=2)", "Unknown argument of gcn 'depth'"),
        ("gcn(inputs=2)", "Unknown argument of gcn 'inputs'"),
        ("gcn(act='tanh')", "Unknown act 'tanh'"),
        ("gcn(width=0)", "width must be"),
        ("gcn(layers=1.5)", "layers must be"),
        ("gcn(dropout=1)", "dropout must be a share"),
        ("gin(pool='top')", "Unknown pool 'top'"),
        ("gat(width=10, heads=4)", "gat has width=10, which is not a multiple of heads=4"),
        ("gcn(spread=True)", "spread=True needs last=False"),
        ("gcn(2)|gcn(3)", "one name with named arguments"),
    ],
)
def test_a_wrong_spec_is_answered(text, message):
    with pytest.raises(InputError, match=message):
        build_graph_backbone(text, inputs=5)


def test_a_graph_without_features_is_answered():
    with pytest.raises(InputError, match="features='degree' or features='one'"):
        build_graph_encoders("gcn()", make_graph([[0], [1]], nodes=2), head="identity()", seed=0)
