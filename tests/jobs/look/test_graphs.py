"""``views show`` on graphs: counts of what is lost, and a page with neighbourhoods."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data.graphs.graph_set import make_graphs
from goodviews.graphs import from_networkx, make_graph
from goodviews.jobs.look import show_views
from goodviews.jobs.look.graphs import look_at_views, lost_lines
from goodviews.views.graphs import parse_graph_view
from goodviews.views.graphs.pictures import ego_pictures


def blocks():
    net = nx.stochastic_block_model([30, 30], [[0.3, 0.02], [0.02, 0.3]], seed=0)
    features = (torch.rand(60, 10, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    graph = replace(from_networkx(net), features=features)
    return make_graphs("blocks", [graph], labels={"label": np.arange(60) // 30})


def test_what_is_counted_is_what_the_view_left():
    data = blocks()
    pair = parse_graph_view("drop_edges(0.4)|mask_features(0.5) // add_edges(0.2)|drop_nodes(0.3)")
    seen = look_at_views(pair, data, command="", seed=3)
    v1, v2 = pair(data.graph, seed=3, epoch=0)
    first, second = (side["rows"] for side in seen["sides"])
    count = data.graph.edges.shape[1]
    assert first[-1]["edges"] == v1.edges.shape[1] == first[0]["edges"]
    assert first[-1]["kept_edges"] == pytest.approx(v1.edges.shape[1] / count)
    kept = float((v1.features != 0).sum() / (data.graph.features != 0).sum())
    assert first[-1]["kept_features"] == pytest.approx(kept)
    assert first[0]["kept_features"] == 1
    net = nx.Graph(v1.edges.T.tolist())
    net.add_nodes_from(range(60))
    assert first[-1]["components"] == nx.number_connected_components(net)
    assert first[-1]["isolated"] == len(list(nx.isolates(net)))
    assert second[0]["edges"] == count + second[0]["added"]
    assert (second[-1]["nodes"], second[-1]["edges"]) == (v2.nodes, v2.edges.shape[1])
    assert second[-1]["added"] < second[0]["added"]
    assert len(lost_lines(seen)) == 6


def test_a_picture_differs_where_something_is_lost_and_only_there():
    path = make_graph([[0, 1, 2, 2, 2], [1, 2, 3, 4, 5]], torch.eye(6))
    [(before, same)] = ego_pictures(path, path, count=1)
    assert before.tobytes() == same.tobytes()
    for spec in ("drop_edges(1.0)", "drop_nodes(0.9)", "mask_features(1.0)"):
        view, _ = parse_graph_view(spec)(path, seed=0, epoch=0)
        [(again, after)] = ego_pictures(path, view, count=1)
        assert again.tobytes() == before.tobytes()
        assert after.tobytes() != before.tobytes()
    [(red, _)] = ego_pictures(path, path, labels=[1] * 6, count=1)
    assert red.tobytes() != before.tobytes()


def test_the_page_holds_both_views_and_the_warning(tmp_path):
    shown = show_views("drop_edges(0.97)", blocks(), out=tmp_path)
    text = shown.page.read_text()
    assert text.count("data:image/webp") == 2 * 2 * 6
    assert "more nodes without an edge than the graph has" in text
    assert "goodviews pretrain blocks" in text
    assert shown.brief == shown.steps
    assert shown.brief.splitlines()[1].startswith("the graph")


def test_many_graphs_and_the_identity_are_shown(tmp_path):
    graphs = [from_networkx(nx.path_graph(5)) for _ in range(3)]
    graphs = [replace(graph, features=torch.ones(5, 1)) for graph in graphs]
    data = make_graphs("many", graphs, labels={"label": np.arange(3) % 2}, level="graphs")
    lines = show_views("identity()", data, out=tmp_path).brief.splitlines()
    assert lines[1].split()[2:4] == ["15", "12"]


def test_views_and_options_of_images_are_refused(tmp_path):
    with pytest.raises(InputError, match="view of images"):
        show_views("flip()", blocks(), out=tmp_path)
    with pytest.raises(InputError, match="option size is for images"):
        show_views("drop_edges()", blocks(), out=tmp_path, size=8)
    with pytest.raises(InputError, match="option features is for graphs"):
        show_views("flip()", "digits", out=tmp_path, graphs={"features": "degree"})


def test_what_two_views_of_a_graph_share_is_called_an_estimate(tmp_path, monkeypatch):
    monkeypatch.setattr("goodviews.jobs.look.graphs._EPOCHS", 2)
    words = show_views("drop_edges(0.3)", blocks(), out=tmp_path, bound=True).bound
    assert "about" in words
    assert "estimate, no bound" in words
