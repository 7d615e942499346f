"""Regimes of planted and of random tables: shared nats decide first, the label after them."""

import sys
from pathlib import Path

import numpy as np
import pytest

from goodviews.jobs.study.statistics.about_label import AboutLabel
from goodviews.jobs.study.statistics.regimes import read
from goodviews.jobs.study.verdict.advice import _reason

sys.path.insert(0, str(Path(__file__).parent))
from test_verdict import HILL, NATS, table


@pytest.mark.parametrize("seed", range(120))
def test_a_view_that_shares_most_is_missing_only_where_it_keeps_less_of_the_label(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 8))
    made = table(
        rng.choice([0.5, 0.6, 0.7, 0.75, 0.76], count),
        rng.choice(np.arange(2, 7, 0.06), count, replace=False),
        kept=rng.choice([0.2, 0.9, 1.0], count),
        seed=seed,
    )
    found = read(made)
    nats = [bound.value for bound in made.nats]
    sweet = [view for view in range(count) if found.regimes[view] == "sweet_spot"]
    for view in range(count):
        most = sweet and all(nats[view] > nats[other] for other in sweet)
        if found.regimes[view] == "missing" and most:
            assert all(made.about_label.less(view, other, among=count) for other in sweet)


def test_the_random_tables_hold_both_kinds_of_views_that_share_most():
    kinds = set()
    for low in (0.0, 1.0):
        found = read(table((0.74, 0.76, 0.75, 0.3), (3.0, 4.0, 4.3, 6.0), kept=(1, 1, 1, low)))
        assert "sweet_spot" in found.regimes
        kinds.add(found.regimes[-1])
    assert kinds == {"missing", "excess"}


def test_sharing_more_without_being_more_accurate_is_excess_although_nothing_is_lost():
    found = read(table((0.3, 0.76, 0.76, 0.755), (2.0, 3.0, 4.5, 6.0), sd=0.001, seed=1))
    assert found.regimes[1] == "sweet_spot"
    assert found.regimes[0] == "missing"
    assert "missing" not in found.regimes[1:]
    assert "excess" in found.regimes[2:]


def test_a_view_that_measures_higher_is_never_in_excess_of_one_that_shares_less():
    for seed in range(10):
        made = table(HILL, NATS, seed=seed)
        found = read(made)
        level = made.layout.items_VN[: len(HILL)].mean(axis=1)
        if found.regimes[found.winner] == "excess":
            assert level[found.winner] <= max(level[: found.winner])


def test_with_shuffled_labels_nothing_is_in_excess():
    for seed in range(10):
        made = table(HILL, NATS, seed=seed)
        assert "excess" not in read(made, made.null).regimes


def test_less_of_the_label_is_not_said_while_more_labels_still_help():
    rng = np.random.default_rng(0)
    items = np.array([1.0, 0.6])[:, None] + rng.normal(0, 0.1, (2, 200))
    folds = np.arange(200) % 5
    assert AboutLabel(items, np.zeros((2, 200)), folds).less(1, 0)
    assert not AboutLabel(items, np.full((2, 200), 0.3), folds).less(1, 0)
    assert AboutLabel(items, np.full((2, 200), -0.3), folds).less(1, 0)  # a fall grants nothing
    nothing = np.array([1.0, -0.1])[:, None] + rng.normal(0, 0.1, (2, 200))
    assert AboutLabel(nothing, np.full((2, 200), 2.0), folds).less(
        1, 0
    )  # half of them gave 0 or more


def test_the_interval_is_that_of_the_folds_where_their_classifiers_differ():
    rng = np.random.default_rng(0)
    folds = np.arange(500) % 5
    one = 1 + rng.normal(0, 0.1, 500)
    alike, apart = (AboutLabel(row[None], np.zeros((1, 500)), folds) for row in (one, one + folds))
    assert apart.level(0).half > 4 * alike.level(0).half
    patients = AboutLabel(one[None], np.zeros((1, 500)), folds, groups=np.arange(500) // 100)
    assert patients.level(0).known


def test_a_reason_names_only_what_is_on_its_side_of_the_winner():
    made = table((0.76, 0.76, 0.3), (3.0, 3.1, 6.0), kept=(1, 1, 0.0))
    found = read(made)
    assert found.regimes[-1] == "missing"
    assert _reason(made, found) == ""  # the missing view shares most
    hill = table(HILL, NATS)
    assert "share less lose" in _reason(hill, read(hill))
