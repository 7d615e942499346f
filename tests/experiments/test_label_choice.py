import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from goodviews.evaluation.logistic import fit_logistic
from goodviews_experiments import run
from goodviews_experiments.label_choice.run import chance_of_good, picked
from goodviews_experiments.label_choice.scores import (
    all_labels,
    few_labels,
    fit_draws,
    label_draws,
)

RESULTS = Path(__file__).parents[2] / "results" / "label_choice"


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def planted():
    """Three classes in eight dimensions, and features that know nothing of them."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 600)
    features = rng.standard_normal((600, 8))
    features[:, :3] += 2.5 * np.eye(3)[labels]
    return features.astype(np.float32), rng.standard_normal((600, 8)).astype(np.float32), labels


def test_draws_fitted_side_by_side_are_the_optimum_of_each(planted):
    features, _, labels = planted
    draws = label_draws(600, 60, 4)
    x = torch.from_numpy(features)[draws]
    x = (x - x.mean(dim=1, keepdim=True)) / x.std(dim=1, correction=0, keepdim=True) / 8**0.5
    weight, bias = fit_draws(x, torch.from_numpy(labels)[draws], classes=3, penalty=1e-2)
    for place in range(4):
        alone = fit_logistic(x[place], labels[draws[place]], classes=3, penalty=1e-2)
        ours = (x[place] @ weight[place] + bias[place]).log_softmax(dim=1)
        assert (ours - alone.log_probs(x[place])).abs().max() < 0.05


def test_few_labels_tell_planted_features_from_noise(planted):
    features, noise, labels = planted
    draws = label_draws(600, 60, 20)
    good, bad = (few_labels(one, labels, draws, 3) for one in (features, noise))
    assert good.shape == (3, 20)
    assert (good[0] > bad[0]).all()
    assert (good[1] > bad[1]).all()
    assert bad[2].mean() == pytest.approx(1 / 3, abs=0.05)
    assert all_labels(features, labels, 3) > 0.85
    # 60 cross-validated labels of 20 draws: near the accuracy on the 540 others
    assert good[0].mean() == pytest.approx(good[2].mean(), abs=3 * (0.1 / 1200) ** 0.5 + 0.02)


def test_labelled_items_are_not_tested():
    """A readout of random labels is right by chance on all others, though it fits its own."""
    rng = np.random.default_rng(1)
    features = rng.standard_normal((80, 64)).astype(np.float32)
    labels = rng.integers(0, 2, 80)
    told = few_labels(features, labels, label_draws(80, 40, 50), 2)
    assert told[2].mean() == pytest.approx(0.5, abs=0.12)


def test_ties_share_the_choice_and_the_best_score_takes_it():
    score = np.array([[0.7, 0.5], [0.7, 0.4], [0.2, 0.9]])
    assert picked(score).tolist() == [[0.5, 0.0], [0.5, 0.0], [0.0, 1.0]]
    good, lost = chance_of_good(score[:, None], np.array([0.90, 0.895, 0.80]))
    assert good.tolist() == [[1.0, 0.0]]
    assert lost[0] == pytest.approx([0.0025, 0.1])


def test_one_command_writes_choosers_with_and_without_labels(tmp_path):
    run("label_choice", "test", tmp_path)
    rows = read(tmp_path / "rows.csv")
    assert {row["chooser"] for row in rows} >= {
        "labels, accuracy",
        "labels, log probability",
        "rank of embeddings",
        "alignment",
        "uniformity",
        "parameter leakage",
    }
    for row in rows:
        assert 0 <= float(row["good"]) <= 1
        assert float(row["lost_points"]) >= 0
        if row["good_low"]:
            assert float(row["good_low"]) <= float(row["good"]) <= float(row["good_high"])
    assert (tmp_path / "figure.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("folder", sorted(RESULTS.glob("*/")), ids=lambda folder: folder.name)
def test_committed_rows_know_the_good_views_from_their_table(folder):
    views, rows = read(folder / "views.csv"), read(folder / "rows.csv")
    for family in {row["family"] for row in rows}:
        own = [row for row in views if row["family"] == family]
        level = {
            view: np.mean([float(r["all_labels"]) for r in own if r["view"] == view])
            for view in {row["view"] for row in own}
        }
        good = sum(value >= max(level.values()) - 0.01 for value in level.values())
        for row in rows:
            if row["family"] == family and row["judged_by"] == "all labels":
                assert int(row["good_views"]) == good
