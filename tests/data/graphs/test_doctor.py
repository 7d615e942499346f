"""The doctor of graphs counts what is in them."""

import networkx as nx
import pytest
import torch
from typer.testing import CliRunner

import goodviews
from goodviews.cli.main import app
from goodviews.data.graphs import examine_graphs, load_graphs
from goodviews.data.graphs.doctor import _area
from goodviews.data.graphs.graph_set import make_graphs
from goodviews.graphs import make_graph


def text(found):
    return "\n".join(map(str, found))


def test_components_isolated_nodes_homophily_and_neighbours_are_counted():
    graph = make_graph([[0, 1, 0, 3, 1], [1, 2, 2, 4, 0]], torch.eye(6), nodes=6)
    labels = {"label": torch.tensor([0, 0, 1, 1, 1, 0])}
    found = text(examine_graphs(make_graphs("tiny", [graph], labels=labels)))
    assert "1 graph named 'tiny': 6 nodes, 4 undirected edges, 6 features." in found
    assert "3 components, the largest with 3 nodes" in found
    assert "1 of 6 nodes (16.7 %) are isolated" in found
    assert "Homophily: 50.0 % of edges join nodes of one class of 'label' (50.0 %" in found
    assert "75.0 % of edges join nodes with a common neighbour." in found
    assert "1 edge given twice was stored once." not in found  # both directions are no duplicate
    assert "only 3 nodes" in found


def test_degree_alone_is_reported_where_it_predicts_links():
    hubs = nx.complete_bipartite_graph(5, 300)
    assert "product of degrees alone" in text(examine_graphs(hubs))
    assert "product of degrees alone" not in text(examine_graphs(nx.cycle_graph(400)))


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    assert _area(torch.tensor([1, 2]), torch.tensor([0, 1])) == 3.5 / 4


def test_data_that_cannot_be_read_are_broken(tmp_path):
    (tmp_path / "edges.csv").write_text("source,target\na,b\nb,a\nb,c\n")
    [found] = examine_graphs(tmp_path)
    assert found.kind == "broken"
    assert "go one way only" in found.sentence
    assert goodviews.doctor(tmp_path, graphs={"directed": False}).usable


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "go one way only"),
        (["--undirected"], 0, "3 nodes, 2 undirected edges, 0 features"),
        (["--directed"], 0, "3 nodes, 3 directed edges"),
        (["--undirected", "--features", "one"], 0, "1 features"),
        (["--undirected", "--features", "ones"], 2, "Did you mean 'one'"),
        (["--size", "32"], 2, "The option size is for images, but these are graphs."),
    ],
)
def test_the_command_checks_graphs(tmp_path, arguments, code, sentence):
    (tmp_path / "edges.csv").write_text("source,target\na,b\nb,a\nb,c\n")
    done = CliRunner().invoke(app, ["doctor", str(tmp_path), *arguments])
    assert done.exit_code == code, done.output
    assert sentence in " ".join(done.output.split())


def test_options_of_graphs_are_refused_for_images():
    found = goodviews.doctor("digits", graphs={"directed": True})
    assert str(found) == "broken  The option directed is for graphs, not for images."
    assert load_graphs(nx.path_graph(3)).graph.nodes == 3
