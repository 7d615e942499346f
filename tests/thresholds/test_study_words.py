"""Every threshold that turns numbers of a study into words has a case close to either side.

Moved by half, in either direction, a threshold passes one of its two cases:
``tools/mutations.py`` does so and names the test that fails.
"""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from goodviews.core.records.rows import Row
from goodviews.information import Estimate
from goodviews.jobs.study.budget import PRESENTATIONS, length_check
from goodviews.jobs.study.statistics import regimes, sweet_spot
from goodviews.jobs.study.statistics.about_label import AboutLabel
from goodviews.jobs.study.statistics.layout import Interval, Layout
from goodviews.jobs.study.statistics.regimes import read
from goodviews.jobs.study.statistics.table import RANDOM
from goodviews.jobs.study.verdict.advice import advise
from goodviews.jobs.study.verdict.trust import trust
from goodviews.jobs.study.verdict.words import few_to_choose, more_labels
from goodviews.training.diagnostics.monitor import History, collapsed, levelled_off

sys.path.insert(0, str(Path(__file__).parents[1] / "jobs" / "study"))
from test_verdict import HILL, NATS, table


def advice(made, reading=None):
    return advise(made, reading or read(made), data="digits", command="goodviews study")


@pytest.mark.parametrize(("kept", "lost"), [(0.8, False), (0.7, True)])
def test_a_view_is_missing_once_it_lost_a_quarter_of_the_task(kept, lost):
    made = table((0.74, 0.76, 0.75, 0.3), (3.0, 4.0, 4.3, 6.0))
    items = np.repeat([[1.0], [1.0], [1.0], [kept]], 100, axis=1)
    made = replace(made, about_label=AboutLabel(items, np.zeros((4, 100)), np.arange(100) % 5))
    assert read(made).regimes[-1] == ("missing" if lost else "excess")


@pytest.mark.parametrize(("lacking", "excess"), [(0.015, True), (0.025, False)])
def test_a_view_is_as_accurate_if_it_surely_lacks_less_than_two_points(lacking, excess):
    made = table((0.3, 0.76, 0.76), (2.0, 3.0, 5.0), kept=(0, 0, 0))

    def difference(first, second, **_):
        if made.rows[first] in made.views[1:] and made.rows[second] in made.views[1:]:
            return Interval(0.0, -lacking, lacking)
        return Interval(-0.4, -0.5, -0.3) if first == 0 else Interval(0.4, 0.3, 0.5)

    made.layout.difference = difference
    assert (read(made).regimes[2] == "excess") is excess


@pytest.mark.parametrize(("kept", "as_much"), [(0.93, True), (0.87, False)])
def test_a_view_keeps_as_much_of_the_label_if_it_surely_lacks_less_than_a_tenth(kept, as_much):
    items = np.repeat([[kept], [1.0]], 100, axis=1)
    about = AboutLabel(items, np.zeros((2, 100)), np.arange(100) % 5)
    assert about.as_much(0, 1) is as_much


@pytest.mark.parametrize(("alike", "wording"), [(2, "sweet_spot"), (3, "several_alike")])
def test_three_views_that_are_as_good_are_several(alike, wording):
    accuracy = np.full(7, 0.55)
    accuracy[3 : 3 + alike] = 0.76
    assert advice(table(accuracy, NATS)).wording == wording


@pytest.mark.parametrize(("full", "wording"), [(3, "sweet_spot"), (4, "at_the_ceiling")])
def test_more_than_half_of_the_bounds_at_their_ceiling_end_the_ranking_by_nats(full, wording):
    made = table(HILL, NATS)
    at = {view: [Row(view=view, seed=0, task="label", at_ceiling=place < full, candidates=500,
                     seconds=1.0)]
          for place, view in enumerate(made.views)}  # fmt: skip
    assert advice(replace(made, records={**made.records, **at})).wording == wording


@pytest.mark.parametrize(("share", "at"), [(0.85, False), (0.95, True)])
def test_a_bound_is_at_its_ceiling_within_a_tenth(share, at):
    assert Estimate(share * 6.0, 0.01, "lower", 400, 6.0).at_ceiling is at


def curves(places):
    """Curves on a grid of 161 points, each highest at one of them."""
    drawn = np.zeros((len(places), 161))
    drawn[np.arange(len(places)), places] = 1.0
    return drawn


def peak(places):
    return sweet_spot._peak(np.linspace(0, 1, 161), curves(places), 0.0, 1.0).kind


@pytest.mark.parametrize(("share", "kind"), [(20, "inside"), (30, "left")])
def test_a_peak_is_one_sided_once_a_quarter_of_the_curves_end_there(share, kind):
    middle = list(range(40, 40 + 100 - share))
    assert peak([1] * share + middle) == kind
    other = {"left": "right"}.get(kind, kind)
    assert peak([159] * share + [160 - place for place in middle]) == other


@pytest.mark.parametrize(("width", "kind"), [(0.7, "inside"), (0.9, "none")])
def test_a_peak_that_may_lie_anywhere_is_no_peak(width, kind):
    low = round(160 * (1 - width) / 2)
    assert peak(np.linspace(low, 160 - low, 200).round().astype(int)) == kind


@pytest.mark.parametrize(("views", "drawn"), [(3, False), (4, True), (5, True)])
def test_a_curve_needs_four_views(views, drawn):
    some = slice(0, views)
    assert (read(table(HILL[some], NATS[some])).curve is not None) is drawn
    assert regimes._LEAST == 4


@pytest.mark.parametrize(
    ("raw", "scratch", "wording"),
    [
        (0.82, 0.70, "baseline_wins"),
        (0.82, 0.82, "do_not_pretrain"),  # scratch is as good as raw pixels
        (0.76, 0.70, "sweet_spot"),  # raw pixels are as good as the view
    ],
)
def test_raw_pixels_win_only_over_both_rivals(raw, scratch, wording):
    assert advice(table(HILL, NATS, raw=raw, scratch=scratch)).wording == wording


@pytest.mark.parametrize(("labels", "few"), [(80, True), (125, False)])
def test_less_than_a_hundred_labels_are_few_to_choose(labels, few):
    assert bool(few_to_choose(labels)) is few


@pytest.mark.parametrize(("times", "hopeful"), [(16, True), (25, False)])
def test_more_than_twenty_times_the_labels_are_hopeless(times, hopeful):
    have, difference = 500, 0.01
    spread = difference / 1.96 * ((times + 1) * have) ** 0.5
    assert bool(more_labels(spread, difference, have)) is hopeful


@pytest.mark.parametrize(("share", "wording"), [(0.4, "undecided_gain"), (0.6, "undecided_seeds")])
def test_seeds_are_to_blame_once_they_make_half_of_the_variance(share, wording, monkeypatch):
    monkeypatch.setattr(Layout, "seed_share", lambda *_: share)
    assert advice(table(HILL, NATS, scratch=0.755)).wording == wording


@pytest.mark.parametrize(("each", "more"), [(2, False), (3, True)])
def test_fewer_labels_are_proposed_down_to_two_of_a_class(each, more):
    made = table(HILL, NATS, scratch=0.9)
    task = replace(made.task, budget=10 * each, choose=made.task.choose)
    assert ("labels per class" in advice(replace(made, task=task)).advice.open) is more


class Key(NamedTuple):
    """A cell of a plan, as far as the checks ask."""

    role: str
    number: int


def trusted(*, full=0, clipped=0.0):
    """Which checks of a study of seven views pass, all else in order."""
    blank = {"seed": 0, "task": "", "role": "candidate", "clipped_share": clipped}
    rows = [Row(view=str(k), at_ceiling=k < full, **blank) for k in range(7)]
    cells = {Key("candidate", k): SimpleNamespace(rows=[row]) for k, row in enumerate(rows)}
    plan = SimpleNamespace(
        splits=SimpleNamespace(held_out=range(100), pretrain=range(1000)),
        settings=SimpleNamespace(epochs=80),
        candidates=100,
        held=100,
        images=SimpleNamespace(skipped=()),
        cells=list(cells),
    )
    with patch("goodviews.jobs.study.verdict.trust.Plan", SimpleNamespace):
        found = map(plain, trust(plan, cells, [], {}, "goodviews study"))
    return {check["name"]: check["ok"] for check in found}


def plain(check):
    return check if isinstance(check, dict) else vars(check)


@pytest.mark.parametrize(("clipped", "ok"), [(0.04, True), (0.06, False)])
def test_values_cut_off_are_worth_a_word_from_a_twentieth_on(clipped, ok):
    assert trusted(clipped=clipped)["Values clipped"] is ok


@pytest.mark.parametrize(("full", "ok"), [(3, True), (4, False)])
def test_the_ceiling_is_worth_a_word_once_most_bounds_are_there(full, ok):
    assert trusted(full=full)["Bounds below their ceiling"] is ok


@pytest.mark.parametrize(("share", "ok"), [(0.8, False), (0.9, True)])
def test_a_study_is_short_below_85_hundredths_of_the_measured_length(share, ok):
    plan = SimpleNamespace(
        splits=SimpleNamespace(pretrain=range(round(share * PRESENTATIONS / 80))),
        settings=SimpleNamespace(epochs=80),
    )
    assert plain(length_check(plan, "goodviews study"))["ok"] is ok


@pytest.mark.parametrize(("spread", "fell"), [(0.08, True), (0.125, False)])
def test_embeddings_collapse_below_a_tenth_of_the_full_spread(spread, fell):
    angles = torch.linspace(-1, 1, 401, dtype=torch.float64)
    z = F.normalize(torch.stack([torch.ones_like(angles), 1.75 * spread * angles], dim=1), dim=1)
    assert float(z.var(dim=0).sum().sqrt()) == pytest.approx(spread, rel=0.03)
    assert collapsed(z) is fell


@pytest.mark.parametrize(("gain", "level"), [(0.2, True), (0.3, False)])
def test_a_run_is_undertrained_from_a_quarter_of_a_nat_on(gain, level):
    flat = [1.0] * 100
    sinking = list(np.interp(range(100), [30, 60], [1.0 + gain, 1.0]))
    still = [(35, 2.0, 0.1), (70, 2.0, 0.1), (100, 2.0, 0.1)]
    rising = [(35, 2.0, 0.1), (70, 2.0 + gain, 0.1), (100, 3.0, 0.1)]
    assert levelled_off(History(flat, bounds=rising)) is level
    assert levelled_off(History(sinking, bounds=still)) is level


@pytest.mark.parametrize(("steps", "level"), [(30, False), (50, True)])
def test_nothing_has_levelled_off_within_forty_steps(steps, level):
    looks = [(round(part * steps), 2.0, 0.1) for part in (0.35, 0.7, 1)]
    assert levelled_off(History([1.0] * steps, bounds=looks)) is level


def test_a_sweet_spot_is_better_than_random_weights():
    good, poor = table(HILL, NATS, random=0.4), table(HILL, NATS, random=0.76)
    assert "sweet_spot" in read(good).regimes
    assert "sweet_spot" not in read(poor).regimes
    assert good.row(RANDOM) == poor.row(RANDOM)
