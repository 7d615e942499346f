"""Designs in which each operation is read from all runs, and intervals that hold together."""

from itertools import combinations

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.jobs.study.screening.design import effects, foldover


@pytest.mark.parametrize("operations", [3, 4, 5, 8, 9, 11, 16])
def test_effects_are_free_of_each_other_and_of_interactions_of_two(operations):
    design = foldover(operations)
    runs = len(design)
    assert runs >= max(8, 2 * operations)
    np.testing.assert_array_equal(design.T @ design, runs * np.eye(operations))
    np.testing.assert_array_equal(design.sum(axis=0), 0)
    for one, other in combinations(range(operations), 2):
        assert not (design.T @ (design[:, one] * design[:, other])).any()


@pytest.mark.parametrize(
    ("operations", "shared"), [(9, []), (10, [(2, 9)]), (11, [(2, 9), (3, 10)])]
)
def test_the_first_pair_shares_its_contrast_with_the_pairs_that_are_documented(operations, shared):
    design = foldover(operations)
    pair = design[:, 0] * design[:, 1]
    found = [
        (one, other)
        for one, other in combinations(range(operations), 2)
        if (one, other) != (0, 1)
        and abs(pair @ (design[:, one] * design[:, other])) == len(design)
    ]
    assert found == shared


def test_planted_effects_and_their_interaction_are_found():
    design = foldover(9)
    scores = 0.7 + design @ np.arange(9) / 100 + 0.05 * design[:, 0] * design[:, 1]
    found = effects(design, scores)
    np.testing.assert_allclose([one.value for one in found.alone], np.arange(9) / 50, atol=1e-12)
    assert found.pair.value == pytest.approx(0.1)
    assert found.stderr == pytest.approx(0, abs=1e-12)


def test_all_intervals_hold_at_once_in_95_of_100_designs():
    rng, wrong, repeats = np.random.default_rng(0), 0, 2000
    design = foldover(8)
    for _ in range(repeats):
        found = effects(design, rng.normal(size=len(design)))
        wrong += any(one.low > 0 or one.high < 0 for one in [*found.alone, found.pair])
    assert wrong / repeats < 0.05 + 4 * np.sqrt(0.05 * 0.95 / repeats)
    assert wrong > 0  # intervals that never miss would be too wide


def test_interactions_make_intervals_wider_and_never_narrower():
    design, rng = foldover(9), np.random.default_rng(0)
    noise = rng.normal(size=len(design)) / 100
    plain = effects(design, noise)
    mixed = effects(design, noise + 0.1 * design[:, 2] * design[:, 3])
    assert mixed.stderr > 2 * plain.stderr
    assert mixed.alone[2].value == pytest.approx(plain.alone[2].value)


def test_too_few_operations_and_a_missing_score_are_refused():
    with pytest.raises(InputError, match="at least 3 operations, but got 2"):
        foldover(2)
    with pytest.raises(InputError, match="Expected 8 scores"):
        effects(foldover(4), np.zeros(7))
