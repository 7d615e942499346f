"""Splits of the links of a graph, so that links to be predicted never carry messages.

Letters: N nodes, E edges.
"""

import hashlib
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from goodviews.core.errors import MOST_SEED, InputError, check_whole
from goodviews.core.rng import Key
from goodviews.data.graphs.features import made_from_links, with_features
from goodviews.evaluation.links.missing import missing_order
from goodviews.evaluation.links.negatives import unlinked
from goodviews.graphs import Graph


@dataclass(frozen=True, eq=False, repr=False)
class LinkSplit:
    """Links for training, validation, calibration and test, each pair (u, v) once with u < v.

    Attributes:
        graph: All nodes and the training links: the only graph for training and for messages,
            also when validation and test links are scored.
        val: (2, n) links that choose settings.
        test: (2, m) links that are reported.
        val_negatives: (2, ratio n) pairs without a link.
        test_negatives: (2, ratio m) other pairs without a link.
        removed: (2, r) links in no part, which were made missing.
        ratio: Number of negatives for each link.
        seed: Random seed of the split.
        hash: Hash of all pairs.
        calibration: (2, c) links that fit probabilities and nothing else.
        calibration_negatives: (2, ratio c) other pairs without a link.
        added: (2, a) false links in the training graph.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(20)), [*range(1, 20), 0]], nodes=20)
        >>> split_links(ring)
        <LinkSplit: 17 training, 1 validation and 2 test links, 1 negative each, seed 0>
    """

    graph: Graph
    val: Tensor
    test: Tensor
    val_negatives: Tensor
    test_negatives: Tensor
    removed: Tensor
    ratio: int
    seed: int
    hash: str
    calibration: Tensor
    calibration_negatives: Tensor
    added: Tensor

    @property
    def train(self) -> Tensor:
        """(2, t) links of the training graph, with the false ones."""
        return self.graph.edges

    @property
    def true_links(self) -> Tensor:
        """(2, E) all links of the graph that was split, in ascending order."""
        size = self.graph.nodes
        false = torch.isin(_codes(self.train, size), _codes(self.added, size))
        parts = (self.train[:, ~false], self.val, self.test, self.calibration, self.removed)
        codes = _codes(torch.cat(parts, 1), size).sort().values
        return torch.stack([codes // size, codes % size])

    def __repr__(self) -> str:
        """Return a line with the sizes."""
        gone = f", {self.removed.shape[1]:,} removed" if self.removed.shape[1] else ""
        false = f", {self.added.shape[1]:,} false ones added" if self.added.shape[1] else ""
        apart = f"{self.calibration.shape[1]:,} calibration, " if self.calibration.shape[1] else ""
        return (
            f"<LinkSplit: {self.train.shape[1]:,} training, {apart}{self.val.shape[1]:,} "
            f"validation and {self.test.shape[1]:,} test links{gone}{false}, {self.ratio} negative"
            f"{'' if self.ratio == 1 else 's'} each, seed {self.seed}>"
        )


def split_links(
    graph: Graph,
    *,
    val: float = 0.05,
    test: float = 0.1,
    calibration: float = 0.0,
    missing: float = 0.0,
    missing_by: str = "uniform",
    added: float = 0.0,
    ratio: int = 1,
    seed: int = 0,
) -> LinkSplit:
    """Split the links of an undirected graph at random.

    The draw is keyed by the pair of nodes: the same graph and seed give the same split whatever
    the order of the edges, and the same test, validation and calibration links whatever is
    missing or added.

    Args:
        graph: One undirected graph.
        val: Share of the links for validation.
        test: Share of the links for the test.
        calibration: Share of the links for the calibration of probabilities.
        missing: Share of the training links that are removed.
        missing_by: Which links are removed first: ``uniform``, ``degree`` or ``community``
            (:func:`goodviews.evaluation.links.missing.missing_order`).
        added: False links that are added at random to the training graph, as a share of the
            training links before any is removed.
        ratio: Number of negatives for each link that is scored, drawn uniformly from the pairs
            without a link.
        seed: Random seed.

    Returns:
        The split. Features that were made from the links (``features="degree"`` or
        ``"structure"``) are made again from the training links. Negatives are neither links nor
        loops nor duplicates, they are disjoint over the parts, and none of them is a false link of
        the training graph.

    Raises:
        InputError: The graph is directed or a batch, a share is not valid, or there are too few
            links or too few pairs without one.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(20)), [*range(1, 20), 0]], nodes=20)
        >>> split_links(ring, missing=0.5, added=0.25)
        <LinkSplit: 13 training, 1 validation and 2 test links, 8 removed, 4 false ones added, \
1 negative each, seed 0>
    """
    check_whole("seed", seed, 0, MOST_SEED)
    check_whole("ratio", ratio, 1, 1000)
    _check(graph, val=val, test=test, calibration=calibration, missing=missing, added=added)
    edges = graph.edges
    total = edges.shape[1]
    tests, vals, apart = (round(share * total) for share in (test, val, calibration))
    scored = tests + vals + apart
    if not tests or (val and not vals) or (calibration and not apart) or scored >= total:
        raise InputError(
            f"{total:,} links give {tests} for the test, {vals} for validation, {apart} for "
            f"calibration and {total - scored} for training; each part needs at least one. "
            "Use a graph with more links, or other shares."
        )
    draws = Key.of(seed=seed, samples=pair_codes(graph, edges)).uniform(1)[:, 0]
    order = draws.argsort(stable=True)
    rest = order[scored:]
    times = missing_order(graph, by=missing_by, seed=seed, draws=draws)[rest]
    rest = rest[times.argsort(descending=True, stable=True)]
    gone = rest[len(rest) - int(missing * len(rest)) :]
    stay = rest[: len(rest) - len(gone)].sort().values
    free = unlinked(graph, ratio * scored + round(added * len(rest)), seed)
    cuts = [ratio * tests, ratio * vals, ratio * apart]
    negatives = free[:, : sum(cuts)].split(cuts, 1)
    false = free[:, sum(cuts) :]
    chosen = order[:scored].split([tests, vals, apart])
    digest = hashlib.sha256()
    for pairs in (edges[:, stay], *(edges[:, chosen[k]] for k in (1, 0, 2)), free):
        digest.update(pairs.contiguous().numpy().tobytes())
    return LinkSplit(
        _training_graph(graph, stay, false),
        edges[:, chosen[1]],
        edges[:, chosen[0]],
        negatives[1],
        negatives[0],
        edges[:, gone],
        ratio,
        seed,
        digest.hexdigest()[:16],
        edges[:, chosen[2]],
        negatives[2],
        false,
    )


def pair_codes(graph: Graph, pairs: Tensor) -> Tensor:
    """(n,) int64, one number for each pair, the same in every part of a dataset."""
    ends = graph.node_names[pairs]
    return ends.amax(0) ** 2 + ends.amin(0)


def links_hash(graph: Graph) -> str:
    """Hash of the links of a graph alone, whatever its features and the directions of its edges.

    A run with the same hash was trained on the same links, in another file or with other features.

    Args:
        graph: A graph.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> path = make_graph([[0, 1], [1, 2]], nodes=3)
        >>> links_hash(path) == links_hash(replace(path, features=torch.ones(3, 1)))
        True
    """
    pairs = graph.edges.sort(0).values
    codes = _codes(pairs, graph.nodes).unique().numpy()
    return hashlib.sha256(f"{graph.nodes} ".encode() + codes.tobytes()).hexdigest()[:16]


def _codes(pairs: Tensor, nodes: int) -> Tensor:
    return pairs[0] * nodes + pairs[1]


def _training_graph(graph: Graph, stay: Tensor, false: Tensor) -> Graph:
    """All nodes, the links that stay and the false ones, which have the mean weight.

    Features that were made from the links are made again from those that are left.
    """
    edges = torch.cat([graph.edges[:, stay], false], 1)
    order = _codes(edges, graph.nodes).argsort()
    weights = graph.weights
    if weights is not None:
        mean = weights[stay].mean()
        weights = torch.cat([weights[stay], mean.expand(false.shape[1])])[order]
    made = replace(graph, edges=edges[:, order], weights=weights)
    choice = made_from_links(graph)
    return made if choice is None else with_features(made, choice)


def _check(graph: Graph, **shares: float) -> None:
    if graph.directed:
        raise InputError(
            "Links are split as pairs without direction, but this graph is directed; load it "
            "with directed=False (--undirected)."
        )
    if graph.graphs != 1:
        raise InputError(f"Links of one graph are split, but this is a batch of {graph.graphs:,}.")
    for name, share in shares.items():
        if not (isinstance(share, int | float) and 0 <= share < 1):
            raise InputError(f"{name} must be a share from 0 to below 1, but got {share!r}.")
    if not graph.edges.shape[1]:
        raise InputError("The graph has no links to split: all nodes are isolated.")
