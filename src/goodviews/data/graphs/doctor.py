"""Check of graphs: what was read, what is odd, and what that means for later steps."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.data.finding import Finding
from goodviews.data.graphs.graph_set import Graphs
from goodviews.data.graphs.loading import load_graphs
from goodviews.graphs import Graph, adjacency, batch_graphs

_STRONG = 0.8
"""Area under the curve from which degrees alone predict links too well."""
_FEWEST = 10
"""Nodes of the smallest class below which accuracy on it is not reliable."""
_PAIRS = 20_000


def examine_graphs(data: Any, **options: Any) -> list[Finding]:
    """Check graphs as training would read them.

    Args:
        data: Same as in :func:`load_graphs`.
        **options: Same as in :func:`load_graphs`.

    Returns:
        Findings in reading order; graphs that cannot be used give one of kind ``broken``.

    Example:
        >>> import networkx as nx
        >>> print(examine_graphs(nx.path_graph(4))[0])
        read: 1 graph named 'graph': 4 nodes, 3 undirected edges, 0 features.
    """
    try:
        graphs = load_graphs(data, **options)
    except InputError as error:
        return [Finding("broken", str(error))]
    whole = graphs.graphs[0] if len(graphs) == 1 else batch_graphs(graphs.graphs)
    found = [*_read(graphs, whole), *_shape(graphs, whole), *_features(whole), *_labels(graphs)]
    found += [Finding("odd", note) for note in graphs.notes]
    return [*found, *_links(whole)] if len(graphs) == 1 and not whole.directed else found


def _read(graphs: Graphs, whole: Graph) -> list[Finding]:
    count, edges = len(graphs), whole.edges.shape[1]
    kind = "directed" if whole.directed else "undirected"
    found = [
        Finding(
            "read",
            f"{count:,} graph{'' if count == 1 else 's'} named {graphs.name!r}: {whole.nodes:,} "
            f"nodes, {edges:,} {kind} edges, {whole.features.shape[1]:,} features"
            f"{', weighted' if whole.weights is not None else ''}.",
        ),
        Finding("read", graphs.source),
    ]
    return found


def _shape(graphs: Graphs, whole: Graph) -> list[Finding]:
    from scipy.sparse.csgraph import connected_components

    alone = int((torch.bincount(whole.edges.flatten(), minlength=whole.nodes) == 0).sum())
    found = []
    if alone:
        found.append(
            Finding(
                "odd",
                f"{alone:,} of {whole.nodes:,} nodes ({100 * alone / whole.nodes:.1f} %) are "
                "isolated: their representation comes from their features alone.",
            )
        )
    if len(graphs) == 1:
        parts, member = connected_components(adjacency(whole), directed=False)
        most = int(np.bincount(member).max())
        degree = whole.degree
        found.append(
            Finding(
                "read",
                f"{parts:,} component{'' if parts == 1 else 's'}, the largest with {most:,} "
                f"nodes; median degree {int(degree.median())}, highest {int(degree.max()):,}.",
            )
        )
    return found


def _features(whole: Graph) -> list[Finding]:
    if not whole.features.shape[1]:
        return [
            Finding(
                "missing",
                "Nodes have no features.",
                "Pass features='degree' or features='one' where an encoder needs them.",
            )
        ]
    table = whole.features
    share = float((table != 0).float().mean())
    total = table.sum(1)
    rows = bool(((total - 1).abs() < 1e-4).float().mean() > 0.9)
    binary = bool(((table == 0) | (table == 1)).all())
    kind = "rows with a sum of 1" if rows else "0 and 1 only" if binary else "not scaled"
    found = [Finding("read", f"Features: {100 * share:.1f} % are not 0; {kind}.")]
    if empty := int((table == 0).all(0).sum()):
        found.append(Finding("odd", f"{empty:,} features are 0 at every node."))
    return found


def _labels(graphs: Graphs) -> list[Finding]:
    if not graphs.labels:
        return [Finding("missing", "There are no labels, so only links can be predicted.")]
    found = []
    for task, column in graphs.labels.items():
        counts = torch.bincount(column[column >= 0], minlength=len(graphs.classes[task]))
        least, most = int(counts.argmin()), int(counts.argmax())
        names = graphs.classes[task]
        found.append(
            Finding(
                "read",
                f"Task {task!r}: {int((column >= 0).sum()):,} of {len(column):,} {graphs.level} "
                f"labelled, {len(names)} classes of {int(counts[least]):,} ({names[least]}) to "
                f"{int(counts[most]):,} ({names[most]}).",
            )
        )
        if int(counts[least]) < _FEWEST:
            found.append(
                Finding(
                    "odd",
                    f"Class {names[least]} of {task!r} has only {int(counts[least])} "
                    f"{graphs.level}, too few to train and test on.",
                )
            )
        if graphs.level == "nodes" and len(graphs) == 1:
            first, second = column[graphs.graph.edges]
            both = (first >= 0) & (second >= 0)
            chance = float(((counts / counts.sum()) ** 2).sum())
            alike = float((first == second)[both].float().mean())
            found.append(
                Finding(
                    "read",
                    f"Homophily: {100 * alike:.1f} % of edges join nodes of one class of "
                    f"{task!r} ({100 * chance:.1f} % in a random pair).",
                )
            )
    if graphs.masks:
        rows = len(next(iter(graphs.masks.values())))
        sizes = ", ".join(f"{part} {int(mask[0].sum()):,}" for part, mask in graphs.masks.items())
        found.append(Finding("read", f"{rows} given split{'' if rows == 1 else 's'}: {sizes}."))
    return found


def _links(whole: Graph) -> list[Finding]:
    """What predicts links without training, where each link is left out of its own score."""
    first, second = whole.edges
    pairs = whole.nodes * (whole.nodes - 1) // 2 - len(first)
    if not pairs:
        return [Finding("odd", "Every pair of nodes is an edge, so no links can be predicted.")]
    draw = torch.Generator().manual_seed(0)
    some = torch.randperm(len(first), generator=draw)[:_PAIRS]
    one, two = torch.randint(whole.nodes, (2, 4 * _PAIRS), generator=draw)
    codes = first * whole.nodes + second
    asked = torch.minimum(one, two) * whole.nodes + torch.maximum(one, two)
    fine = (one != two) & ~torch.isin(asked, codes)
    degree = whole.degree
    links = (degree[first[some]] - 1) * (degree[second[some]] - 1)
    others = (degree[one] * degree[two])[fine]
    net = adjacency(whole)
    net.data[:] = 1
    shared = net[first[some].numpy()].multiply(net[second[some].numpy()]).sum(axis=1)
    share = float((np.asarray(shared) > 0).mean())
    found = [
        Finding("read", f"{100 * share:.1f} % of edges join nodes with a common neighbour."),
    ]
    area = _area(links, others) if len(others) else 0.5
    if area > _STRONG:
        found.append(
            Finding(
                "odd",
                f"The product of degrees alone separates edges from random pairs with AUC "
                f"{area:.2f}.",
                "Compare links with pairs of similar degree as well.",
            )
        )
    return found


def _area(positive: Tensor, negative: Tensor) -> float:
    """Area under the ROC curve: share of pairs in the right order, ties count half."""
    order = negative.sort().values
    below = torch.searchsorted(order, positive.contiguous())
    upto = torch.searchsorted(order, positive.contiguous(), right=True)
    return float((below + upto).double().mean() / 2 / len(order))
