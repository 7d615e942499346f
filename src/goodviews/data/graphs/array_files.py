"""Graphs in array files: npz of several layouts, and SEAL's ``.mat``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.graphs.graph_set import Graphs, make_graphs
from goodviews.graphs import make_graph

_EDGES = ("edges", "edge_index")
_FEATURES = ("features", "node_features", "x")
_LABELS = ("labels", "node_labels", "y", "label")
_MASKS = {"train": ("train_masks", "train_mask"), "val": ("val_masks", "val_mask")}
_MASKS |= {"test": ("test_masks", "test_mask")}


def holds_graph(file: Path) -> bool:
    """Whether an ``.npz`` file has the names of a graph, and its edges have two ends."""
    if not file.is_file():  # a pipe would never end
        return False
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as found:
            edges = [found[key] for key in _EDGES if key in found.files]
            return "adj_indptr" in found.files or any(
                one.ndim == 2 and 2 in one.shape and one.dtype.kind in "iu" for one in edges
            )
    except Exception:  # a damaged file can raise any; who reads it says what is wrong
        return False


def read_npz(file: Path, *, directed: bool | None = None) -> Graphs:
    """Read a graph from an ``.npz`` file.

    Layouts: compressed rows ``adj_data``, ``adj_indices``, ``adj_indptr``, ``adj_shape`` with
    ``attr_...`` and ``labels`` (gnn-benchmark); or ``edges`` (or ``edge_index``), (E, 2) or
    (2, E), with ``features`` (``node_features``, ``x``), ``labels`` (``node_labels``, ``y``),
    ``weights`` and masks ``train_masks``, ``val_masks``, ``test_masks``.

    Edges of these files may be stored once or in both directions, so the graph is undirected
    unless ``directed`` is true.

    Raises:
        InputError: Arrays are missing, damaged or do not fit.
    """
    try:
        with np.load(file, allow_pickle=False) as opened:
            arrays = {key: opened[key] for key in opened.files}
    except Exception as error:  # a damaged file can raise any exception
        raise InputError(f"Cannot read {file}: {str(error).splitlines()[0]}.") from error
    if "adj_indptr" in arrays:
        return _benchmark(file, arrays, directed)
    return _plain(file, arrays, directed)


def _benchmark(file: Path, arrays: Mapping[str, Any], directed: bool | None) -> Graphs:
    import scipy.sparse as sp

    try:
        net = sp.csr_matrix(tuple(arrays[f"adj_{p}"] for p in ("data", "indices", "indptr")),
                            shape=arrays["adj_shape"])  # fmt: skip
        features = None
        if "attr_indptr" in arrays:
            features = sp.csr_matrix(
                tuple(arrays[f"attr_{p}"] for p in ("data", "indices", "indptr")),
                shape=arrays["attr_shape"],
            ).toarray()
        elif "attr_matrix" in arrays:
            features = arrays["attr_matrix"]
    except (KeyError, ValueError) as error:
        raise InputError(f"The matrices of {file} are damaged: {error}.") from error
    entries = net.tocoo()
    graph = make_graph(
        np.stack([entries.row, entries.col]).astype(np.int64),
        features,
        nodes=net.shape[0],
        directed=bool(directed),
    )
    labels = {"label": arrays["labels"]} if "labels" in arrays else {}
    source = "An array file in the layout of gnn-benchmark; weights of edges are not used."
    return make_graphs(file.stem.lower(), [graph], labels=labels, source=source)


def _plain(file: Path, arrays: Mapping[str, Any], directed: bool | None) -> Graphs:
    edges = _first(arrays, _EDGES)
    if edges is None:
        raise InputError(
            f"{file} holds {', '.join(arrays) or 'nothing'}, but edges are expected under the "
            "name edges."
        )
    if edges.ndim == 2 and edges.shape[1] == 2 and len(edges) != 2:
        edges = edges.T
    labels, features = _first(arrays, _LABELS), _first(arrays, _FEATURES)
    nodes = arrays.get("num_nodes", None if labels is None else len(labels))
    if nodes is None and features is None:
        nodes = int(edges.max()) + 1 if edges.size else 0
    masks = {part: found for part, names in _MASKS.items()
             if (found := _first(arrays, names)) is not None}  # fmt: skip
    graph = make_graph(
        edges,
        features,
        nodes=None if nodes is None else int(nodes),
        directed=bool(directed),
        weights=arrays.get("weights"),
    )
    return make_graphs(
        file.stem.lower(),
        [graph],
        labels={} if labels is None else {"label": labels},
        masks=masks,
        source="An array file of edges, features and labels.",
    )


def _first(arrays: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((arrays[name] for name in names if name in arrays), None)


def read_mat(file: Path) -> Graphs:
    """Read the graph of a ``.mat`` file: the square matrix ``net`` (SEAL) or ``A``.

    Raises:
        InputError: There is no square matrix of one of these names.
    """
    from scipy.io import loadmat
    from scipy.sparse import coo_matrix

    try:
        found = loadmat(file)
    except Exception as error:  # a damaged file can raise any exception
        raise InputError(f"Cannot read {file}: {str(error).splitlines()[0]}.") from error
    net = found.get("net", found.get("A", found.get("network")))
    if net is None or net.ndim != 2 or net.shape[0] != net.shape[1]:
        names = ", ".join(name for name in found if not name.startswith("__"))
        raise InputError(
            f"{file} holds {names or 'nothing'}, but a square matrix named net is expected."
        )
    entries = coo_matrix(net)
    entries.eliminate_zeros()
    graph = make_graph(np.stack([entries.row, entries.col]).astype(np.int64), nodes=net.shape[0])
    unused = ["Groups of nodes (group) are not used."] if "group" in found else []
    source = "A matrix file without features; weights of edges are not used."
    return make_graphs(file.stem.lower(), [graph], source=source, notes=unused)
