"""Links are split without leaks, on sparse, dense and bipartite graphs."""

from dataclasses import replace

import networkx as nx
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data.graphs.features import with_features
from goodviews.evaluation import split_links
from goodviews.evaluation.links.negatives import unlinked
from goodviews.graphs import batch_graphs, from_networkx, make_graph

GRAPHS = {
    "sparse": nx.gnp_random_graph(200, 0.02, seed=0),
    "dense": nx.gnp_random_graph(30, 0.7, seed=0),
    "bipartite": nx.complete_bipartite_graph(12, 9),
    "large": nx.gnm_random_graph(3000, 6000, seed=0),
}


def pairs(edges):
    return {tuple(pair) for pair in edges.T.tolist()}


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("missing", [0.0, 0.5])
def test_parts_are_disjoint_canonical_and_complete(name, missing):
    graph = from_networkx(GRAPHS[name])
    split = split_links(graph, missing=missing, seed=3)
    links = [split.train, split.val, split.test, split.removed]
    everything = set().union(*map(pairs, links))
    assert everything == pairs(graph.edges)
    assert sum(part.shape[1] for part in links) == len(everything)
    negatives = [split.val_negatives, split.test_negatives]
    for part in (*links, *negatives):
        assert bool((part[0] < part[1]).all())
    drawn = set().union(*map(pairs, negatives))
    assert len(drawn) == sum(part.shape[1] for part in negatives)
    assert not drawn & everything
    assert split.test_negatives.shape == split.test.shape
    assert pairs(split.graph.edges) == everything - set().union(*map(pairs, links[1:]))


@pytest.mark.parametrize("name", GRAPHS)
def test_calibration_and_false_links_are_apart_from_everything_else(name):
    graph = from_networkx(GRAPHS[name])
    split = split_links(graph, calibration=0.1, missing=0.2, added=0.15, seed=1)
    assert split.calibration.shape[1] == round(0.1 * graph.edges.shape[1])
    drawn = [split.test_negatives, split.val_negatives, split.calibration_negatives, split.added]
    assert len(set().union(*map(pairs, drawn))) == sum(part.shape[1] for part in drawn)
    assert not set().union(*map(pairs, drawn)) & pairs(graph.edges)
    scored = [split.test, split.val, split.calibration, *drawn[:3]]
    assert not set().union(*map(pairs, scored)) & pairs(split.train)
    assert pairs(split.added) <= pairs(split.train)
    assert torch.equal(split.true_links, graph.edges)
    plain = split_links(graph, calibration=0.1, seed=1)
    for part in ("test", "val", "calibration", "test_negatives", "calibration_negatives"):
        assert torch.equal(getattr(split, part), getattr(plain, part))


@pytest.mark.parametrize("by", ["uniform", "degree", "community"])
def test_more_missing_links_contain_the_fewer(by):
    graph = from_networkx(GRAPHS["sparse"])
    gone = [pairs(split_links(graph, missing=q, missing_by=by).removed) for q in (0.2, 0.5, 0.8)]
    assert gone[0] < gone[1] < gone[2]


def test_links_go_missing_at_the_stated_rates():
    star = from_networkx(nx.star_graph(100))  # degree 100 at the centre, 1 at the leaves
    path = make_graph([range(101, 201), range(102, 202)], nodes=202)
    both = make_graph(torch.cat([star.edges, path.edges], 1), nodes=202)
    rates = {"uniform": 1.0, "degree": (100 / 4) ** -0.5}  # of the star over the path
    for by, ratio in rates.items():
        stars = total = 0
        for seed in range(40):
            gone = split_links(both, missing=0.05, missing_by=by, seed=seed).removed
            stars, total = stars + int((gone[0] < 101).sum()), total + gone.shape[1]
        share = ratio / (1 + ratio)
        assert abs(stars / total - share) < 3 * (share * (1 - share) / total) ** 0.5 + 0.01


def test_poorly_observed_communities_lose_more_links():
    blocks = nx.stochastic_block_model([60] * 4, (0.3 * torch.eye(4)).tolist(), seed=0)
    lost = []
    for seed in range(6):
        split = split_links(from_networkx(blocks), missing=0.5, missing_by="community", seed=seed)
        block = split.removed[0] // 60
        share = torch.bincount(block, minlength=4) / (split.removed.shape[1] / 4)
        lost.append(share.max() - share.min())
    assert sum(lost) / 6 > 0.6


@pytest.mark.parametrize("choice", ["degree", "structure"])
def test_features_that_are_made_from_links_are_made_from_training_links(choice):
    whole = with_features(from_networkx(GRAPHS["sparse"]), choice)
    split = split_links(whole, missing=0.5)
    expected = with_features(replace(whole, edges=split.train), choice).features
    assert torch.equal(split.graph.features, expected)
    assert not torch.equal(split.graph.features, whole.features)
    given = replace(whole, features=whole.features + 1)
    assert torch.equal(split_links(given).graph.features, given.features)


def test_weights_follow_their_links():
    graph = make_graph([range(40), range(1, 41)], nodes=41, weights=range(1, 41))
    split = split_links(graph, missing=0.3, added=0.1)
    true = ~torch.isin(split.train[0] * 41 + split.train[1], split.added[0] * 41 + split.added[1])
    assert torch.equal(split.graph.weights[true], split.train[1][true].float())
    assert torch.allclose(split.graph.weights[~true], split.graph.weights[true].mean())


def test_the_same_links_are_tested_whatever_is_missing_and_however_edges_are_listed(rng):
    graph = from_networkx(GRAPHS["sparse"])
    one, two = split_links(graph), split_links(graph, missing=0.9)
    assert torch.equal(one.test, two.test)
    assert torch.equal(one.test_negatives, two.test_negatives)
    assert pairs(two.train) < pairs(one.train)
    order = torch.randperm(graph.edges.shape[1], generator=rng)
    again = split_links(make_graph(graph.edges.flip(0)[:, order], nodes=graph.nodes))
    assert again.hash == one.hash
    assert split_links(graph, seed=1).hash != one.hash


def test_shares_and_ratio_are_those_asked():
    split = split_links(from_networkx(GRAPHS["large"]), ratio=3)
    assert split.test.shape[1] == 600
    assert split.val.shape[1] == 300
    assert split.test_negatives.shape[1] == 1800


@pytest.mark.parametrize("nodes", [60, 3000], ids=["listed", "drawn"])
def test_negatives_are_uniform_over_the_pairs_without_a_link(nodes):
    ring = from_networkx(nx.cycle_graph(nodes))
    low = 0
    drawn = 0
    for seed in range(40):
        found = unlinked(ring, 50, seed)
        low += int((found[0] < nodes // 2).sum())
        drawn += found.shape[1]
    # The lower end of a uniform pair is below half with probability 3/4, up to terms of 1/nodes.
    assert abs(low / drawn - 0.75) < 3 * (0.75 * 0.25 / drawn) ** 0.5 + 1 / nodes


@pytest.mark.parametrize(
    ("graph", "given", "sentence"),
    [
        (make_graph([[0, 1], [1, 0]], nodes=2, directed=True), {}, "this graph is directed"),
        (make_graph(torch.zeros(2, 0).long(), nodes=5), {}, "no links to split"),
        (make_graph([[0, 1], [1, 2]], nodes=3), {}, "each part needs at least one"),
        (from_networkx(nx.complete_graph(20)), {}, "only 0 of 190 pairs have no link"),
        (from_networkx(nx.cycle_graph(40)), {"missing": 1.0}, "missing must be a share"),
        (from_networkx(nx.cycle_graph(40)), {"missing_by": "age"}, "Known: community, degree"),
        (from_networkx(nx.cycle_graph(40)), {"added": -0.1}, "added must be a share"),
        (from_networkx(nx.cycle_graph(40)), {"calibration": 0.001}, "0 for calibration"),
        (from_networkx(nx.cycle_graph(40)), {"ratio": 0}, "ratio must be a whole number"),
        (batch_graphs([make_graph([[0], [1]], nodes=2)] * 2), {}, "a batch of 2"),
    ],
)
def test_what_cannot_be_split_is_answered(graph, given, sentence):
    with pytest.raises(InputError, match=sentence):
        split_links(graph, **given)
