"""Pairs of nodes without a link, with which links are compared: uniform, degree-matched, hard.

Letters: N nodes, m links, K negatives of each link.
"""

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.graphs import Graph, draw_non_links

_LISTED = 1_000_000
"""Pairs that are listed to draw from them; in larger graphs they are drawn and checked."""

_DRAWN = 1 << 16
"""Pairs that are drawn at once, however many are needed: fewer are the first of more."""

_NEAREST, _TURNS = 10, 200
"""Nodes of nearest degree, where few have the same; draws before the search is given up."""

_CHUNK = 256
"""Nodes whose similarities to all nodes are in memory together."""


def unlinked(graph: Graph, count: int, seed: int) -> Tensor:
    """Pairs without a link, uniform and without duplicates.

    Args:
        graph: An undirected graph.
        count: How many.
        seed: Random seed.

    Returns:
        (2, count) with u < v, in random order.

    Raises:
        InputError: There are too few pairs without a link.
    """
    nodes = graph.nodes
    free = nodes * (nodes - 1) // 2 - graph.edges.shape[1]
    if free < count:
        raise InputError(
            f"{count:,} negatives are needed, but only {free:,} of "
            f"{nodes * (nodes - 1) // 2:,} pairs have no link; lower ratio, val or test, or use a "
            "graph with fewer links."
        )
    draw = torch.Generator().manual_seed(seed)
    links = graph.edges[0] * nodes + graph.edges[1]
    if nodes * (nodes - 1) // 2 <= _LISTED:
        return _open_pairs(nodes, links)[:, torch.randperm(free, generator=draw)[:count]]
    found = torch.zeros(0, dtype=torch.int64)
    while len(found) < count:
        ends = torch.randint(nodes, (2, _DRAWN), generator=draw).sort(0).values
        new = (ends[0] * nodes + ends[1])[ends[0] != ends[1]]
        both = torch.cat([found, new[~torch.isin(new, links)]])
        codes, place = both.unique(return_inverse=True)
        first = torch.full((len(codes),), len(both)).scatter_reduce(
            0, place, torch.arange(len(both)), "amin"
        )
        found = both[first.sort().values]
    return torch.stack([found // nodes, found % nodes])[:, :count]


def drawn_negatives(graph: Graph, shape: tuple[int, int], seed: int) -> Tensor:
    """Pairs without a link, uniform and with replacement.

    Args:
        graph: An undirected graph.
        shape: Number of links m, and of negatives K of each.
        seed: Random seed.

    Returns:
        (2, m, K) with u < v.

    Raises:
        InputError: Every pair is a link.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> path = make_graph([[0, 1], [1, 2]], nodes=3)
        >>> drawn_negatives(path, (1, 2), 0).tolist()
        [[[0, 0]], [[2, 2]]]
    """
    nodes, total = graph.nodes, shape[0] * shape[1]
    draw = torch.Generator().manual_seed(seed)
    if nodes * (nodes - 1) // 2 <= _LISTED:
        free = _open_pairs(nodes, graph.edges[0] * nodes + graph.edges[1])
        if not free.shape[1]:
            raise InputError("Every pair of nodes is a link, so there are no negatives.")
        chosen = torch.randint(free.shape[1], (total,), generator=draw)
        return free[:, chosen].view(2, *shape)
    return draw_non_links(graph, total, generator=draw).view(2, *shape)


def matched_negatives(graph: Graph, seen: Graph, links: Tensor, count: int, seed: int) -> Tensor:
    """Pairs without a link whose ends have the degrees of the ends of each link.

    Each end of a link (u, v) is replaced by a node of the same degree in the graph that predictors
    see, or by one of the 10 nodes of nearest degree where there are fewer. So degrees alone do not
    predict links.

    Args:
        graph: The graph with all links; none of them is a negative.
        seen: The graph whose degrees are matched: the links for training.
        links: (2, m) links.
        count: Number K of negatives of each link.
        seed: Random seed.

    Returns:
        (2, m, K) with u < v, drawn with replacement.

    Raises:
        InputError: No pairs of similar degrees are without a link.

    References:
        Kojaku et al., 2024, arXiv:2405.14985, for degree-corrected negatives.
    """
    nodes, total = graph.nodes, links.shape[1] * count
    draw = torch.Generator().manual_seed(seed)
    known = graph.edges[0] * nodes + graph.edges[1]
    degree = seen.degree
    order = torch.randperm(nodes, generator=draw)
    order = order[degree[order].argsort(stable=True)]
    place = torch.empty_like(order)
    place[order] = torch.arange(nodes)
    steps = degree[order]
    low = torch.searchsorted(steps, degree)
    high = torch.searchsorted(steps, degree, right=True)
    ends = links[:, :, None].expand(-1, -1, count).reshape(2, total)
    found = torch.zeros_like(ends)
    left, width = torch.arange(total), _NEAREST
    for turn in range(_TURNS):
        few = high - low < width
        begin = (place - width // 2).clamp(min=0, max=max(nodes - width, 0))
        low = torch.where(few, torch.minimum(low, begin), low)
        high = torch.where(few, torch.maximum(high, (begin + width).clamp(max=nodes)), high)
        mine = ends[:, left]
        room = (high - low)[mine]
        chosen = low[mine] + (torch.rand(mine.shape, generator=draw) * room).long()
        pairs = order[chosen].sort(0).values
        found[:, left] = pairs
        left = left[(pairs[0] == pairs[1]) | torch.isin(pairs[0] * nodes + pairs[1], known)]
        if not len(left):
            return found.view(2, links.shape[1], count)
        if turn % 10 == 9:
            width *= 2
    raise InputError(
        "Pairs of nodes of similar degree are nearly all links, so there are no degree-matched "
        "negatives; use uniform ones."
    )


def hard_negatives(graph: Graph, seen: Graph, links: Tensor, count: int, seed: int) -> Tensor:
    """The likeliest pairs without a link that share an end with each link.

    For a link (u, v), half of the negatives are pairs (u, w) and half (v, w). All nodes w
    without a link to that end are ranked by resource allocation, by personalised PageRank and,
    where there are features, by their cosine; a pair counts by the best of its ranks.

    Args:
        graph: The graph with all links; none of them is a negative.
        seen: The graph with the links by which pairs are ranked: those for training.
        links: (2, m) links.
        count: Number K of negatives of each link, even.
        seed: Random seed of ties.

    Returns:
        (2, m, K) with u < v, in random order.

    Raises:
        InputError: A node has fewer than K / 2 nodes that it has no link to.

    References:
        Li et al., 2023 (HeaRT), arXiv:2306.10453; here the heuristics see training links only,
        and test links are never negatives.
    """
    from goodviews.evaluation.links.heuristics import similarity_rows

    if count % 2:
        raise InputError(f"Hard negatives need an even count, but got {count}.")
    nodes, half = graph.nodes, count // 2
    draw = torch.Generator().manual_seed(seed)
    ends, place = links.unique(return_inverse=True)
    taken = torch.zeros(len(ends), nodes, dtype=torch.bool)
    row = torch.full((nodes,), -1)
    row[ends] = torch.arange(len(ends))
    for one, other in (graph.edges, graph.edges.flip(0)):
        own = row[one] >= 0
        taken[row[one[own]], other[own]] = True
    taken[torch.arange(len(ends)), ends] = True
    least = int((~taken).sum(1).min())
    if least < half:
        raise InputError(
            f"{count} hard negatives for each link need {half} nodes without a link to each end, "
            f"but a node has only {least}; lower the count."
        )
    best = torch.empty(len(ends), half, dtype=torch.int64)
    noise = 1e-9 * torch.rand(nodes, generator=draw, dtype=torch.float64)
    for start in range(0, len(ends), _CHUNK):
        some = slice(start, start + _CHUNK)
        best[some] = _likeliest(similarity_rows(seen, ends[some]), taken[some], noise, half)
    other = best[place].permute(1, 0, 2).reshape(links.shape[1], count)  # first of u, then of v
    near = links.T[:, :, None].expand(-1, -1, half).reshape(links.shape[1], count)
    mix = torch.rand(other.shape, generator=draw).argsort(1)
    pairs = torch.stack([near.gather(1, mix), other.gather(1, mix)])
    return pairs.sort(0).values


def _likeliest(rows: list[Tensor], taken: Tensor, noise: Tensor, half: int) -> Tensor:
    """(n, half) nodes with the best rank by any similarity: only the first half of each count."""
    best = torch.full(taken.shape, float(half), dtype=torch.float64)
    for values in rows:
        apart = values + noise * values.abs().amax(1, keepdim=True).clamp(min=1e-12)
        top = apart.masked_fill(taken, -torch.inf).topk(half, 1).indices
        rank = torch.arange(float(half), dtype=torch.float64).expand(top.shape)
        best.scatter_reduce_(1, top, rank, "amin")
    return (best + noise).masked_fill(taken, torch.inf).topk(half, 1, largest=False).indices


def _open_pairs(nodes: int, links: Tensor) -> Tensor:
    row, column = torch.triu_indices(nodes, nodes, offset=1)
    return torch.stack([row, column])[:, ~torch.isin(row * nodes + column, links)]
