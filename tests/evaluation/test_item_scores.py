"""Scores by item: their mean is the score, their spread that of the score over new items."""

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    r2_score,
    roc_auc_score,
)

from goodviews.core.errors import InputError
from goodviews.core.intervals import mean_variance
from goodviews.evaluation.item_scores import (
    auroc_items,
    balanced_items,
    mean_average_precision,
    r2_items,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_the_mean_over_items_is_the_score(rng):
    truth, scores = rng.integers(0, 2, (200, 3)).astype(float), rng.random((200, 3)).round(1)
    assert np.isclose(auroc_items(scores, truth).mean(), roc_auc_score(truth, scores))
    assert np.isclose(
        mean_average_precision(scores, truth), average_precision_score(truth, scores)
    )
    y = rng.standard_normal(50)
    found = y + rng.standard_normal(50)
    assert np.isclose(r2_items(found, y).mean(), r2_score(y, found))
    classes = rng.choice(3, 60, p=(0.8, 0.15, 0.05))
    guess = np.where(rng.random(60) < 0.7, classes, 0)
    made = balanced_items((guess == classes).astype(float), classes)
    assert np.isclose(made.mean(), balanced_accuracy_score(classes, guess))


def test_labels_that_are_not_known_count_nowhere(rng):
    truth, scores = rng.integers(0, 2, (100, 2)).astype(float), rng.random((100, 2))
    truth[:40, 1] = np.nan
    expected = [
        roc_auc_score(truth[:, 0], scores[:, 0]),
        roc_auc_score(truth[40:, 1], scores[40:, 1]),
    ]
    assert np.isclose(auroc_items(scores, truth).mean(), np.mean(expected))
    truth[:, 1] = 1  # no image without it: only the first label can be tested
    assert np.isclose(auroc_items(scores, truth).mean(), expected[0])
    with pytest.raises(InputError, match="None of 1 labels"):
        auroc_items(scores[:, :1], np.ones((100, 1)))


def _spread(draw, score):
    """Standard deviation of a score over new items, and the mean of what items say of it."""
    values, said = [], []
    for seed in range(300):
        items = score(*draw(np.random.default_rng(seed)))
        values.append(items.mean())
        said.append(mean_variance(items)[0])
    return np.std(values), np.mean(said) ** 0.5


@pytest.mark.parametrize("kind", ["auroc", "balanced", "r2"])
def test_the_variance_over_items_is_that_of_the_score(kind):
    def draw(rng):
        if kind == "r2":
            y = rng.standard_normal(200)
            return 0.7 * y + 0.5 * rng.standard_normal(200), y
        y = (np.arange(200) < 40).astype(int)  # class sizes as they are
        if kind == "balanced":
            return (rng.random(200) < np.where(y, 0.6, 0.9)).astype(float), y
        shared = rng.standard_normal((200, 1))  # labels that are alike
        return y[:, None] + shared + 0.5 * rng.standard_normal((200, 2)), np.stack([y, y], 1) * 1.0

    score = {"auroc": auroc_items, "balanced": balanced_items, "r2": r2_items}[kind]
    measured, said = _spread(draw, score)
    assert 0.85 < said / measured < 1.15
