"""Metrics agree with scikit-learn's, their intervals cover, and their ties are fair."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from goodviews.core.errors import InputError
from goodviews.evaluation.links import (
    auc_gap,
    average_precision,
    hits,
    link_auc,
    mean_reciprocal_rank,
    ranks,
)


def drawn(rng, links=80, count=5, gap=1.0, whole=False):
    found = rng.normal(gap, 1, links), rng.normal(0, 1, (links, count))
    return tuple(np.round(one) for one in found) if whole else found


@pytest.mark.parametrize("whole", [False, True], ids=["no ties", "ties"])
def test_the_area_agrees_with_scikit_learn(whole):
    links, others = drawn(np.random.default_rng(0), whole=whole)
    truth = np.r_[np.ones(80), np.zeros(400)]
    expected = roc_auc_score(truth, np.r_[links, others.ravel()])
    assert link_auc(links, others).value == pytest.approx(expected, abs=1e-12)


def test_intervals_of_areas_and_of_differences_cover():
    rng = np.random.default_rng(1)
    areas, gaps, inside, null = [], [], 0, 0
    for _ in range(400):
        links, others = drawn(rng)
        more = rng.normal(0, 1, 80), rng.normal(0, 1, (80, 5))
        area = link_auc(links, others)
        gap = auc_gap(links, others, links + more[0], others + more[1])
        twin = auc_gap(links + more[0], others + more[1], links - more[0], others - more[1])
        areas.append(area)
        gaps.append(gap.value)
        inside += area.low < 0.76025 < area.high  # the normal distribution at 1 / sqrt(2)
        null += twin.low < 0 < twin.high
    assert np.std([one.value for one in areas]) == pytest.approx(
        np.mean([one.half for one in areas]) / 1.96, rel=0.12
    )
    assert np.mean(gaps) > 0
    for count in (inside, null):
        assert abs(count / 400 - 0.95) < 3 * (0.95 * 0.05 / 400) ** 0.5 + 0.01


def test_a_predictor_does_not_differ_from_a_monotone_copy_of_itself():
    links, others = drawn(np.random.default_rng(2))
    gap = auc_gap(links, others, np.exp(links), np.exp(others))
    assert (gap.value, gap.low, gap.high) == (0, 0, 0)


def test_constant_scores_are_chance_in_every_metric():
    links, others = np.zeros(40), np.zeros((40, 9))
    assert link_auc(links, others).value == 0.5
    assert average_precision(links, others[:, :1]) == 0.5
    assert average_precision(links, others) == pytest.approx(0.1)
    assert ranks(links, others).tolist() == [5.5] * 40


def test_random_scores_have_the_reciprocal_rank_and_hits_of_chance():
    rng = np.random.default_rng(3)
    rank = ranks(rng.random(20_000), rng.random((20_000, 9)))
    expected = (1 / np.arange(1, 11)).mean()
    assert abs(mean_reciprocal_rank(rank) - expected) < 3 * (1 / rank).std() / 20_000**0.5
    assert abs(hits(rank, 3, negatives=9) - 0.3) < 3 * (0.3 * 0.7 / 20_000) ** 0.5


def test_hits_with_fewer_negatives_than_its_k_are_refused():
    with pytest.raises(InputError, match="hits@50 needs at least 50 negatives"):
        hits(np.ones(3), 50, negatives=20)
