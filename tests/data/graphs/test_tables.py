"""Tables of edges and nodes, as spreadsheets and databases write them."""

import pytest

from goodviews.core.errors import InputError
from goodviews.data.graphs import load_graphs


def write(folder, edges, nodes=None):
    (folder / "edges.csv").write_text(edges)
    if nodes is not None:
        (folder / "nodes.csv").write_text(nodes)
    return folder


def test_names_features_labels_and_weights_are_read(tmp_path):
    found = load_graphs(
        write(
            tmp_path,
            "source,target,weight\nann,bob,2\nbob,cy,1.5\n",
            "id,age,label,height\nbob,3,x,1\nann,2,y,2\ncy,1,,3\ndi,0,x,4\n",
        )
    )
    graph = found.graph
    assert graph.nodes == 4
    assert graph.edges.tolist() == [[0, 0], [1, 2]]
    assert graph.weights.tolist() == [2, 1.5]
    assert graph.features.tolist() == [[3, 1], [2, 2], [1, 3], [0, 4]]
    assert found.labels["label"].tolist() == [0, 1, -1, 0]
    assert found.classes["label"] == ("x", "y")
    assert "Edges are undirected." in found.notes


@pytest.mark.parametrize(
    "text",
    [
        "source,target\n1,2\n2,10\n",
        "to;from\n2;1\n10;2\n",
        "1 2\n2 10\n",
        "# a comment\n1\t2\n2\t10\n",
        "1,2,1\n2,10,1\n",
        "\ufeffu,v,kind\n1,2,a\n2,10,b\n",
    ],
)
def test_the_forms_of_a_table_of_edges_are_the_same_graph(tmp_path, text):
    (tmp_path / "net.edges").write_text(text, "utf8")
    graph = load_graphs(tmp_path / "net.edges").graph
    assert graph.edges.tolist() == [[0, 1], [1, 2]]  # 1, 2, 10 by number, not by letter


def test_direction_is_kept_where_asked_and_refused_where_unclear(tmp_path):
    folder = write(tmp_path, "source,target\na,b\nb,a\nb,c\n")
    with pytest.raises(InputError, match=r"1 of 3 edges of edges.csv go one way only.*--undirec"):
        load_graphs(folder)
    assert load_graphs(folder, directed=True).graph.edges.shape[1] == 3
    assert load_graphs(folder, directed=False).graph.edges.shape[1] == 2
    reverse = write(tmp_path, "target,source\na,b\n")
    assert load_graphs(reverse, directed=True).graph.edges.tolist() == [[1], [0]]


@pytest.mark.parametrize(
    ("edges", "nodes", "sentence"),
    [
        ("", None, "is empty"),
        ("source,target\na,b\n", "id\na\n", "'b'"),
        ("source,target\na,b\n", "id,f\na,1\na,2\nb,1\n", "node 'a' in several rows"),
        ("source,target\na,b\n", "id,f\na,red\nb,1\n", "row 2 has 'red'"),
        ("source,target\na,b\n", "id,f\na,nan\nb,1\n", "NaN or infinite, first in row 0"),
        ("source,target\na,b\n", "id,f\na\nb,1\n", "Row 2 of nodes.csv has 1 columns"),
        ("source,target\na,\n", None, "Row 2 of edges.csv lacks a node"),
        ("source,target,weight\na,b,x\n", None, "must hold numbers, but row 2 has 'x'"),
        ("source,target,weight\na,b,0\n", None, "above 0"),
        ("source,target,time\na,b,3\n", None, "temporal graphs are not supported"),
        ("source,target\na,a\n", None, "has no edges"),
    ],
)
def test_bad_tables_are_answered_in_one_sentence(tmp_path, edges, nodes, sentence):
    with pytest.raises(InputError, match=sentence):
        load_graphs(write(tmp_path, edges, nodes))
