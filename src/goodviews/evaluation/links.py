"""Splits of the links of a graph, so that links to be predicted never carry messages.

Letters: N nodes, E edges.
"""

import hashlib
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from goodviews.core.errors import MOST_SEED, InputError, check_whole
from goodviews.core.rng import Key
from goodviews.graphs import Graph

_LISTED = 1_000_000
"""Pairs that are listed to draw negatives; in larger graphs they are drawn and checked."""


@dataclass(frozen=True, eq=False, repr=False)
class LinkSplit:
    """Links for training, validation and test, each pair (u, v) once with u < v.

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

    @property
    def train(self) -> Tensor:
        """(2, t) links of the training graph."""
        return self.graph.edges

    def __repr__(self) -> str:
        """Return a line with the sizes."""
        gone = f", {self.removed.shape[1]:,} removed" if self.removed.shape[1] else ""
        return (
            f"<LinkSplit: {self.train.shape[1]:,} training, {self.val.shape[1]:,} validation and "
            f"{self.test.shape[1]:,} test links{gone}, {self.ratio} negative"
            f"{'' if self.ratio == 1 else 's'} each, seed {self.seed}>"
        )


def split_links(
    graph: Graph,
    *,
    val: float = 0.05,
    test: float = 0.1,
    missing: float = 0.0,
    ratio: int = 1,
    seed: int = 0,
) -> LinkSplit:
    """Split the links of an undirected graph at random.

    The draw is keyed by the pair of nodes: the same graph and seed give the same split whatever
    the order of the edges, and the same test and validation links whatever is missing.

    Args:
        graph: One undirected graph.
        val: Share of the links for validation.
        test: Share of the links for the test.
        missing: Share of the training links that are removed.
        ratio: Number of negatives for each link of validation and test, drawn uniformly from the
            pairs without a link.
        seed: Random seed.

    Returns:
        The split. Negatives are neither links nor loops nor duplicates, and those of
        validation and test are disjoint.

    Raises:
        InputError: The graph is directed or a batch, a share is not valid, or there are too few
            links or too few pairs without one.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(20)), [*range(1, 20), 0]], nodes=20)
        >>> split_links(ring, missing=0.5).removed.shape
        torch.Size([2, 8])
    """
    check_whole("seed", seed, 0, MOST_SEED)
    check_whole("ratio", ratio, 1, 1000)
    _check(graph, val, test, missing)
    edges = graph.edges
    total = edges.shape[1]
    tests, vals = round(test * total), round(val * total)
    if not tests or (val and not vals) or tests + vals >= total:
        raise InputError(
            f"{total:,} links give {tests} for the test, {vals} for validation and "
            f"{total - tests - vals} for training; each part needs at least one."
        )
    order = (
        Key.of(seed=seed, samples=pair_codes(graph, edges)).uniform(1)[:, 0].argsort(stable=True)
    )
    rest = order[tests + vals :]
    gone = rest[len(rest) - int(missing * len(rest)) :]
    stay = rest[: len(rest) - len(gone)].sort().values
    wanted = ratio * (tests + vals)
    negatives = _negatives(graph, wanted, seed)
    digest = hashlib.sha256()
    parts = [edges[:, places] for places in (stay, order[tests : tests + vals], order[:tests])]
    for pairs in (*parts, negatives):
        digest.update(pairs.contiguous().numpy().tobytes())
    return LinkSplit(
        replace(
            graph,
            edges=parts[0],
            weights=None if graph.weights is None else graph.weights[stay],
        ),
        parts[1],
        parts[2],
        negatives[:, ratio * tests :],
        negatives[:, : ratio * tests],
        edges[:, gone],
        ratio,
        seed,
        digest.hexdigest()[:16],
    )


def pair_codes(graph: Graph, pairs: Tensor) -> Tensor:
    """(n,) int64, one number for each pair, the same in every part of a dataset."""
    ends = graph.node_names[pairs]
    return ends.amax(0) ** 2 + ends.amin(0)


def _check(graph: Graph, val: float, test: float, missing: float) -> None:
    if graph.directed:
        raise InputError(
            "Links are split as pairs without direction, but this graph is directed; load it "
            "with directed=False (--undirected)."
        )
    if graph.graphs != 1:
        raise InputError(f"Links of one graph are split, but this is a batch of {graph.graphs:,}.")
    for name, share in (("val", val), ("test", test), ("missing", missing)):
        if not (isinstance(share, int | float) and 0 <= share < 1):
            raise InputError(f"{name} must be a share from 0 to below 1, but got {share!r}.")
    if not graph.edges.shape[1]:
        raise InputError("The graph has no links to split: all nodes are isolated.")


def _negatives(graph: Graph, wanted: int, seed: int) -> Tensor:
    """Pairs without a link, (2, wanted), in random order."""
    nodes = graph.nodes
    free = nodes * (nodes - 1) // 2 - graph.edges.shape[1]
    if free < wanted:
        raise InputError(
            f"{wanted:,} negatives are needed, but only {free:,} of "
            f"{nodes * (nodes - 1) // 2:,} pairs have no link; lower ratio, val or test."
        )
    draw = torch.Generator().manual_seed(seed)
    links = graph.edges[0] * nodes + graph.edges[1]
    if nodes * (nodes - 1) // 2 <= _LISTED:
        row, column = torch.triu_indices(nodes, nodes, offset=1)
        open_pairs = torch.stack([row, column])[:, ~torch.isin(row * nodes + column, links)]
        return open_pairs[:, torch.randperm(free, generator=draw)[:wanted]]
    found = torch.zeros(0, dtype=torch.int64)
    while len(found) < wanted:
        ends = torch.randint(nodes, (2, 2 * wanted), generator=draw).sort(0).values
        new = (ends[0] * nodes + ends[1])[ends[0] != ends[1]]
        both = torch.cat([found, new[~torch.isin(new, links)]])
        codes, place = both.unique(return_inverse=True)
        first = torch.full((len(codes),), len(both)).scatter_reduce(
            0, place, torch.arange(len(both)), "amin"
        )
        found = both[first.sort().values]
    return torch.stack([found // nodes, found % nodes])[:, :wanted]
