"""An unlabelled study orders views by what was measured to order them, and by nothing else."""

import csv
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from goodviews.core.interval import Interval
from goodviews.core.records.rows import Row
from goodviews.data import load
from goodviews.jobs.study import Cell, CellResult, study
from goodviews.jobs.study.verdict import ranking
from goodviews.jobs.study.verdict.ranking import Ranked, refusal_words, trust_words, trusted
from goodviews.jobs.study.verdict.unlabelled import unlabelled

RESULTS = Path(__file__).parents[3] / "results"


def tight(value):
    return Interval(value, value - 0.005, value + 0.005)


GOOD = Ranked("LiDAR", 6, tight(0.02), tight(0.05), tight(0.03), tight(0.7), 0.04)
POOR = Ranked("RankMe", 6, tight(0.01), tight(0.05), Interval(0.04, -0.01, 0.09), tight(0), 0.2)


def newest():
    for recipe in ("label_free", "label_free_studies"):
        found = sorted((RESULTS / recipe).glob("*/rankers.csv"))
        if found:
            return found[-1]
    return None


def interval(row, name):
    return Interval(*(float(row[key]) for key in (name, f"{name}_low", f"{name}_high")))


def test_the_table_is_that_of_the_newest_committed_rows():
    with newest().open(newline="", encoding="utf-8") as file:
        want = tuple(
            Ranked(
                row["ranker"],
                int(row["sets"]),
                *(interval(row, name) for name in ("regret", "random", "gain", "spearman")),
                most=float(row["most"]),
            )
            for row in csv.DictReader(file)
        )
    assert want == ranking.MEASURED, "MEASURED = (\n" + ",\n".join(map(repr, want)) + ",\n)"


def test_the_best_of_those_that_beat_chance_is_trusted():
    better = replace(GOOD, ranker="CLID", regret=tight(0.015))
    assert trusted([GOOD, POOR, better]) == better
    assert trusted([POOR]) is None
    assert trusted([]) is None


def test_words_say_what_a_choice_loses():
    assert "On 6 sets" in trust_words(GOOD)
    assert "lost 2.0 points [1.5, 2.5]" in trust_words(GOOD)
    assert "at random 5.0 points" in trust_words(GOOD)
    assert "at most 4.0 points" in trust_words(GOOD)
    assert "RankMe, lost 1.0 points" in refusal_words([GOOD, POOR])
    assert "tested" in refusal_words([])


def verdict(monkeypatch, measured, lidar, seeds=2):
    """Of views whose LiDAR is given, under a table of what was measured."""
    monkeypatch.setattr(ranking, "MEASURED", measured)
    views = tuple(f"noise(std={0.1 * n:.1f})" for n in range(1, len(lidar) + 1))
    cells = [Cell("candidate", view, seed) for view in views for seed in range(seeds)]
    results = {}
    for cell in cells:
        at = lidar[views.index(cell.view)]
        row = Row(view=cell.view, seed=cell.seed, task="", estimate_nats=2.0, stderr_nats=0.1)
        results[cell] = CellResult([replace(row, lidar=None if at is None else at + cell.seed)])
    plan = SimpleNamespace(views=views, cells=cells, tasks=(), name="photos")
    return views, unlabelled(plan, results, None, "goodviews study photos")


def test_views_are_ordered_by_the_ranker_that_is_trusted(monkeypatch):
    views, found = verdict(monkeypatch, (POOR, GOOD), [3.0, 9.0, 5.0])
    assert found.advice.spec == views[1]
    assert not found.advice.recommended
    assert "first of 3 views by LiDAR" in found.advice.lead
    assert trust_words(GOOD) in found.advice.lead
    words = {view.view: view.words for view in found.views}
    assert [words[view] for view in views] == [f"Number {n} of 3 by LiDAR. " for n in (3, 1, 2)]


@pytest.mark.parametrize("measured", [(), (POOR,)])
def test_without_a_trusted_ranker_there_is_no_order(monkeypatch, measured):
    _, found = verdict(monkeypatch, measured, [3.0, 9.0, 5.0])
    assert found.advice.spec is None
    assert found.wording == "no_labels"
    assert refusal_words(measured) in found.advice.reason
    assert not any("Number" in view.words for view in found.views)


@pytest.mark.parametrize("lidar", [[3.0, None], [3.0, math.nan], [3.0]])
def test_a_score_that_is_not_defined_orders_nothing(monkeypatch, lidar):
    _, found = verdict(monkeypatch, (GOOD,), lidar)
    assert found.advice.spec is None


def test_the_page_and_the_file_of_the_view_say_what_it_may_lose(monkeypatch, tmp_path):
    monkeypatch.setattr(ranking, "MEASURED", (GOOD,))
    whole = load("digits")
    images = replace(
        whole, pixels=whole.pixels[:200], labels={}, classes={}, part=np.zeros(200, np.int8)
    )
    few = {"seeds": 1, "epochs": 1, "encoder": "convnet(width=4)", "jobs": 0}
    found = study(images, views=["noise(std=0.1)", "noise(std=0.5)"], out=tmp_path / "s", **few)
    assert found.best_view in ("noise(std=0.1)", "noise(std=0.5)")
    assert not found.recommended
    text = (tmp_path / "s" / "best_view.txt").read_text()
    assert text.startswith("# not recommended: Without labels, try first")
    assert text.endswith(f"\n{found.best_view}\n")
    page = (tmp_path / "s" / "index.html").read_text("utf-8")
    assert "on 19 of 20 new sets it should lose at most 4.0 points" in page
    assert "Number 1 of 2 by LiDAR" in page
