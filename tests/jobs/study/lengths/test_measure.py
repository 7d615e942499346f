"""Runs at several lengths: which are chosen, and that each is the run that it says it is."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from goodviews.data import Images
from goodviews.jobs.study.cells import run_cell
from goodviews.jobs.study.lengths import LengthRun, chosen_runs, measure_run
from goodviews.jobs.study.plan import Cell, make_plan
from goodviews.training import Settings

SETTINGS = Settings(encoder="convnet(width=2)", head="projector(dim=4)", epochs=8, device="cpu",
                    batch=16)  # fmt: skip
VIEW = "noise(std=0.1)"


@pytest.fixture(scope="module")
def plan():
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    pixels = rng.integers(0, 128, (120, 1, 8, 8)) + 100 * labels[:, None, None, None]
    images = Images("made up", pixels.astype(np.uint8), (0.0, 255.0), {"label": labels},
                    {"label": ("a", "b")}, (), "", "", "lengths-120")  # fmt: skip
    return make_plan(
        images, images, views=(VIEW,), seeds=(0,), settings=SETTINGS, candidates=None,
        per_class=5, draws=2,
    )  # fmt: skip


def untimed(measured):
    return [replace(row, seconds=None) for row in measured.rows]


def test_a_run_at_the_length_of_the_study_is_the_run_of_the_study(plan):
    (row,), (mine,) = run_cell(plan, Cell("candidate", VIEW, 0)).rows, measure_run(
        plan, LengthRun(VIEW, 0, 8)
    )[0].rows  # fmt: skip
    wanted = asdict(row)
    for name, value in asdict(mine).items():
        if value is not None and name != "seconds":
            assert value == wanted[name], name


def test_a_continued_run_gives_the_rows_of_a_run_of_its_own(plan):
    short, steady = measure_run(plan, LengthRun(VIEW, 0, 4), keep_steady=True)
    long, _ = measure_run(plan, LengthRun(VIEW, 0, 16), steady=steady)
    alone, none = measure_run(plan, LengthRun(VIEW, 0, 16))
    assert none is None
    assert untimed(long) == untimed(alone)
    assert 4 * short.rows[0].steps == long.rows[0].steps
    assert untimed(short) != untimed(long)
    assert all(np.array_equal(*pair) for pair in zip(long.right, alone.right, strict=True))


@pytest.mark.parametrize("epochs", [1, 2, 3, 8, 80])
def test_a_larger_budget_keeps_the_runs_of_a_smaller_one_and_the_best_view_comes_first(epochs):
    before: set[LengthRun] = set()
    for budget in (0.0, 0.7, 1.4, 2.0, 3.6, 9.0, 50.0):
        runs = chosen_runs("abc", (3, 5), epochs=epochs, budget=budget)
        assert len(set(runs)) == len(runs)
        assert all(run.epochs != epochs for run in runs)
        assert not runs or runs[0].view == "a"
        assert len(runs) >= len(before)
        before = set(runs)
    wanted = {max(1, round(epochs * factor)) for factor in (0.25, 0.5, 2.0)} - {epochs}
    assert {run.epochs for run in before} == wanted
    assert len(before) == 3 * 2 * len(wanted)


def test_the_budget_of_a_default_study_holds_all_finalists_at_half_and_the_best_at_twice():
    runs = chosen_runs("abc", (0, 1, 2), epochs=80, budget=0.4 * 9)
    assert {(run.view, run.epochs) for run in runs if run.seed == 0} >= {
        ("a", 40), ("a", 160), ("b", 40), ("c", 40),
    }  # fmt: skip
