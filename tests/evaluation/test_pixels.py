"""Scores of maps: equal to their definitions, and additive over images."""

import numpy as np
import pytest

from goodviews.evaluation.pixels import class_counts, depth_errors, depth_sums, mean_iou


def test_mean_iou_is_that_of_sets_of_pixels():
    rng = np.random.default_rng(0)
    predicted, truth = rng.integers(0, 4, (2, 3, 20, 30))
    truth[:, :2] = -1
    counts = sum(class_counts(p, t, classes=5) for p, t in zip(predicted, truth, strict=True))
    known = truth >= 0
    shares = []
    for k in range(4):
        one, other = (predicted == k) & known, truth == k
        shares.append((one & other).sum() / (one | other).sum())
    assert mean_iou(counts) == pytest.approx(np.mean(shares), abs=1e-12)
    assert mean_iou(class_counts(truth[0], truth[0], classes=5)) == 1


def test_depth_errors_are_those_of_all_known_pixels():
    rng = np.random.default_rng(0)
    truth, predicted = rng.uniform(0.5, 4, (2, 3, 5, 6))
    truth[0, 0] = 0
    sums = sum(depth_sums(p, t) for p, t in zip(predicted, truth, strict=True))
    p, t = predicted[truth > 0], truth[truth > 0]
    found = depth_errors(sums)
    assert found["abs_rel"] == pytest.approx(np.mean(np.abs(p - t) / t))
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean((p - t) ** 2)))
    assert found["within_1.25"] == np.mean(np.maximum(p / t, t / p) < 1.25)
