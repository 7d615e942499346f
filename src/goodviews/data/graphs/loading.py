"""``load_graphs``: read graphs that the user names, or has in memory."""

import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from goodviews.core.errors import InputError, unknown
from goodviews.data.cache_folder import cache_root
from goodviews.data.graphs.array_files import holds_graph, read_mat, read_npz
from goodviews.data.graphs.features import with_features
from goodviews.data.graphs.graph_set import Graphs, make_graphs
from goodviews.data.graphs.planetoid import planetoid_name, read_planetoid
from goodviews.data.graphs.tables import holds_edges, read_tables
from goodviews.data.graphs.tu import read_tu, tu_name
from goodviews.data.names import shared
from goodviews.graphs import Graph, from_networkx, from_pyg

KNOWN = {
    **{
        name: f"Planetoid/{folder}"
        for name, folder in (("cora", "Cora"), ("citeseer", "CiteSeer"))
    },
    "photo": "npz_pyg/Amazon/Photo/raw/amazon_electronics_photo.npz",
    "computers": "npz_pyg/Amazon/Computers/raw/amazon_electronics_computers.npz",
    "cs": "npz_pyg/Coauthor/CS/raw/ms_academic_cs.npz",
    "dblp": "npz_pyg/CitationFull/dblp/raw/dblp.npz",
    "cora_ml": "npz_pyg/CitationFull/cora_ml/raw/cora_ml.npz",
    **{
        name: f"heterophilous/{name}.npz"
        for name in (
            *("actor", "chameleon", "chameleon_filtered", "squirrel", "squirrel_filtered"),
            *("texas", "cornell", "wisconsin", "minesweeper", "tolokers"),
        )
    },
    **{
        name.lower(): f"seal_links/{name}.mat"
        for name in (
            *("USAir", "NS", "PB", "Yeast", "Celegans", "Power", "Router", "Ecoli"),
            *("facebook", "arxiv", "Wikipedia"),
        )
    },
    **{
        name.lower(): f"TU/{name}"
        for name in ("MUTAG", "PROTEINS", "NCI1", "IMDB-BINARY", "IMDB-MULTI", "ENZYMES")
    },
}
"""Known names, each with its place in the folder of real data."""


def load_graphs(
    data: Any,
    *,
    features: str = "as given",
    nodes: str | Path | None = None,
    directed: bool | None = None,
    level: str | None = None,
    name: str | None = None,
) -> Graphs:
    """Load graphs.

    ``data`` is one of

    * a known name (``cora``, ``photo``, ``usair``, ``mutag``, ...), a file or folder of that
      name in the environment variable ``GOODVIEWS_DATA``;
    * a raw folder of Planetoid (``ind.<name>.x``, ...) or of TUDataset (``<name>_A.txt``, ...);
    * an ``.npz`` file (:func:`goodviews.data.graphs.array_files.read_npz` describes its arrays)
      or a ``.mat`` file with the matrix ``net``;
    * a table of edges, alone or with a table of nodes, or a folder with ``edges.csv`` and
      ``nodes.csv`` (:func:`goodviews.data.graphs.tables.read_tables`);
    * a ``Data`` of PyTorch Geometric, or a list or dataset of them;
    * a graph of NetworkX;
    * a :class:`goodviews.graphs.Graph`, or a list of them;
    * :class:`Graphs`.

    Args:
        data: Graphs to read.
        features: ``as given``; ``rows`` divides the features of each node by their sum;
            ``degree``, ``structure`` (degrees and eigenvectors) and ``one`` make features for
            graphs without.
        nodes: Table of nodes, where ``data`` is a table of edges.
        directed: Whether edges keep their direction; by default graphs are undirected, and an
            object or table in which only some edges go both ways is refused.
        level: What labels belong to, ``nodes`` or ``graphs``, where the data leave it open.
        name: Name of the dataset in records, instead of its own.

    Returns:
        The graphs.

    Raises:
        InputError: The data cannot be read; the message says what was found, what was expected
            and what to do.

    Example:
        >>> import networkx as nx
        >>> load_graphs(nx.karate_club_graph(), features="degree")
        <Graphs 'graph': 1 graph, 34 nodes, 78 edges, 65 features, no labels>
    """
    if isinstance(data, Graphs):
        found = data
    elif isinstance(data, str | Path):
        found = _read(data, None if nodes is None else Path(nodes), directed)
    else:
        found = _objects(data, directed, level)
    if features != "as given":
        made = [with_features(graph, features) for graph in found.graphs]
        found = make_graphs(
            found.name,
            made,
            labels=found.labels,
            classes=found.classes,
            level=found.level,
            masks=found.masks,
            source=found.source,
            notes=(*found.notes, f"Features: {features}."),
        )
    return found if name is None else replace(found, name=name)


def is_graph_data(data: Any) -> bool:
    """Whether data are graphs, as far as a glance shows; files are not read.

    Example:
        >>> is_graph_data("cora"), is_graph_data("digits")
        (True, False)
    """
    if isinstance(data, str | Path):
        path = Path(data).expanduser()
        if isinstance(data, str) and data.lower() in KNOWN:
            return True
        if path.suffix == ".npz":
            return holds_graph(path)
        return (
            (path.suffix == ".mat" and path.is_file())
            or holds_edges(path)
            or bool(planetoid_name(path) or tu_name(path))
        )
    if isinstance(data, Graph | Graphs) or _is_networkx(data) or hasattr(data, "edge_index"):
        return True
    if hasattr(data, "node_types"):
        return True
    if isinstance(data, list | tuple) and data:
        return isinstance(data[0], Graph) or hasattr(data[0], "edge_index")
    return False


def _read(data: str | Path, nodes: Path | None, directed: bool | None) -> Graphs:
    known = isinstance(data, str) and data.lower() in KNOWN
    path = _known(str(data).lower()) if known else Path(data).expanduser()
    if not path.exists():
        if isinstance(data, str) and "/" not in data and not path.suffix:
            raise unknown("graph", data, KNOWN)
        raise InputError(f"{path} does not exist.")
    if path.suffix == ".npz":
        found = read_npz(path, directed=directed)
    elif path.suffix == ".mat":
        found = read_mat(path)
    elif planetoid_name(path):
        found = read_planetoid(path)
    elif tu_name(path):
        found = read_tu(path)
    elif path.is_file() or holds_edges(path):
        found = read_tables(path, nodes=nodes, directed=directed)
    else:
        raise InputError(
            f"{path} holds no graph: expected edges.csv, ind.NAME.x (Planetoid) or NAME_A.txt "
            "(TUDataset) in it, or an .npz or .mat file."
        )
    return replace(found, name=str(data).lower()) if known else found


def _known(name: str) -> Path:
    root = shared()
    if root is None:
        raise InputError(
            f"{name} is read from the folder of real data: set the environment variable "
            "GOODVIEWS_DATA, or pass the path of its files."
        )
    path = root / KNOWN[name]
    if KNOWN[name].startswith("TU/") and not path.exists() and (root / "TU.tar.xz").is_file():
        unpacked = cache_root() / "graphs"
        if not (unpacked / KNOWN[name]).exists():
            with tarfile.open(root / "TU.tar.xz") as packed:
                packed.extractall(unpacked / "TU", filter="data")
        return unpacked / KNOWN[name]
    if not path.exists():
        raise InputError(f"{name} is not in {root}: {KNOWN[name]} does not exist.")
    return path


def _objects(data: Any, directed: bool | None, level: str | None) -> Graphs:
    if isinstance(data, Graph):
        return make_graphs("graph", [data], source="A graph in memory.")
    if _is_networkx(data):
        return make_graphs("graph", [from_networkx(data)], source="A graph of NetworkX.")
    if hasattr(data, "edge_index") and not _many(data):
        return _pyg([data], directed, level)
    if hasattr(data, "node_types"):
        from_pyg(data)  # raises: several types of nodes
    if hasattr(data, "__len__") and hasattr(data, "__getitem__"):
        items = [data[place] for place in range(len(data))]
        if not items:
            raise InputError(f"The {type(data).__name__} is empty, but graphs are expected.")
        if all(isinstance(item, Graph) for item in items):
            return make_graphs("graphs", items, source="Graphs in memory.")
        if all(hasattr(item, "edge_index") for item in items):
            return _pyg(items, directed, level)
        odd = next(type(i).__name__ for i in items if not isinstance(i, Graph))
        raise InputError(
            f"Expected a list of graphs (Graph, or Data of PyTorch Geometric), but it holds "
            f"a {odd}."
        )
    raise InputError(
        f"A {type(data).__name__} does not hold graphs; load_graphs takes a known name, a path, "
        "Graph, Data of PyTorch Geometric, a graph of NetworkX, or a list of graphs."
    )


def _many(data: Any) -> bool:
    """Whether an object is a dataset of PyTorch Geometric, which looks like one graph as well."""
    return hasattr(data, "__getitem__") and hasattr(data, "get") and hasattr(data, "num_classes")


def _pyg(items: Sequence[Any], directed: bool | None, level: str | None) -> Graphs:
    graphs = [from_pyg(item, directed=directed) for item in items]
    labels: dict[str, Any] = {}
    masks: dict[str, Any] = {}
    targets = [getattr(item, "y", None) for item in items]
    if all(target is not None for target in targets):
        each = [torch.as_tensor(target).reshape(-1) for target in targets]
        of_graphs = level == "graphs" if level else len(items) > 1 and _one_each(each)
        of_nodes = not of_graphs and all(
            len(target) == graph.nodes for target, graph in zip(each, graphs, strict=True)
        )
        if of_graphs and not _one_each(each):
            raise InputError(
                f"Labels of graphs are expected, one each, but graph 0 has {len(each[0]):,} "
                "labels; pass level='nodes'."
            )
        if not of_graphs and not of_nodes:
            raise InputError(
                f"Graph 0 has {len(each[0]):,} labels for {graphs[0].nodes:,} nodes; expected one "
                "for each node, or one for the graph (level='graphs')."
            )
        labels = {"label": torch.cat(each)}
        level = "graphs" if of_graphs else "nodes"
    if len(items) == 1 and level == "nodes":
        for part in ("train", "val", "test"):
            if (mask := getattr(items[0], f"{part}_mask", None)) is not None:
                masks[part] = mask.T if mask.ndim == 2 else mask
    return make_graphs(
        "graph" if len(items) == 1 else "graphs",
        graphs,
        labels=labels,
        level=level,
        masks=masks,
        source="Data of PyTorch Geometric.",
    )


def _one_each(targets: Sequence[torch.Tensor]) -> bool:
    return all(len(target) == 1 for target in targets)


def _is_networkx(data: Any) -> bool:
    return type(data).__module__.partition(".")[0] == "networkx"
