"""Graphs of other libraries come in and go out without loss."""

import subprocess
import sys
from types import SimpleNamespace

import networkx as nx
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.graphs import batch_graphs, from_networkx, from_pyg, make_graph, to_networkx, to_pyg


@pytest.mark.parametrize("directed", [False, True])
def test_networkx_there_and_back(directed):
    graph = make_graph(
        [[0, 1, 3], [1, 2, 2]], torch.rand(5, 2), directed=directed, weights=[1, 2, 3]
    )
    back = from_networkx(to_networkx(graph), features="x")
    assert torch.equal(back.edges, graph.edges)
    assert torch.equal(back.weights, graph.weights)
    assert torch.allclose(back.features, graph.features)


def test_names_of_nodes_become_numbers_in_their_order():
    graph = nx.Graph([("b", "a"), ("a", "c")])
    assert from_networkx(graph).edges.tolist() == [[0, 1], [1, 2]]


def test_a_graph_of_networkx_that_does_not_fit_is_answered():
    with pytest.raises(InputError, match="parallel edges"):
        from_networkx(nx.MultiGraph([(0, 1), (0, 1)]))
    half = nx.path_graph(3)
    half.edges[0, 1]["weight"] = 2.0
    with pytest.raises(InputError, match="1 of 2 edges have the attribute 'weight'"):
        from_networkx(half)
    with pytest.raises(InputError, match="3 of 3 nodes have no attribute 'x'"):
        from_networkx(nx.path_graph(3), features="x")


def test_data_with_one_way_edges_needs_a_decision():
    data = SimpleNamespace(edge_index=torch.tensor([[0, 1, 1], [1, 0, 2]]), x=torch.ones(3, 1))
    with pytest.raises(InputError, match="1 of 3 edges go one way only"):
        from_pyg(data)
    assert from_pyg(data, directed=True).edges.shape[1] == 3
    assert from_pyg(data, directed=False).edges.shape[1] == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (SimpleNamespace(node_types=["author", "paper"]), "node types author, paper"),
        (SimpleNamespace(x=torch.ones(2, 1)), "has no edge_index"),
        (
            SimpleNamespace(edge_index=torch.zeros(2, 0).long(), num_nodes=2, time=torch.ones(0)),
            "temporal graphs are not supported",
        ),
    ],
)
def test_other_kinds_of_graphs_are_declined(data, sentence):
    with pytest.raises(InputError, match=sentence):
        from_pyg(data)


def test_pyg_there_and_back():
    pytest.importorskip("torch_geometric")
    graph = make_graph([[0, 1, 3], [1, 2, 2]], torch.rand(5, 2), weights=[1, 2, 3])
    data = to_pyg(graph)
    assert data.is_undirected()
    back = from_pyg(data)
    assert torch.equal(back.edges, graph.edges)
    assert torch.equal(back.weights, graph.weights)
    assert torch.equal(back.features, graph.features)


def test_a_batch_is_the_batch_of_pyg():
    Batch = pytest.importorskip("torch_geometric.data").Batch
    graphs = [make_graph([[0, 1], [1, 2]], torch.rand(4, 2)) for _ in range(3)]
    ours, theirs = to_pyg(batch_graphs(graphs)), Batch.from_data_list([to_pyg(g) for g in graphs])
    assert torch.equal(ours.batch, theirs.batch)
    assert torch.equal(ours.x, theirs.x)
    assert {*map(tuple, ours.edge_index.T.tolist())} == {*map(tuple, theirs.edge_index.T.tolist())}


def test_nothing_imports_pytorch_geometric_or_networkx():
    code = "import goodviews.graphs, goodviews.data.graphs, sys\n"
    code += "print({'torch_geometric', 'networkx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
