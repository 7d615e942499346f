import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.graphs import draw_non_links, make_graph


@pytest.mark.parametrize("directed", [False, True])
def test_pairs_have_no_link_in_either_direction(directed):
    rng = torch.Generator().manual_seed(0)
    graph = make_graph(torch.randint(12, (2, 40), generator=rng), nodes=12, directed=directed)
    drawn = draw_non_links(graph, 500, generator=rng)
    linked = {frozenset(pair) for pair in graph.edges.T.tolist()}
    free = {frozenset((u, v)) for u in range(12) for v in range(u)} - linked
    assert drawn.shape == (2, 500)
    assert {frozenset(pair) for pair in drawn.T.tolist()} == free  # all of them, and no other
    assert bool((drawn[0] < drawn[1]).all())


def test_a_complete_graph_has_none():
    graph = make_graph([[0, 0, 1], [1, 2, 2]], nodes=3)
    with pytest.raises(InputError, match="All pairs of nodes have a link"):
        draw_non_links(graph, 1, generator=torch.Generator())
