"""The calibration of a study's statistics: its simulator, its rows, and what it mended."""

import csv
import json
import math

import numpy as np
import pytest
from scipy.stats import binomtest

from goodviews.core.intervals import seeds_interval
from goodviews.jobs.study.statistics.layout import Layout
from goodviews_experiments import run
from goodviews_experiments.calibration.measured import moderated, own_squares
from goodviews_experiments.calibration.simulated import STUDIES, simulate

DIGITS = STUDIES["digits"]


def test_the_recipe_writes_coverage_claims_and_power_with_intervals(tmp_path):
    run("calibration", "test", tmp_path)
    for folder, column in ((".", "covers"), ("claims", "rate"), ("power", "told")):
        with (tmp_path / folder / "rows.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert rows
        for row in rows:
            assert 0 <= float(row["low"]) <= float(row[column]) <= float(row["high"]) <= 1
        assert "components" in json.loads((tmp_path / folder / "run.json").read_text())


def test_simulated_accuracies_are_the_planted_ones():
    rng = np.random.default_rng(0)
    levels = []
    for _ in range(40):
        made = simulate(DIGITS, rng, seeds=4, items=100, draws=3).table(4, 100, 3)
        levels.append(made.layout.items_VN.mean(axis=1))
    found, error = np.mean(levels, axis=0), np.std(levels, axis=0, ddof=1) / 40**0.5
    truth = [*DIGITS.accuracy, DIGITS.accuracy[0], *DIGITS.baselines[1:]]
    assert (np.abs(found - truth) < 4 * error).all()


def test_a_smaller_table_is_a_part_of_the_larger_one():
    made = simulate(DIGITS, np.random.default_rng(1), seeds=3, items=60, draws=4)
    small = made.table(2, 30, 4).layout
    whole = Layout(made.right[:, :2].mean(axis=2)[:, :, :30])
    assert small.items_VN == pytest.approx(whole.items_VN)


def test_shuklas_variances_are_unbiased_where_rows_differ():
    rng = np.random.default_rng(2)
    truth = np.array([4.0, 1.0, 0.25, 0.25])
    noise = rng.normal(0, np.sqrt(truth)[:, None], (3000, 4, 3)) + rng.normal(0, 1, (3000, 1, 3))
    found = np.array([own_squares(one) for one in noise])
    assert (np.abs(found.mean(axis=0) - truth) < 4 * found.std(axis=0) / 3000**0.5).all()


def test_variances_that_chance_explains_are_drawn_together():
    alike = np.full(8, 2.0)
    assert moderated(alike, 2) == pytest.approx(alike)
    apart = moderated(np.array([100.0, 100.0, 100.0, 0.01, 0.01, 0.01]), 10)
    assert apart[0] > 10 * apart[-1]


def noisy_view(rng, *, pooled):
    """Six calm views and one whose runs scatter ten times as much; all equally good."""
    spread = np.array([0.1, *[0.01] * 6])[:, None, None]
    items = rng.normal(0, 1, (7, 3, 1)) * spread + rng.normal(0, 0.05, (7, 1, 50))
    return Layout(np.broadcast_to(items, (7, 3, 50)), pooled=pooled)


def test_a_view_that_scatters_over_seeds_keeps_its_own_spread():
    rng = np.random.default_rng(3)
    held = sum(
        (lambda gap: gap.low <= 0 <= gap.high)(noisy_view(rng, pooled=7).difference(0, 1))
        for _ in range(400)
    )
    assert binomtest(held, 400).proportion_ci(0.999).high > 0.95


@pytest.mark.parametrize("items", [10, 100])
def test_all_right_readouts_leave_room_for_one_that_would_not_be(items):
    layout = Layout(np.ones((3, 3, items)), shares=True)
    level = layout.level(0)
    assert 2 / items < level.high - level.value < 5 / items  # the rule of three, about
    assert layout.difference(0, 1).high > 0
    assert layout.fixed(np.ones(items), None).low < 1


def test_scores_that_are_no_shares_are_left_alone():
    assert Layout(np.ones((3, 3, 10))).level(0).low == 1


def test_one_seed_leaves_a_bound_without_interval():
    found = seeds_interval(np.array([2.0]), np.array([0.1]))
    assert found.value == 2
    assert math.isinf(found.low)
