"""A prior helps exactly as much as it is sure, and a perfect measurement overrules it."""

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.evaluation.label_free import with_prior


def test_it_is_the_conjugate_posterior_by_integration():
    grid = np.linspace(-1, 1, 20_001)
    accuracy, stderr = np.array([0.7, 0.5]), np.array([0.1, 0.2])
    score, slope, spread = np.array([0.0, 1.0]), 0.06, 0.1
    found = with_prior(accuracy, stderr, score, slope=slope, spread=spread)
    for view in range(2):
        prior = slope * (score[view] - score.mean())
        measured = accuracy[view] - accuracy.mean()
        log = -((grid - prior) ** 2) / 2 / spread**2
        log -= (grid - measured) ** 2 / 2 / stderr[view] ** 2
        weight = np.exp(log - log.max())
        assert found[view] == pytest.approx((grid * weight).sum() / weight.sum(), abs=1e-6)


def test_where_the_model_holds_it_chooses_better_than_either_part():
    rng = np.random.default_rng(0)
    lost = {"labels": [], "score": [], "both": []}
    for _ in range(400):
        score = rng.uniform(size=12)
        truth = 0.1 * score + 0.03 * rng.normal(size=12)
        few = truth + 0.05 * rng.normal(size=12)
        both = with_prior(few, np.full(12, 0.05), score, slope=0.1, spread=0.03)
        for name, by in (("labels", few), ("score", score), ("both", both)):
            lost[name].append(truth.max() - truth[by.argmax()])
    mean = {name: np.mean(values) for name, values in lost.items()}
    assert mean["both"] < min(mean["labels"], mean["score"])


def test_numbers_that_mean_nothing_are_refused():
    with pytest.raises(InputError, match="spread"):
        with_prior(np.zeros(2), np.zeros(2), np.zeros(2), slope=1, spread=0)
    with pytest.raises(InputError, match="at least 0"):
        with_prior(np.zeros(2), -np.ones(2), np.zeros(2), slope=1, spread=1)
