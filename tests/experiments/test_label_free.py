"""What a choice without labels loses: planted scores, scores that are chance, a resumed run."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from goodviews.evaluation.label_free.rankers import SCORES
from goodviews_experiments.label_free.judge import (
    Measured,
    draw_error,
    fit_prior,
    label_table,
    lost,
    random_regret,
    ranker_table,
    regret,
    set_table,
)
from goodviews_experiments.label_free.run import SCALE, label_free

VIEWS, SEEDS = 8, 3


def one_set(rng, signal, noise=0.0, tasks=1, draws=4, few_noise=0.05, planted=False):
    """Accuracies about 0.7 and nine scores that follow them with this slope, plus noise."""
    level = 0.7 + 0.05 * rng.normal(size=VIEWS)
    top1 = level[:, None, None] + 0.002 * rng.normal(size=(VIEWS, SEEDS, tasks))
    scores = {}
    for name in SCORES:
        z = signal * (level - 0.7)[:, None] / 0.05 + noise * rng.normal(size=(VIEWS, SEEDS))
        less = name in ("alignment", "uniformity")
        scores[name] = 2 + np.exp(-z) if name == "spectrum_decay" else -z if less else z
    few = top1[..., None, None] - 0.2
    few = few + few_noise * rng.normal(size=(VIEWS, SEEDS, tasks, 1, draws))
    return Measured(str(rng.random()), planted, scores, top1, few)


def test_a_score_that_follows_accuracy_loses_almost_nothing_and_the_reverse_the_most():
    rng = np.random.default_rng(0)
    right, wrong = one_set(rng, 1.0), one_set(rng, -1.0)
    for ranker in ("RankMe", "alpha-ReQ", "CLID", "alignment and uniformity", "mean rank"):
        losses, order = lost(right, ranker)
        assert losses < 0.01
        assert order > 0.8
        losses, order = lost(wrong, ranker)
        assert losses > random_regret(wrong)
        assert order < -0.8


def test_regret_is_against_the_best_of_the_runs_that_did_not_choose():
    level = np.array([0.5, 0.7, 0.9])
    assert [regret(score, level) for score in np.eye(3)] == pytest.approx([0.4, 0.2, 0.0])
    assert regret(np.zeros(3), level) == pytest.approx(0.2)
    one = one_set(np.random.default_rng(1), 1.0)
    one.top1[:, 0] = 9.0  # the accuracy of the choosing seed does not count
    assert (one.levels(0) < 1).all()


@pytest.mark.slow
def test_scores_that_are_chance_are_rarely_said_to_be_better_than_chance():
    rng = np.random.default_rng(2)
    said, runs = 0, 200
    for _ in range(runs):
        table = ranker_table(set_table([one_set(rng, 0.0, noise=1.0) for _ in range(6)]))
        said += any(row["gain_low"] > 0 for row in table)
    # 2.5 % for all rankers together, and three standard errors of the count
    assert said <= 0.025 * runs + 3 * (0.025 * 0.975 * runs) ** 0.5


def test_scores_that_follow_accuracy_are_said_to_be_better_and_bounded():
    rng = np.random.default_rng(3)
    sets = set_table([one_set(rng, 1.0) for _ in range(6)])
    for row in ranker_table(sets):
        assert row["gain_low"] > 0
        assert row["most"] >= row["regret"]
        assert row["covered"] >= 4
        assert row["sets"] == 6
        assert row["spearman"] > 0.8


def test_intervals_hold_for_all_rankers_at_once():
    rows = ranker_table(set_table([one_set(np.random.default_rng(n), 0.5, 1.0) for n in range(6)]))
    one = rows[0]
    sets = set_table([one_set(np.random.default_rng(n), 0.5, 1.0) for n in range(6)])
    losses = np.array([row["regret"] for row in sets if row["ranker"] == one["ranker"]])
    half = stats.t.ppf(1 - 0.025 / 8, 5) * losses.std(ddof=1) / 6**0.5
    assert one["regret_high"] - one["regret"] == pytest.approx(half)


def test_a_ranker_without_its_scores_is_left_out():
    sets = [one_set(np.random.default_rng(4), 1.0) for _ in range(2)]
    sets = [replace(one, name=str(place)) for place, one in enumerate(sets)]
    sets[1].scores["lidar"][0, 0] = np.nan
    rankers = {row["ranker"] for row in ranker_table(set_table(sets))}
    assert "LiDAR" not in rankers
    assert "mean rank" not in rankers
    assert "RankMe" in rankers


def test_a_prior_of_planted_sets_helps_a_handful_of_labels_on_others():
    rng = np.random.default_rng(5)
    some = {"noise": 0.3, "draws": 20, "few_noise": 0.1}
    sets = [one_set(rng, 1.0, planted=place < 3, **some) for place in range(9)]
    slope, spread = fit_prior(sets[:3], "RankMe")
    assert slope > 0.1
    assert 0 < spread < 0.05
    table = {row["chooser"]: row for row in label_table(sets, [2])}
    assert table["labels"]["gain_over_labels"] == 0
    assert table["labels and prior"]["gain_over_labels_low"] > 0
    assert table["labels and prior"]["sets"] == 6
    assert label_table(sets[3:], [2]) == []


def test_the_error_of_a_draw_is_that_of_differences_between_views():
    rng = np.random.default_rng(6)
    few = 0.3 * rng.normal(size=400) + 0.05 * rng.normal(size=(40, 400))
    assert draw_error(few) == pytest.approx(0.05, rel=0.05)
    assert draw_error(np.ones((3, 1))) == 0


def test_the_sets_of_the_run_are_real_and_planted_and_have_twelve_views():
    names = [name for name, _, _ in SCALE["cpu"].sets]
    assert {"MNIST", "imagenette96", "cifar10_exact", "shapes", "moving_digits"} <= set(names)
    assert all(len(set(views)) == 12 for _, _, views in SCALE["cpu"].sets)
    assert len(SCALE["cpu"].seeds) >= 3


@pytest.mark.slow
def test_it_writes_its_tables_and_resumes(tmp_path, monkeypatch):
    label_free(scale="test", out=tmp_path)
    names = ("rows", "sets", "rankers", "labels")
    tables = {name: (tmp_path / f"{name}.csv").read_text() for name in names}
    rows = list(csv.DictReader(tables["rows"].splitlines()))
    assert len(rows) == 2 * 2 * (1 + 6)
    assert set(SCORES) <= set(rows[0])
    monkeypatch.setattr("goodviews_experiments.label_free.run._cell", None)
    label_free(scale="test", out=tmp_path)
    assert {name: (tmp_path / f"{name}.csv").read_text() for name in names} == tables
