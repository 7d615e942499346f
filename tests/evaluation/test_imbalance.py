"""Scores of uneven classes: closed forms, scikit-learn's values, coverage of the interval."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from goodviews.evaluation.imbalance import balanced, class_weights, macro_auroc, macro_f1
from goodviews.evaluation.protocols import evaluate_representation
from goodviews.evaluation.scores import Parts


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth = rng.choice(4, 300, p=[0.7, 0.2, 0.07, 0.03])
    logits = rng.standard_normal((300, 4)).round(1) + 1.5 * np.eye(4)[truth]  # with ties
    probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    guess = probs.argmax(1)
    right = (guess == truth).astype(float)
    assert balanced(right, truth)[0] == pytest.approx(balanced_accuracy_score(truth, guess))
    assert (class_weights(truth) * right).mean() == pytest.approx(balanced(right, truth)[0])
    assert macro_f1(guess[None], truth) == pytest.approx(f1_score(truth, guess, average="macro"))
    wanted = roc_auc_score(truth, probs, multi_class="ovr")
    assert macro_auroc(probs, truth) == pytest.approx(wanted)


def test_a_constant_answer_is_at_chance_whatever_the_shares():
    truth = (np.arange(400) % 20 == 0).astype(int)
    right = (truth == 0).astype(float)
    assert right.mean() == 0.95
    value, low, high = balanced(right, truth)
    assert value == 0.5
    assert low < 0.5 < high  # none of 20 rare images was right; the next one may be
    assert macro_auroc(np.zeros((400, 2)), truth) == 0.5


def test_the_interval_covers():
    rng = np.random.default_rng(0)
    truth = (np.arange(400) % 8 == 0).astype(int)
    inside = 0
    for _ in range(400):
        _, low, high = balanced((rng.random(400) < np.where(truth, 0.6, 0.9)) * 1.0, truth)
        inside += low < 0.75 < high
    assert inside > 0.92 * 400


def test_every_protocol_reports_them():
    rng = np.random.default_rng(0)
    y = (np.arange(600) % 10 == 0).astype(int)
    x = rng.standard_normal((600, 4))
    parts = Parts(np.arange(300), np.arange(300, 350), np.arange(350, 600))
    found, _ = evaluate_representation(x, y, parts, classes=2, budgets=("10",))
    for score in found[:3]:
        assert score.balanced_low <= score.balanced_accuracy <= score.balanced_high
        assert abs(score.macro_auroc - 0.5) < 0.15
        assert score.macro_f1 < 0.6
    assert found[0].top1 > 0.85
    assert found[0].balanced_accuracy < 0.6
