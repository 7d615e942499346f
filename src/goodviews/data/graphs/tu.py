"""Raw folders of TUDataset (Morris et al., 2020, arXiv:2007.08663): many labelled graphs."""

from pathlib import Path

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.graphs.graph_set import Graphs, make_graphs
from goodviews.graphs import make_graph


def tu_name(folder: Path) -> str | None:
    """Name in the files ``<name>_A.txt`` of a folder, or ``None``."""
    for place in (folder, folder / "raw"):
        for file in sorted(place.glob("*_graph_indicator.txt")) if place.is_dir() else []:
            return file.name.removesuffix("_graph_indicator.txt")
    return None


def read_tu(folder: Path) -> Graphs:
    """Read a raw folder; features are the labels of nodes, one column each.

    Attributes of nodes are features only where there are no labels of nodes, as in published
    comparisons; a note records it.

    Raises:
        InputError: A file is missing or does not fit the others.
    """
    name = tu_name(folder)
    raw = folder if (folder / f"{name}_graph_indicator.txt").is_file() else folder / "raw"
    member = _numbers(raw / f"{name}_graph_indicator.txt").astype(np.int64).reshape(-1) - 1
    ends = _numbers(raw / f"{name}_A.txt").astype(np.int64).reshape(-1, 2).T - 1
    targets = _numbers(raw / f"{name}_graph_labels.txt").astype(np.int64).reshape(-1)
    count = len(targets)
    if not len(member) or member.min() < 0 or member.max() >= count or (np.diff(member) < 0).any():
        raise InputError(
            f"{name}_graph_indicator.txt must give the graph of each node, 1 to {count:,}, in "
            "ascending order."
        )
    if ends.size and (ends.min() < 0 or ends.max() >= len(member)):
        raise InputError(f"{name}_A.txt names a node that is not one of {len(member):,}.")
    if (member[ends[0]] != member[ends[1]]).any():
        raise InputError(f"{name}_A.txt has an edge between two graphs.")
    features, notes = _features(raw, str(name), len(member))
    start = np.searchsorted(member, np.arange(count + 1))
    order = np.argsort(member[ends[0]], kind="stable")
    cut = np.searchsorted(member[ends[0]][order], np.arange(count + 1))
    graphs = []
    for number in range(count):
        own = ends[:, order[cut[number] : cut[number + 1]]] - start[number]
        graphs.append(make_graph(own, features[start[number] : start[number + 1]]))
    return make_graphs(
        str(name).lower(),
        graphs,
        labels={"label": np.unique(targets, return_inverse=True)[1]},
        classes={"label": [str(kind) for kind in np.unique(targets)]},
        level="graphs",
        source="Raw files of TUDataset.",
        notes=notes,
    )


def _features(raw: Path, name: str, nodes: int) -> tuple[np.ndarray, list[str]]:
    labels, attributes = raw / f"{name}_node_labels.txt", raw / f"{name}_node_attributes.txt"
    if labels.is_file():
        kinds, place = np.unique(_numbers(labels).reshape(-1), return_inverse=True)
        if len(place) != nodes:
            raise InputError(f"{labels.name} has {len(place):,} lines for {nodes:,} nodes.")
        unused = ["Attributes of nodes are not used."] if attributes.is_file() else []
        return np.eye(len(kinds), dtype=np.float32)[place], unused
    if attributes.is_file():
        table = _numbers(attributes).astype(np.float32)
        if len(table) != nodes:
            raise InputError(f"{attributes.name} has {len(table):,} lines for {nodes:,} nodes.")
        return table, []
    return np.zeros((nodes, 0), np.float32), []


def _numbers(file: Path) -> np.ndarray:
    try:
        return np.loadtxt(file, delimiter=",", ndmin=2)
    except FileNotFoundError as error:
        raise InputError(f"{file.name} is missing in {file.parent}.") from error
    except ValueError as error:
        raise InputError(f"{file} does not hold numbers separated by commas: {error}.") from error
