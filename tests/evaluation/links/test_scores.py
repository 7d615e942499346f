"""Scores of links: the encoder sees the training graph only, and names state ratios and counts."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from goodviews.core.errors import InputError
from goodviews.data.graphs import load_graphs
from goodviews.data.names import shared
from goodviews.evaluation import link_predictor, link_scores, split_links
from goodviews.evaluation.links import LinkPredictor
from goodviews.graphs import Graph, adjacency, from_networkx

BLOCKS = nx.stochastic_block_model([50, 50], [[0.25, 0.02], [0.02, 0.25]], seed=0)
GRAPH = from_networkx(BLOCKS)
SPLIT = split_links(GRAPH, calibration=0.1, test=0.2, seed=0)
MEMBER = F.one_hot(torch.arange(100) // 50).float()


def untrained(graph: Graph) -> torch.Tensor:
    """Two layers of a graph convolution with few random weights: wide ones start at 0.88."""
    import scipy.sparse as sp

    net = adjacency(graph) + sp.eye(graph.nodes)
    scale = sp.diags(np.asarray(net.sum(1)).ravel() ** -0.5)
    net = (scale @ net @ scale).astype(np.float32)
    draw = torch.Generator().manual_seed(0)
    table = graph.features
    for width in (32, 8):
        weight = torch.randn(table.shape[1], width, generator=draw) / table.shape[1] ** 0.5
        table = torch.from_numpy(net @ (table @ weight).numpy())
        table = table.relu() if width == 32 else table
    return table


@pytest.mark.skipif(shared() is None, reason="needs GOODVIEWS_DATA")
def test_test_links_in_message_passing_would_add_20_points_and_are_refused():
    cora = load_graphs("cora").graph
    split = split_links(cora, seed=0)
    clean = link_predictor(untrained, split)
    assert link_scores(clean, count=10).auc.value < 0.78
    leaked = F.normalize(untrained(cora), dim=1)
    cheat = LinkPredictor("cosine", split, lambda p: (leaked[p[0]] * leaked[p[1]]).sum(1))
    assert link_scores(cheat, count=10).auc.value > 0.85
    with pytest.raises(InputError, match="528 of 528 pairs of the test are links"):
        link_predictor(untrained, replace(split, graph=cora))


def test_the_encoder_is_called_on_the_training_graph_and_on_nothing_else():
    seen = []
    link_predictor(lambda graph: seen.append(graph) or graph.degree[:, None].float(), SPLIT)
    assert seen == [SPLIT.graph]


@pytest.mark.parametrize("decoder", ["cosine", "dot", "logistic"])
def test_representations_that_hold_the_blocks_predict_links(decoder):
    predictor = link_predictor(lambda _: MEMBER - 0.5, SPLIT, decoder=decoder)
    area = link_scores(predictor).auc
    inside = float(MEMBER[SPLIT.test].prod(0).sum(1).mean())
    free = ~torch.isin(
        torch.combinations(torch.arange(100)) @ torch.tensor([100, 1]),
        GRAPH.edges[0] * 100 + GRAPH.edges[1],
    )
    pairs = torch.combinations(torch.arange(100))[free].T
    others = float(MEMBER[pairs].prod(0).sum(1).mean())
    expected = inside * (1 - others) + 0.5 * (inside * others + (1 - inside) * (1 - others))
    assert area.value == pytest.approx(expected, abs=0.01)


def test_random_representations_are_at_chance():
    draw = torch.Generator().manual_seed(0)
    areas = []
    for seed in range(5):
        split = split_links(GRAPH, seed=seed, test=0.2)
        noise = torch.randn(100, 16, generator=draw)
        areas.append(link_scores(link_predictor(lambda _: noise, split)).auc.value)  # noqa: B023
    assert abs(np.mean(areas) - 0.5) < 3 * np.std(areas, ddof=1) / 5**0.5 + 0.02


def test_every_name_states_its_ratio_or_count():
    split = split_links(GRAPH, calibration=0.1, ratio=2)
    row = link_scores(link_predictor(lambda _: MEMBER - 0.5, split, decoder="dot"), count=30).row(
        first=(10, 50)
    )
    for name in ("auc@1:30", "ap@1:2", "mrr@30", "hits@10/30", "nll_nats@1:2", "brier@1:2",
                 "raw_brier@1:2", "calibration_error@1:2", "isolated_share"):  # fmt: skip
        assert np.isfinite(row[name]), name
    assert "hits@50/30" not in row


def test_probabilities_are_those_of_the_blocks():
    found = link_scores(link_predictor(lambda _: MEMBER - 0.5, SPLIT, decoder="logistic"))
    worth = found.sharpness()
    constant = 0.25
    assert worth.brier < constant - 0.05
    assert worth.error < 0.1
    shuffled = replace(found, links=found.others[:, 1], others=found.others[:, 2:])
    assert shuffled.sharpness().brier > constant


def test_hard_negatives_are_calibrated_with_hard_ones():
    found = link_scores(link_predictor(lambda _: MEMBER - 0.5, SPLIT), negatives="hard", count=20)
    again = link_scores(
        link_predictor(lambda _: MEMBER[:, :1] * 0 + 1.0, SPLIT), negatives="hard", count=20
    )
    assert found.sharpness().error < 0.12
    assert again.sharpness().brier == pytest.approx(0.25, abs=0.01)


def test_a_difference_is_paired_on_the_same_links():
    good = link_scores(link_predictor(lambda _: MEMBER - 0.5, SPLIT))
    poor = link_scores(link_predictor("degree_product", SPLIT))
    gap = good.over(poor)
    assert gap.value == pytest.approx(good.auc.value - poor.auc.value)
    assert gap.above
    with pytest.raises(InputError, match="same links and negatives"):
        good.over(link_scores(link_predictor("degree_product", SPLIT), negatives="degree"))


def test_links_of_isolated_nodes_have_a_row_of_their_own():
    split = split_links(GRAPH, missing=0.9, calibration=0.1)
    found = link_scores(link_predictor("degree_product", split))
    row = found.row()
    degree = split.graph.degree[split.test]
    assert row["isolated_share"] == pytest.approx(float((degree == 0).any(0).float().mean()))
    assert row["isolated_auc@1:100"] < row["connected_auc@1:100"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: link_predictor("katz", SPLIT), "Known: adamic_adar"),
        (lambda: link_predictor(lambda _: MEMBER, SPLIT, decoder="mlp"), "Known: cosine"),
        (lambda: link_predictor(lambda _: MEMBER[:9], SPLIT), "one row for each of 100 nodes"),
        (lambda: link_predictor(lambda _: MEMBER / 0, SPLIT), "NaN or infinite"),
        (
            lambda: link_scores(link_predictor("degree_product", split_links(GRAPH))).sharpness(),
            "need calibration links",
        ),
        (
            lambda: link_scores(link_predictor("degree_product", SPLIT)).probabilities(
                calibrated=False
            ),
            "are not log odds",
        ),
    ],
)
def test_what_cannot_be_scored_is_answered(make, sentence):
    with pytest.raises(InputError, match=sentence):
        make()
