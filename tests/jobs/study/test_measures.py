"""What decides: balanced accuracy of imbalanced classes, macro AUROC of labels, R2 of a number."""

from dataclasses import replace

import numpy as np
import pytest

from goodviews.core.interval import Interval
from goodviews.core.records.rows import Row, read_rows, write_rows
from goodviews.data import load
from goodviews.jobs.study import study
from goodviews.jobs.study.cells import run_cell
from goodviews.jobs.study.comparison.draws import make_draws
from goodviews.jobs.study.comparison.recipe import Work, fit_and_test
from goodviews.jobs.study.measures import ClassDraws, entropy, item_values
from goodviews.jobs.study.plan import BASELINES, Cell, make_plan
from goodviews.jobs.study.verdict.measured import measured_words, other_scores
from goodviews.training.small import small_settings

N = 240
RNG = np.random.default_rng(0)
X = RNG.integers(0, 120, (N, 8, 8), dtype=np.uint8)
MARK = RNG.integers(0, 2, (N, 2))
X[:, :4, :4] += (100 * MARK[:, :1, None]).astype(np.uint8)
X[:, 4:, 4:] += (100 * MARK[:, 1:, None]).astype(np.uint8)
NUMBER = X[:, :4, :4].mean(axis=(1, 2)) + RNG.normal(0, 2, N)
RARE = (np.arange(N) % 12 == 0).astype(int)


def plan(labels, **more):
    images = load((X, labels))
    return make_plan(
        images,
        images,
        views=("identity()",),
        seeds=(0,),
        settings=replace(small_settings(8, device="cpu"), encoder="convnet(width=4)"),
        candidates=None,
        per_class=10,
        draws=3,
        **more,
    )


def raw(found):
    return run_cell(found, Cell("baseline", BASELINES[0], 0))


def test_the_kind_of_a_task_decides_its_measure():
    assert plan(MARK[:, 0]).tasks[0].measure == "accuracy"
    assert plan(RARE).tasks[0].measure == "balanced accuracy"
    assert plan(MARK).tasks[0].measure == "macro AUROC"
    assert plan(NUMBER).tasks[0].measure == "R2"
    assert plan(NUMBER).fingerprint != plan(NUMBER + 3.0 * MARK[:, 0]).fingerprint


def test_raw_pixels_read_labels_and_numbers_and_chance_is_chance():
    for labels, name, chance in ((MARK, "readout_auroc", 0.5), (NUMBER, "readout_r2", 0.0)):
        found = plan(labels)
        result = raw(found)
        (row,), arrays = result.rows, result.arrays
        assert getattr(row, name) == row.readout == pytest.approx(arrays["0.right"].mean())
        assert row.readout > 0.9
        assert row.usable_nats > 0.3
        assert arrays["0.null"].mean() < chance + 0.12
        assert arrays["0.draws"].mean() == pytest.approx(row.readout)
        assert arrays["0.knn"].mean() > 0.3


def test_classes_have_every_score_and_the_balanced_one_decides_where_they_are_uneven():
    (even,) = raw(plan(MARK[:, 0])).rows
    assert even.readout == even.readout_top1 == pytest.approx(even.readout_balanced, abs=0.05)
    assert even.readout_f1 > 0.9
    assert even.readout_auroc > 0.9
    found = plan(RARE)
    result = raw(found)
    (row,), task = result.rows, found.tasks[0]
    assert row.readout == pytest.approx(row.readout_balanced) == result.arrays["0.right"].mean()
    truth, hits = task.labels[task.items], result.arrays["0.top1"]
    assert row.readout == pytest.approx(np.mean([hits[truth == k].mean() for k in (0, 1)]))
    assert row.usable_nats < 0.2
    assert entropy(task) == pytest.approx(np.log(2))


def test_a_readout_that_always_says_the_common_class_is_worth_nothing():
    found = plan(RARE)
    task = found.tasks[0]
    draws = ClassDraws(task, np.arange(N))
    for draw in task.draws:
        share = np.bincount(task.labels[draw.fit]) / len(draw.fit)
        draws.add(draw, np.log(np.tile(share, (len(draw.test), 1))))
    made = draws.results()
    assert made["right"].mean() == pytest.approx(0.5)
    assert made["nats"].mean() + entropy(task) == pytest.approx(0)


@pytest.mark.parametrize("labels", [MARK, NUMBER, RARE], ids=["labels", "number", "rare"])
def test_networks_of_the_comparison_learn_every_kind_of_task(labels):
    found = plan(labels)
    task = found.tasks[0]
    draw = make_draws(task, None, 1)[0]
    made = fit_and_test(found, Work(0, "scratch", "identity()"), draw)["right"]
    whole = np.ones(len(draw.test), dtype=bool)
    values = item_values(task, made, draw.test, whole)
    assert values.shape == draw.test.shape
    assert values.mean() > (0.35 if labels is RARE else 0.5)
    half = np.arange(len(draw.test)) % 2 == 0
    parts = [item_values(task, made, draw.test, some).mean() for some in (half, ~half)]
    assert np.mean(parts) == pytest.approx(values.mean(), abs=0.1)


def test_words_name_what_decides():
    text = "Use raw pixels with logistic regression: 90 % accuracy, 4 per class. Accuracy rises."
    assert measured_words(text, "accuracy") == text
    told = measured_words(text, "balanced accuracy")
    assert told.endswith("90 % balanced accuracy, 4 per class. Balanced accuracy rises.")
    assert "4 per stratum" in measured_words(text, "R2")
    row = Row("flip()", 0, "a", measure="R2", readout_r2=0.4, usable_nats=0.3)
    assert other_scores([row]) == ""
    assert Interval(-0.5, -0.9, -0.1).within(-np.inf, 1).low == -0.9


def test_rows_keep_every_score(tmp_path):
    rows = [Row("flip()", 0, "a", measure="macro AUROC", readout_auroc=0.75, readout_map=0.5)]
    write_rows(tmp_path / "rows.csv", rows)
    assert read_rows(tmp_path / "rows.csv") == rows
    assert rows[0].readout == 0.75


@pytest.mark.slow
@pytest.mark.parametrize("labels", [MARK, NUMBER, RARE], ids=["labels", "number", "rare"])
def test_a_study_of_every_kind_says_what_decides(labels, tmp_path):
    few = {"seeds": 2, "epochs": 2, "label_draws": 3, "encoder": "convnet(width=4)", "jobs": 0}
    found = study((X, labels), views=["identity()", "noise(std=0.2)"], out=tmp_path, **few)
    (task,) = found.verdict.tasks
    measure = plan(labels).tasks[0].measure
    assert task.measure == measure in found.advice
    assert f"readout {measure}" in (tmp_path / "index.html").read_text()
    assert {row.measure for row in found.rows} == {measure}
