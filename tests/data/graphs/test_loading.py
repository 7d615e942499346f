"""Graphs of every accepted kind are read, and what is not one is answered in a sentence."""

import pickle
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp
import torch

import goodviews
from goodviews.core.errors import InputError
from goodviews.data.graphs import Graphs, is_graph_data, load_graphs
from goodviews.graphs import make_graph

PATH = np.array([[0, 1, 2], [1, 2, 3]])


def edges(graphs):
    return graphs.graph.edges.tolist()


def planetoid(folder, order=(5, 4, 6)):
    """Seven nodes: two labelled, four with rows, test nodes in some order."""
    folder.mkdir()
    rows = np.eye(7, 3, dtype=np.float32)
    hot = np.eye(2, dtype=np.int32)[[0, 1, 0, 1]]
    parts = {
        "x": sp.csr_matrix(rows[:2]),
        "y": hot[:2],
        "allx": sp.csr_matrix(rows[:4]),
        "ally": hot,
        "tx": sp.csr_matrix(np.arange(9, dtype=np.float32).reshape(3, 3)),
        "ty": np.eye(2, dtype=np.int32)[[1, 1, 0]],
        "graph": {node: [(node + 1) % 7] for node in range(7)},
    }
    for part, value in parts.items():
        (folder / f"ind.tiny.{part}").write_bytes(pickle.dumps(value, protocol=2))
    (folder / "ind.tiny.test.index").write_text("\n".join(map(str, order)))


def tu(folder, **more):
    folder.mkdir()
    texts = {
        "A": "1, 2\n2, 1\n3, 4\n4, 3\n",
        "graph_indicator": "1\n1\n2\n2\n2\n",
        "graph_labels": "-1\n1\n",
        "node_labels": "0\n3\n3\n0\n0\n",
    } | more
    for part, text in texts.items():
        (folder / f"TINY_{part}.txt").write_text(text)


def test_planetoid_gives_each_test_row_to_the_node_of_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr("goodviews.data.graphs.planetoid._VALIDATION", 2)
    planetoid(tmp_path / "raw")
    found = load_graphs(tmp_path)
    assert found.graph.features[5].tolist() == [0, 1, 2]
    assert found.graph.features[4].tolist() == [3, 4, 5]
    assert found.labels["label"].tolist() == [0, 1, 0, 1, 1, 1, 0]
    assert {part: mask[0].nonzero()[:, 0].tolist() for part, mask in found.masks.items()} == {
        "train": [0, 1],
        "val": [2, 3],
        "test": [4, 5, 6],
    }
    assert found.graph.edges.shape[1] == 7


def test_a_pickle_that_needs_other_classes_is_refused(tmp_path):
    planetoid(tmp_path / "raw")
    (tmp_path / "raw" / "ind.tiny.graph").write_bytes(pickle.dumps(SimpleNamespace()))
    with pytest.raises(InputError, match=r"types\.SimpleNamespace, which files of Planetoid do"):
        load_graphs(tmp_path)


def test_tu_folders_give_many_graphs(tmp_path):
    tu(tmp_path / "raw")
    found = load_graphs(tmp_path)
    assert [graph.nodes for graph in found.graphs] == [2, 3]
    assert [graph.edges.tolist() for graph in found.graphs] == [[[0], [1]], [[0], [1]]]
    assert found.graphs[1].features.tolist() == [[0, 1], [1, 0], [1, 0]]
    assert found.graphs[1].names.tolist() == [2, 3, 4]
    assert found.level == "graphs"
    assert found.labels["label"].tolist() == [0, 1]
    assert found.classes["label"] == ("-1", "1")
    batch = found.batch([1, 0])
    assert batch.names.tolist() == [2, 3, 4, 0, 1]
    assert batch.numbers.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("A", "1, 3\n", "an edge between two graphs"),
        ("A", "1, 9\n", "names a node that is not one of 5"),
        ("graph_indicator", "1\n2\n1\n2\n2\n", "in ascending order"),
        ("graph_labels", "a\nb\n", "does not hold numbers"),
        ("node_labels", "0\n", "1 lines for 5 nodes"),
    ],
)
def test_tu_folders_that_do_not_fit_are_answered(tmp_path, file, text, sentence):
    tu(tmp_path / "raw", **{file: text})
    with pytest.raises(InputError, match=sentence):
        load_graphs(tmp_path)


def test_npz_of_edges_and_of_compressed_rows_are_the_same_graph(tmp_path):
    features, labels = np.random.rand(4, 2).astype(np.float32), np.array([0, 1, 1, 0])
    np.savez(tmp_path / "plain.npz", edges=PATH.T, features=features, labels=labels)
    net, table = sp.csr_matrix((np.ones(3), PATH), shape=(4, 4)), sp.csr_matrix(features)
    arrays = {"labels": labels}
    for name, matrix in (("adj", net), ("attr", table)):
        arrays |= {f"{name}_{part}": getattr(matrix, part) for part in ("data", "indices")}
        arrays |= {f"{name}_indptr": matrix.indptr, f"{name}_shape": np.array(matrix.shape)}
    np.savez(tmp_path / "rows.npz", **arrays)
    one, two = load_graphs(tmp_path / "plain.npz"), load_graphs(tmp_path / "rows.npz")
    assert edges(one) == edges(two) == PATH.tolist()
    assert one.hash == two.hash
    assert torch.equal(one.graph.features, torch.from_numpy(features))


def test_npz_keeps_masks_direction_and_two_edges(tmp_path):
    masks = np.eye(3, 4, dtype=bool)
    np.savez(tmp_path / "m.npz", edges=PATH.T, node_labels=np.arange(4) % 2, train_masks=masks)
    assert load_graphs(tmp_path / "m.npz").masks["train"].tolist() == masks.tolist()
    np.savez(tmp_path / "two.npz", edge_index=np.array([[0, 1], [1, 0]]))
    assert edges(load_graphs(tmp_path / "two.npz")) == [[0], [1]]
    assert edges(load_graphs(tmp_path / "two.npz", directed=True)) == [[0, 1], [1, 0]]


def test_mat_files_hold_a_square_matrix(tmp_path):
    net = sp.csc_matrix((np.ones(3), PATH), shape=(5, 5))
    scipy.io.savemat(tmp_path / "g.mat", {"net": net + net.T})
    found = load_graphs(tmp_path / "g.mat", features="degree")
    assert edges(found) == PATH.tolist()
    assert found.graph.features.argmax(1).tolist() == [1, 2, 2, 1, 0]
    scipy.io.savemat(tmp_path / "h.mat", {"flat": np.ones((2, 3))})
    with pytest.raises(InputError, match="holds flat, but a square matrix named net"):
        load_graphs(tmp_path / "h.mat")


def test_objects_of_libraries_are_read():
    graph = nx.karate_club_graph()
    nx.set_node_attributes(graph, 1.0, "x")
    assert load_graphs(graph).graph.nodes == 34
    both = torch.from_numpy(np.concatenate([PATH, PATH[::-1]], 1))
    data = SimpleNamespace(
        edge_index=both,
        x=torch.ones(4, 1),
        y=torch.tensor([0, 1, 1, 0]),
        train_mask=torch.tensor([True, False, False, False]),
    )
    found = load_graphs(data)
    assert found.level == "nodes"
    assert found.masks["train"].tolist() == [[True, False, False, False]]
    one = SimpleNamespace(edge_index=both, x=torch.ones(4, 1), y=torch.tensor([1]))
    many = load_graphs([one, one, one])
    assert many.level == "graphs"
    assert len(many) == 3
    assert isinstance(load_graphs(many), Graphs)
    assert load_graphs([make_graph(PATH, nodes=4)] * 2).level == "links"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("coar", "Did you mean 'cora'"),
        ("no/such.npz", "does not exist"),
        ([1, 2], "it holds a int"),
        ([], "is empty"),
        (3, "does not hold graphs"),
        (make_graph(torch.zeros(2, 0).long(), nodes=3), "all of its 3 nodes are isolated"),
        (
            SimpleNamespace(
                edge_index=torch.tensor([[0, 1], [1, 0]]), x=torch.ones(2, 1), y=torch.ones(5)
            ),
            "5 labels for 2 nodes",
        ),
    ],
)
def test_what_is_not_graphs_is_answered(data, sentence):
    with pytest.raises(InputError, match=sentence):
        load_graphs(data)


def test_labels_of_another_length_name_the_level_they_fit():
    graph = make_graph(PATH, nodes=4)
    with pytest.raises(InputError, match=r"4 labels for 1 graphs; .* level='nodes'"):
        Graphs("g", (graph,), labels={"label": torch.zeros(4).long()}, level="graphs")
    with pytest.raises(InputError, match=r"must be \(R, 4\)"):
        Graphs("g", (graph,), level="nodes", masks={"train": torch.ones(1, 3).bool()})


def test_jobs_for_images_decline_graphs_in_a_sentence(tmp_path):
    np.savez(tmp_path / "g.npz", edges=PATH.T)
    for data in (tmp_path / "g.npz", make_graph(PATH, nodes=4), nx.path_graph(3)):
        assert is_graph_data(data)
        with pytest.raises(InputError, match="holds graphs, but images are expected here"):
            goodviews.load(data)
    maps = tmp_path / "maps.npz"
    np.savez(maps, images=np.zeros((4, 8, 8)), edges=np.zeros((4, 8, 8), np.uint8))
    assert not is_graph_data(maps)
    assert not is_graph_data(np.zeros((4, 8, 8)))
    assert not is_graph_data(tmp_path)


@pytest.mark.parametrize("choice", ["rows", "one", "degree"])
def test_features_can_be_made_or_scaled(choice):
    graph = make_graph([[0], [1]], torch.tensor([[1.0, 3], [0, 0], [2, 2]]))
    table = load_graphs(graph, features=choice).graph.features
    assert bool(table.isfinite().all())
    assert table.sum(1).tolist() == ([1, 0, 1] if choice == "rows" else [1, 1, 1])
