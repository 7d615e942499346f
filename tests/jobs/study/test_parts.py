"""A study reports its runs, every part of them, and what a resumed one took up."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from goodviews.data import load
from goodviews.jobs.study.cells import run_cell
from goodviews.jobs.study.follow import UNIT, Follower
from goodviews.jobs.study.parts import EPOCH, FIT, READING, costs, parts
from goodviews.jobs.study.plan import BASELINES, Cell, make_plan
from goodviews.jobs.study.run import _in_order
from goodviews.training import Settings, supervised

SMALL = "patches(size=4, distance=2)"


@pytest.fixture(scope="module")
def plan():
    whole = load("digits")
    column = whole.labels["label"][:240]
    images = replace(
        whole,
        pixels=whole.pixels[:240],
        labels={"digit": column, "again": column},
        classes=dict.fromkeys(("digit", "again"), whole.classes["label"]),
        part=np.zeros(240, np.int8),
        hash="parts",
    )
    return make_plan(
        images,
        images,
        views=("noise(std=0.1)", SMALL, "noise(std=0.1) // identity()"),
        seeds=(0, 1),
        settings=Settings(device="cpu", epochs=3, encoder="convnet(width=4)"),
        candidates=None,
        per_class=3,
        draws=2,
    )


class Screen:
    """Keeps what was reported."""

    def __init__(self):
        self.calls, self.notes = [], []

    def __call__(self, unit, done, total, *, share=None, left=None):
        self.calls.append((unit, done, total, share, left))

    def note(self, text):
        self.notes.append(text)


@pytest.mark.parametrize(
    "cell",
    [Cell("candidate", SMALL, 0), *(Cell("baseline", name, 0) for name in BASELINES)],
    ids=lambda cell: cell.view,
)
def test_a_run_reports_each_part_that_was_expected_of_it(cell, plan, monkeypatch):
    monkeypatch.setattr(supervised, "_LEAST_STEPS", 2)
    seen = []
    run_cell(plan, cell, seen.append)
    expected = {name: count for (name, _), count in parts(plan, cell).items()}
    assert expected == {name: count for name, count in Counter(seen).items() if name in expected}
    assert list(expected) == list(dict.fromkeys(name for name in seen if name in expected))


@pytest.mark.usefixtures("as_shipped")
def test_each_part_has_a_cost_and_that_of_small_views_is_smaller(plan):
    cost = costs(plan)
    for cell in plan.cells:
        assert all(cost[kind] > 0 for kind in parts(plan, cell))
    noise, small, two = plan.views
    assert cost[EPOCH, small] < cost[EPOCH, noise] / 8
    assert cost[READING, two] > cost[READING, noise]


def test_every_view_and_a_training_from_scratch_are_begun_before_any_view_again(plan):
    order = _in_order(plan.cells, BASELINES.scratch)
    assert sorted(order, key=str) == sorted(plan.cells, key=str)
    assert order[0].role == "candidate"
    assert order[1].view == BASELINES[-1]
    candidates = [cell.view for cell in order if cell.role == "candidate"]
    assert candidates == [*plan.views, *plan.views]


def test_the_bar_moves_in_every_part_and_counts_whole_runs(plan):
    screen = Screen()
    follower = Follower(plan, plan.cells, {}, workers=1, report=screen)
    assert screen.calls == [(UNIT, 0, len(plan.cells), 0.0, None)]
    cost = costs(plan)
    for number, cell in enumerate(plan.cells, start=1):
        for kind, count in parts(plan, cell).items():
            for _ in range(count):
                before = screen.calls[-1][3]
                follower.part(cell, kind[0], cost[kind] / 1000)
                follower.show()
                assert screen.calls[-1][3] > before
        follower.closed(cell)
        follower.show()
        assert screen.calls[-1][1] == number
    assert screen.calls[-1][3] == 1.0
    assert screen.notes == []


def test_a_resumed_study_says_what_it_took_up_and_forecasts_at_once(plan):
    screen = Screen()
    found = dict.fromkeys(plan.cells[:5], 10.0)
    follower = Follower(plan, plan.cells[5:], found, workers=2, report=screen)
    assert screen.notes == [f"Resuming: 5 of {len(plan.cells)} runs are finished."]
    unit, done, total, share, left = screen.calls[0]
    assert (unit, done, total) == (UNIT, 5, len(plan.cells))
    assert share > 0
    assert left > 0
    scratch = Cell("baseline", BASELINES[-1], 0)
    follower.part(scratch, FIT, 1.0)
    follower.show()
    assert screen.calls[-1][3] > share
