"""Negatives are pairs without a link, of the kind that their name states."""

import networkx as nx
import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data.graphs.features import with_features
from goodviews.evaluation.links import negatives_of, split_links
from goodviews.evaluation.links.negatives import drawn_negatives, hard_negatives, matched_negatives
from goodviews.graphs import from_networkx, make_graph

GRAPH = from_networkx(nx.powerlaw_cluster_graph(120, 3, 0.4, seed=0))
LARGE = from_networkx(nx.powerlaw_cluster_graph(2000, 3, 0.4, seed=0))


def codes(pairs, nodes):
    return pairs[0] * nodes + pairs[1]


@pytest.mark.parametrize("graph", [GRAPH, LARGE], ids=["listed", "drawn"])
@pytest.mark.parametrize("kind", ["uniform", "degree", "hard"])
def test_no_negative_is_a_link_or_a_loop(graph, kind):
    split = split_links(graph, calibration=0.05, ratio=2)
    found = negatives_of(split, kind, "test", 20)
    assert found.shape == (2, split.test.shape[1], 20)
    assert bool((found[0] < found[1]).all())
    assert not bool(torch.isin(codes(found, graph.nodes), codes(graph.edges, graph.nodes)).any())


@pytest.mark.parametrize("kind", ["uniform", "degree", "hard"])
def test_negatives_are_the_same_whatever_links_are_missing_or_false(kind):
    one = split_links(GRAPH, seed=4)
    two = split_links(GRAPH, seed=4, missing=0.6, missing_by="degree", added=0.3)
    assert torch.equal(negatives_of(one, kind, "test", 10), negatives_of(two, kind, "test", 10))


def test_hard_negatives_do_not_change_with_features_that_are_made_from_links():
    graph = with_features(GRAPH, "structure")
    one, two = split_links(graph, seed=4), split_links(graph, seed=4, missing=0.6)
    assert not torch.equal(one.graph.features, two.graph.features)
    assert torch.equal(
        negatives_of(one, "hard", "test", 10), negatives_of(two, "hard", "test", 10)
    )


def test_the_first_uniform_negatives_are_those_of_the_split():
    split = split_links(GRAPH, ratio=3)
    found = negatives_of(split, "uniform", "test", 50)
    assert torch.equal(found[:, :, :3].reshape(2, -1), split.test_negatives)


@pytest.mark.parametrize("graph", [GRAPH, LARGE], ids=["listed", "drawn"])
def test_uniform_negatives_have_the_mean_degree_of_unlinked_pairs(graph):
    found = drawn_negatives(graph, (200, 50), 0)
    degree = graph.degree.double()
    total = degree.sum()
    product = (total**2 - (degree**2).sum()) / 2 - degree[graph.edges].prod(0).sum()
    pairs = graph.nodes * (graph.nodes - 1) / 2 - graph.edges.shape[1]
    drawn = degree[found].prod(0).flatten()
    assert abs(drawn.mean() - product / pairs) < 3 * drawn.std() / len(drawn) ** 0.5


def test_matched_ends_have_the_degrees_of_the_ends_of_the_links():
    links = LARGE.edges[:, ::20]
    found = matched_negatives(LARGE, LARGE, links, 40, 0)
    degree = LARGE.degree
    wanted, drawn = degree[links].sort(0).values, degree[found].sort(0).values
    counts = torch.bincount(degree)
    common = (counts[wanted] >= 10).all(0)  # as many nodes of that degree: matched exactly
    assert bool((drawn == wanted[:, :, None])[:, common].float().mean() > 0.999)
    assert abs(float(drawn.double().log().mean() - wanted.double().log().mean())) < 0.02


def test_hard_negatives_are_those_of_the_written_out_ranking():
    plain = nx.karate_club_graph()
    features = torch.randn(34, 4, generator=torch.Generator().manual_seed(0))
    graph = make_graph(np.array(list(plain.edges)).T, features)
    links = graph.edges[:, ::9]
    found = hard_negatives(graph, graph, links, 6, 0)
    unit = torch.nn.functional.normalize(features, dim=1)
    for number, (u, v) in enumerate(links.T.tolist()):
        for end in (u, v):
            free = [w for w in range(34) if w != end and not plain.has_edge(end, w)]
            shared = {w: s for _, w, s in nx.resource_allocation_index(
                plain, [(end, w) for w in free])}  # fmt: skip
            walk = nx.pagerank(plain, 0.85, personalization={end: 1}, weight=None, tol=1e-9)
            near = dict(enumerate((unit @ unit[end]).tolist()))
            ranks = {
                w: [
                    (sum(s[x] > s[w] for x in free), sum(s[x] >= s[w] for x in free) - 1)
                    for s in (shared, walk, near)
                ]
                for w in free
            }
            own = {sum(pair) - end for pair in found[:, number].T.tolist() if end in pair}
            assert len(own) >= 3
            assert all(min(at_best for at_best, _ in ranks[w]) < 3 for w in own)
            assert own >= {w for w in free if min(at_worst for _, at_worst in ranks[w]) == 0}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda full: drawn_negatives(full, (2, 2), 0), "Every pair of nodes is a link"),
        (lambda full: matched_negatives(full, full, full.edges[:, :2], 2, 0), "nearly all links"),
        (lambda full: hard_negatives(full, full, full.edges[:, :2], 4, 0), "has only 0"),
        (lambda full: hard_negatives(full, full, full.edges[:, :2], 3, 0), "an even count"),
        (lambda _: negatives_of(split_links(GRAPH), "easy", "test", 3), "Known: degree, hard"),
    ],
)
def test_what_cannot_be_drawn_is_answered(make, sentence):
    with pytest.raises(InputError, match=sentence):
        make(from_networkx(nx.complete_graph(12)))
