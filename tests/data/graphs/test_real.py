"""The graphs of papers have the published sizes, and are those of PyTorch Geometric."""

import os
import shutil
from pathlib import Path

import pytest
import torch

from goodviews.data.graphs import load_graphs
from goodviews.graphs import from_pyg

ROOT = Path(os.environ.get("GOODVIEWS_DATA", "/nowhere"))
SIZES = {
    "cora": (2708, 5278, 1433, 7),
    "citeseer": (3327, 4552, 3703, 6),
    "photo": (7650, 119081, 745, 8),
    "cora_ml": (2995, 8158, 2879, 7),
    "chameleon_filtered": (890, 8854, 2325, 5),
    "usair": (332, 2126, 0, 0),
    "celegans": (297, 2148, 0, 0),
}
needs_data = pytest.mark.skipif(
    not (ROOT / "Planetoid").is_dir(), reason="GOODVIEWS_DATA has no folder Planetoid"
)


@needs_data
@pytest.mark.parametrize("name", SIZES)
def test_a_known_graph_has_its_published_size(name):
    found = load_graphs(name)
    classes = len(found.classes.get("label", ()))
    graph = found.graph
    assert (graph.nodes, graph.edges.shape[1], graph.features.shape[1], classes) == SIZES[name]


@needs_data
def test_a_known_set_has_its_published_size(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path))
    found = load_graphs("mutag")
    assert (len(found), found.nodes, found.level) == (188, 3371, "graphs")
    assert 2 * sum(graph.edges.shape[1] for graph in found.graphs) == 7442


@needs_data
@pytest.mark.parametrize("name", ["Cora", "CiteSeer"])
@pytest.mark.filterwarnings("ignore")
def test_planetoid_is_that_of_pytorch_geometric(tmp_path, name):
    datasets = pytest.importorskip("torch_geometric.datasets")
    shutil.copytree(ROOT / "Planetoid" / name, tmp_path / name)
    theirs = datasets.Planetoid(str(tmp_path), name)[0]
    ours = load_graphs(name.lower())
    assert torch.equal(ours.graph.edges, from_pyg(theirs, directed=False).edges)
    assert torch.equal(ours.graph.features, theirs.x)
    for part in ("train", "val", "test"):
        assert torch.equal(ours.masks[part][0], theirs[f"{part}_mask"])
    known = ours.labels["label"] >= 0  # PyG gives class 0 to nodes without a row
    assert torch.equal(ours.labels["label"][known], theirs.y[known])
