"""Pictures of what a view does to a graph: a node and its neighbours, before and after.

Letters: N nodes, n nodes of a picture.
"""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from goodviews.graphs import Graph
from goodviews.views.graphs.base import positions

_SIDE, _FINE, _BAR = 128, 3, 14
"""Pixels of a picture, drawn for each, and of the bar of features."""
_FIRST, _MOST = 10, 26
"""Neighbours, and nodes in all, of a picture, at most."""
_COLOURS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee7733", "#009988",
    "#997700", "#555555",
)  # fmt: skip
_LINE, _GONE, _PAPER = "#333333", "#d4d4d4", "#ffffff"


def ego_pictures(
    graph: Graph, view: Graph, *, labels: Sequence[int] | None = None, count: int = 6
) -> list[tuple[Image.Image, Image.Image]]:
    """Draw some nodes with the nodes up to two steps away, before and after a view.

    What the view has lost is grey: edges, nodes, and the features of the node in the middle, which
    are the bar below.

    Args:
        graph: The graph.
        view: A view of it.
        labels: (N,) class of each node, its colour; -1 without one (default: one colour).
        count: Number of nodes; the same ones are drawn for every view.

    Returns:
        For each node the pictures before and after.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> star = make_graph([[0, 0, 0], [1, 2, 3]], nodes=4)
        >>> [(before, after)] = ego_pictures(star, star, count=1)
        >>> before.size, before.tobytes() == after.tobytes()
        ((128, 128), True)
    """
    codes = _codes(graph, positions(graph, view.node_names)[view.edges])
    stays = torch.zeros(graph.nodes, dtype=torch.bool)
    stays[positions(graph, view.node_names)] = True
    place = torch.full((graph.nodes,), -1)
    place[positions(graph, view.node_names)] = torch.arange(view.nodes)
    made = []
    for centre in _centres(graph, count):
        nodes, edges = _ego(graph, centre)
        spots = _layout(len(nodes), edges)
        kept = np.isin(_codes(graph, torch.from_numpy(nodes)[edges]).numpy(), codes.numpy())
        colours = [_colour(None if labels is None else int(labels[node])) for node in nodes]
        before, after = _Canvas(spots, colours), _Canvas(spots, colours)
        before.graph(edges.numpy(), np.ones(len(kept), bool), np.ones(len(nodes), bool))
        after.graph(edges.numpy(), kept, stays[nodes].numpy())
        own = graph.features[centre]
        seen = view.features[place[centre]] if stays[centre] else torch.zeros_like(own)
        before.bar(own, own)
        after.bar(own, seen)
        made.append((before.small(), after.small()))
    return made


def _colour(label: int | None) -> str:
    if label is None:
        return _COLOURS[0]
    return _COLOURS[label % len(_COLOURS)] if label >= 0 else _GONE


def _codes(graph: Graph, pairs: Tensor) -> Tensor:
    """One number for each pair, the same in both directions."""
    return pairs.amin(0) * graph.nodes + pairs.amax(0)


def _centres(graph: Graph, count: int) -> list[int]:
    """Nodes with several neighbours, spread over the graph, the same for every view."""
    degree = graph.degree.numpy()
    fit = np.flatnonzero((degree >= 3) & (degree <= 12))
    if len(fit) < count:
        fit = np.argsort(-degree, kind="stable")[: max(count, 1)]
    return [int(fit[k]) for k in np.linspace(0, len(fit) - 1, min(count, len(fit))).astype(int)]


def _ego(graph: Graph, centre: int) -> tuple[np.ndarray, Tensor]:
    """(n,) nodes of up to two steps, the centre first, and (2, e) edges between their places."""
    source, target = graph.edge_index.numpy()
    first = np.unique(target[source == centre])
    first = first[first != centre][:_FIRST]
    rest = np.unique(target[np.isin(source, first)])
    rest = rest[~np.isin(rest, [centre, *first])][: _MOST - 1 - len(first)]
    nodes = np.concatenate([[centre], first, rest])
    rank = np.full(graph.nodes, -1)
    rank[nodes] = np.arange(len(nodes))
    edges = rank[graph.edges.numpy()]
    return nodes, torch.from_numpy(edges[:, (edges >= 0).all(axis=0)])


def _layout(count: int, edges: Tensor) -> np.ndarray:
    """(n, 2) places in [0, 1], the centre in the middle: springs and repulsion."""
    rng = np.random.default_rng(0)
    at = rng.standard_normal((count, 2)) * 0.3
    at[0] = 0
    first, second = edges.numpy()
    for step in range(150):
        apart = at[:, None] - at[None]
        far = np.sqrt((apart**2).sum(-1)) + 1e-3
        force = (apart / far[..., None] ** 2).sum(1) * 0.02
        pull = at[first] - at[second]
        np.add.at(force, first, -pull * 0.6)
        np.add.at(force, second, pull * 0.6)
        force -= 0.15 * at
        size = np.sqrt((force**2).sum(-1, keepdims=True)) + 1e-9
        at += force / size * np.minimum(size, 0.15 * (1 - step / 150))
        at -= at[0]
    spread = float(np.abs(at).max()) or 1.0
    found: np.ndarray = 0.5 + 0.46 * at / spread
    return found


class _Canvas:
    """One drawing of several pixels for each, made small at the end."""

    def __init__(self, spots: np.ndarray, colours: list[str]) -> None:
        self.image = Image.new("RGB", (_SIDE * _FINE,) * 2, _PAPER)
        self.draw = ImageDraw.Draw(self.image)
        room = np.array([_SIDE, _SIDE - _BAR]) * _FINE
        self.spots, self.colours = spots * room, colours

    def graph(self, edges: np.ndarray, kept: np.ndarray, stays: np.ndarray) -> None:
        for keep in (False, True):
            for first, second in edges[:, kept == keep].T:
                ends = [tuple(self.spots[first]), tuple(self.spots[second])]
                self.draw.line(ends, fill=_LINE if keep else _GONE, width=_FINE if keep else 2)
        for place in range(len(self.spots) - 1, -1, -1):
            x, y = self.spots[place]
            size = _FINE * (6 if place == 0 else 4)
            box = (x - size, y - size, x + size, y + size)
            fill = self.colours[place] if stays[place] else _PAPER
            edge = _LINE if place == 0 else self.colours[place]
            self.draw.ellipse(box, fill=fill, outline=edge, width=_FINE)

    def bar(self, own: Tensor, seen: Tensor) -> None:
        """Features of the centre that are not 0, those that the view has set to 0 in grey."""
        some = own.nonzero()[:, 0]
        if not len(some):
            return
        some = some[torch.linspace(0, len(some) - 1, min(len(some), 30)).long()]
        wide = _SIDE * _FINE / len(some)
        for place, column in enumerate(some.tolist()):
            left = place * wide
            colour = _LINE if float(seen[column]) != 0 else _GONE
            box = (left + 2, (_SIDE - 10) * _FINE, left + wide - 2, (_SIDE - 3) * _FINE)
            self.draw.rectangle(box, fill=colour)

    def small(self) -> Image.Image:
        return self.image.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
