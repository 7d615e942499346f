"""The page of both papers: as the rows have it, and verdicts that follow from the numbers."""

import csv
import math
import re
import shlex
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from goodviews.core import Interval
from goodviews.core.errors import InputError
from goodviews.methods import METHODS
from goodviews.spec import expand
from goodviews_experiments import EXPERIMENTS
from goodviews_experiments.papers.claim import Claim, Unrun
from goodviews_experiments.papers.hours import runs
from goodviews_experiments.papers.page import DUALITY, VIEWS, line, page
from goodviews_experiments.papers.rows import between, contrast, newest, spread_ratio
from goodviews_experiments.papers.verdict import VERDICTS, Part, verdict

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
CLAIMS = [entry for entry in (*VIEWS, *DUALITY) if isinstance(entry, Claim)]
UNRUN = [entry for entry in (*VIEWS, *DUALITY) if isinstance(entry, Unrun)]


def test_the_page_is_what_the_rows_give():
    assert (ROOT / "docs" / "papers.md").read_text("utf8") == page(RESULTS), (
        "docs/papers.md differs from the rows of results: type "
        "python -m goodviews_experiments.papers"
    )


def test_the_readme_links_the_page_on_its_first_screen():
    assert "docs/papers.md" in (ROOT / "README.md").read_text("utf8").partition("## Two")[0]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.where[:20]}: {claim.says}")
def test_a_verdict_follows_its_numbers(claim):
    rows = newest(RESULTS, claim.rows)
    parts = claim.measure(rows)
    assert parts
    inside, outside = [moved(part, into=True) for part in parts], [*parts]
    assert verdict(inside) == "reproduced"
    if any(math.isfinite(end) for part in parts for end in (part.low, part.high)):
        outside[-1] = moved(parts[-1], into=False)
        assert verdict(outside) == "contradicted"
    assert verdict(outside, level=True) == "not at this scale"


def moved(part, *, into):
    """The number at another place, wholly on the paper's side or wholly off it."""
    low, high = max(part.low, -1e6), min(part.high, 1e6)
    if into:
        place, half = (low + high) / 2, 0.0
    else:
        place, half = (part.high + 2, 1) if math.isfinite(part.high) else (part.low - 2, 1)
    return replace(part, found=Interval(place, place - half, place + half))


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [(0.1, 2, "reproduced"), (-2, -0.1, "contradicted"), (-0.1, 2, "undecided")],
)
def test_the_rule_is_about_the_whole_interval(low, high, side):
    part = Part("", Interval(0, low, high))
    assert verdict([part]) == part.side == side
    assert verdict([part], [replace(part, found=Interval(0, -1, 1))]) == "not at this scale"


def test_moving_a_committed_number_changes_the_verdict(tmp_path):
    results = tmp_path / "results"
    folder = newest(RESULTS, "learned_views").folder
    copied = results / "learned_views" / folder.name
    shutil.copytree(folder, copied)
    (claim,) = [own for own in CLAIMS if own.says == "semi RGB is better than unsupervised RGB"]
    assert line(claim, results)[4] == "undecided"
    for low, high, expected in ((0.4, 2.5, "reproduced"), (-2.5, -0.4, "contradicted")):
        edit(copied / "orders.csv", "semi RGB", "unsupervised RGB", low, high)
        cells = line(claim, results)
        assert cells[4] == expected
        assert f"[{low}, {high}]".replace("-", "−") in cells[3]


def edit(path, arm, over, low, high):
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    for row in table:
        if (row["arm"], row["over"]) == (arm, over):
            row.update(points=(low + high) / 2, low=low, high=high)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)


def test_every_row_has_its_cells_and_no_number_is_typed_by_hand():
    for entry in (*VIEWS, *DUALITY):
        cells = line(entry, RESULTS)
        assert len(cells) == 8
        assert all(cells)
        assert cells[4].rstrip(" †") in VERDICTS
        if isinstance(entry, Claim):
            assert (RESULTS / cells[7].partition("results/")[2].rstrip(")")).is_dir()
            assert ("†" in cells[4]) == bool(entry.older)
            name = entry.rows.partition(":")[0]
            assert name in EXPERIMENTS or name == "study_mnist"


def test_marks_are_those_that_the_page_explains():
    for entry in (*VIEWS, *DUALITY):
        assert set(re.findall(r"\(([A-Z]+)\)", entry.paper)) <= {"L", "U", "NE"}


@pytest.mark.parametrize("entry", UNRUN, ids=lambda entry: entry.says)
def test_what_was_not_run_has_a_forecast_and_a_command_that_exists(entry):
    hours, basis = entry.hours(RESULTS)
    assert hours > 0
    assert re.search(r"\d", basis)
    words = shlex.split(entry.command)
    for option, value in pairwise(words):
        if option == "--views":
            assert expand(value)
        if option == "--method":
            assert value in METHODS


def test_a_forecast_is_the_median_run_times_their_number(tmp_path):
    folder = tmp_path / "zoo" / "2026-cpu"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    (folder / "rows.csv").write_text("head,seconds\na,90\na,30\na,60\nb,999\nb,\n")
    hours, basis = runs(120, "zoo", times=2, why="wider", head="a")(tmp_path)
    assert hours == 4
    assert basis == "120 runs × 60 s, the median of zoo × 2 (wider)"


def test_intervals_of_rows():
    assert between(Interval(5, 2, 8), Interval(1, -3, 5)) == Interval(4, -1, 9)
    arms = {"a": np.array([0.5, 0.7]), "b": np.array([0.4, 0.6])}
    same = contrast(arms, {"a": 1, "b": -1}, items=10**9)
    assert same.value == pytest.approx(10)
    assert same.half < 0.01  # every seed has the same gap
    assert contrast(arms, {"a": 1}, items=10**9).half == pytest.approx(127, abs=1)  # t = 12.7
    assert math.isinf(contrast({"a": np.array([0.5])}, {"a": 1}, items=100).half)
    ratio = spread_ratio([0, 2, 4], [0, 1, 2])
    assert (ratio.value, ratio.low * ratio.high) == (2.0, pytest.approx(4))
    assert ratio.low == pytest.approx(2 / 39**0.5)  # F(2, 2) has 39 at 97.5 %


def test_rows_that_do_not_exist_are_named():
    with pytest.raises(InputError, match="goodviews reproduce zoo"):
        newest(RESULTS, "zoo")
    with pytest.raises(InputError, match="0 rows"):
        newest(RESULTS, "learned_views").line("table", arm="raw HSV")
