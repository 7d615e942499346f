"""A graph in two tables: edges, and nodes with their features and labels.

Letters: N nodes.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.graphs.graph_set import Graphs, make_graphs
from goodviews.data.missing import known_texts
from goodviews.graphs import make_graph

EDGES, NODES = "edges.csv", "nodes.csv"
_HEADS = ({"source", "target"}, {"from", "to"}, {"u", "v"}, {"src", "dst"}, {"src", "tgt"})
_WEIGHTS = ("weight", "weights", "w")
_LABELS = ("label", "labels", "class", "y", "target")
_TIMES = ("time", "timestamp", "date", "t")
_TEXT = (".csv", ".tsv", ".txt", ".edges", ".edgelist")


def holds_edges(path: Path) -> bool:
    """Whether a path is a folder with ``edges.csv``, or a table whose head names two ends."""
    if path.is_dir():
        return (path / EDGES).is_file()
    if path.suffix in (".edges", ".edgelist"):
        return path.is_file()
    if path.suffix not in _TEXT or not path.is_file():
        return False
    try:
        head = _rows(path)[:1]
    except InputError:
        return False
    return bool(head) and _ends(head[0]) is not None


def read_tables(path: Path, *, nodes: Path | None = None, directed: bool | None = None) -> Graphs:
    """Read a graph from a table of edges, and a table of nodes where there is one.

    The table of edges has the columns ``source`` and ``target``, or no head and two or three
    columns; a column ``weight`` is optional. In the table of nodes, the first column names the
    nodes as the edges do, a column ``label`` is the task, and all other columns are features.
    Without a table of nodes, the nodes are those that edges name.

    Args:
        path: The table of edges, or a folder with ``edges.csv`` and perhaps ``nodes.csv``.
        nodes: The table of nodes (default: ``nodes.csv`` beside the table of edges).
        directed: Whether edges keep their direction. By default, a table that has each edge
            in one direction is undirected, and so is one that has every edge in both.

    Raises:
        InputError: A cell is not valid, an edge names an unknown node, or only some edges are
            given in both directions.
    """
    file = path / EDGES if path.is_dir() else path
    beside = file.with_name(NODES)
    nodes = nodes or (beside if beside.is_file() and beside != file else None)
    first, second, weights, notes = _edges(file)
    if nodes is None:
        names = _ordered({*first, *second})
        features, labels = None, None
        notes.append(f"{file.name} has no table of nodes, so there are no features or labels.")
    else:
        names, features, labels = _nodes(nodes)
    place = {name: number for number, name in enumerate(names)}
    if unknown := [name for name in (*first, *second) if name not in place]:
        raise InputError(
            f"{len(set(unknown)):,} nodes of {file.name} are not in the first column of "
            f"{nodes.name if nodes else file.name}, such as {unknown[0]!r}."
        )
    ends = np.array([[place[a] for a in first], [place[b] for b in second]]).reshape(2, -1)
    if directed is None:
        directed = _decide(file.name, ends, len(names))
        if not directed:
            notes.append("Edges are undirected.")
    graph = make_graph(
        ends, features, nodes=len(names), directed=directed, weights=weights, notes=notes
    )
    return make_graphs(
        file.stem if file.name != EDGES else file.parent.name,
        [graph],
        labels={} if labels is None else {"label": labels},
        source="Tables of edges" + (" and nodes." if nodes else "."),
    )


def _decide(name: str, ends: np.ndarray, count: int) -> bool:
    """Refuse a table in which only some edges have both directions."""
    codes, back = np.unique(ends[0] * count + ends[1]), np.unique(ends[1] * count + ends[0])
    proper = codes[codes // count != codes % count]
    both = np.isin(proper, back).sum()
    if 0 < both < len(proper):
        raise InputError(
            f"{len(proper) - both:,} of {len(proper):,} edges of {name} go one way only, and the "
            "others both ways: pass directed=False (--undirected) or directed=True (--directed)."
        )
    return False


def _edges(file: Path) -> tuple[list[str], list[str], list[float] | None, list[str]]:
    rows = _rows(file)
    if not rows:
        raise InputError(f"{file} is empty, but edges are expected.")
    head = _ends(rows[0])
    columns = [cell.strip().lower() for cell in rows[0]] if head else []
    if timed := [name for name in columns if name in _TIMES]:
        raise InputError(
            f"The edges of {file.name} have times (column {timed[0]}), but temporal graphs are "
            f"not supported; remove that column to use the graph without them."
        )
    body, (one, two) = (rows[1:], head) if head else (rows, (0, 1))
    widths = {len(row) for row in body}
    if len(widths) > 1 or widths & {0, 1}:
        raise InputError(f"The rows of {file.name} have {sorted(widths)} columns; two are needed.")
    place = next((columns.index(name) for name in _WEIGHTS if name in columns), None)
    if not head and widths == {3}:
        place = 2
    notes = []
    unused = [name for i, name in enumerate(columns) if i not in (one, two, place)]
    if unused:
        notes.append(f"Columns of edges are not used: {', '.join(unused)}.")
    for number, row in enumerate(body):
        if not (row[one].strip() and row[two].strip()):
            raise InputError(
                f"Row {number + 1 + bool(head)} of {file.name} lacks a node; remove the row."
            )
    weights = None
    if place is not None:
        weights = [_number(row[place], file, i + 1 + bool(head)) for i, row in enumerate(body)]
    names = [row[one].strip() for row in body], [row[two].strip() for row in body]
    return *names, weights, notes


def _nodes(file: Path) -> tuple[list[str], np.ndarray, np.ndarray | None]:
    rows = _rows(file)
    if len(rows) < 2:
        raise InputError(f"{file} needs a head and a row for each node.")
    head = [cell.strip() for cell in rows[0]]
    body = rows[1:]
    for number, row in enumerate(body):
        if len(row) != len(head):
            raise InputError(
                f"Row {number + 2} of {file.name} has {len(row)} columns, but its head has "
                f"{len(head)}."
            )
    names = [row[0].strip() for row in body]
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise InputError(f"{file.name} has node {twice!r} in several rows; keep one.")
    label = next((i for i, name in enumerate(head) if i and name.lower() in _LABELS), None)
    columns = [i for i in range(1, len(head)) if i != label]
    table = np.zeros((len(body), len(columns)), np.float32)
    for number, row in enumerate(body):
        for place, i in enumerate(columns):
            table[number, place] = _number(row[i], file, number + 2, head[i])
    if label is None:
        return names, table, None
    texts, _, _ = known_texts([row[label] for row in body])
    return names, table, np.array(texts, dtype=object)


def _number(cell: str, file: Path, row: int, column: str = "weight") -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise InputError(
            f"Column {column} of {file.name} must hold numbers, but row {row} has {cell!r}; give "
            "categories one column of 0 and 1 each."
        ) from error


def _ends(head: Sequence[str]) -> tuple[int, int] | None:
    """Columns of both ends, where the head names them."""
    names = [cell.strip().lower() for cell in head]
    for pair in _HEADS:
        if pair <= set(names):
            one, two = (i for i, name in enumerate(names) if name in pair)
            first = names[one] in ("source", "from", "u", "src")
            return (one, two) if first else (two, one)
    return None


def _rows(file: Path) -> list[list[str]]:
    """Cells of a table; lines that begin with # are comments."""
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read {file}: {error}.") from error
    lines = [
        line for line in text.splitlines() if line.strip() and not line.startswith(("#", "%"))
    ]
    if not lines:
        return []
    mark = next((mark for mark in (",", "\t", ";") if mark in lines[0]), None)
    if mark is None:
        return [line.split() for line in lines]
    return list(csv.reader(lines, delimiter=mark))


def _ordered(names: set[str]) -> list[str]:
    """Names in the order of their numbers where all are whole numbers, else of the alphabet."""
    if all(name.isdecimal() for name in names):
        return sorted(names, key=int)
    return sorted(names)
