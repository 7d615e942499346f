"""Verdicts from planted tables: what must be said when the truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from goodviews.core.interval import Interval
from goodviews.core.records.rows import Row
from goodviews.jobs.study.plan import BASELINES, Task
from goodviews.jobs.study.statistics.about_label import AboutLabel
from goodviews.jobs.study.statistics.layout import Layout
from goodviews.jobs.study.statistics.regimes import read
from goodviews.jobs.study.statistics.table import TaskTable
from goodviews.jobs.study.statistics.winner import cross_fitted_accuracy, winner
from goodviews.jobs.study.verdict.advice import advise, over_simclr
from goodviews.methods.fitting import simclr_views

RAW, RANDOM, SCRATCH = BASELINES
ITEMS = 600


def table(
    accuracy, nats, *, scratch=0.6, random=0.4, raw=0.3, kept=None, seeds=3, seed=0, sd=0.003
):
    rng = np.random.default_rng(seed)
    views = [f"crop(scale=({n}, 1))" for n in range(len(accuracy))]
    means = np.array([*accuracy, accuracy[0], random, scratch])
    runs = means[:, None] + rng.normal(0, sd, (len(means), seeds))
    chances = rng.random((1, 1, ITEMS)) * 0.9 + rng.random((len(means), 1, ITEMS)) * 0.1
    items = (chances < runs[:, :, None]).astype(float)
    kept = np.ones(len(views)) if kept is None else np.array(kept)
    told = kept[:, None] + rng.normal(0, 0.1, (len(views), ITEMS))
    labels = rng.integers(0, 10, ITEMS)
    null = rng.random((len(views) + 2, seeds, ITEMS)) < 0.1
    blank = {"seed": 0, "task": "label", "at_ceiling": False, "candidates": 500, "seconds": 1.0}
    rows = [*views, "twin", RANDOM, SCRATCH]
    return TaskTable(
        task=Task(
            "label",
            labels,
            tuple("0123456789"),
            (),
            np.arange(ITEMS),
            np.zeros(ITEMS, bool),
            100,
            False,
        ),
        views=views,
        rows=rows,
        layout=Layout(items, pooled=len(views)),
        usable=Layout(np.log(0.1 + items), pooled=len(views)),
        null=Layout(null.astype(float), pooled=len(views)),
        about_label=AboutLabel(told, np.zeros_like(told), np.arange(ITEMS) % 5),
        choosing=np.zeros((len(views), 1, 0)),
        raw=((chances[0, 0] < raw).astype(float), np.array([raw])),
        nats=[Interval(n, n - 0.05, n + 0.05) for n in nats],
        records={name: [Row(view=name, **blank)] for name in [*rows, RAW]},
    )


HILL = (0.60, 0.66, 0.72, 0.76, 0.72, 0.66, 0.60)
NATS = (2.0, 2.7, 3.3, 4.0, 4.7, 5.3, 6.0)


def test_a_planted_hill_has_all_three_regimes():
    reading = read(table(HILL, NATS))
    assert reading.regimes[0] == "missing"
    assert reading.regimes[-1] == "excess"
    assert "sweet_spot" in reading.regimes[2:5]
    assert "excess" not in reading.regimes[:3]
    assert "missing" not in reading.regimes[4:]
    assert reading.peak.kind == "inside"
    assert reading.peak.low <= 4.0 <= reading.peak.high


def test_a_view_that_shares_much_but_not_the_task_is_missing():
    reading = read(table((0.74, 0.76, 0.75, 0.3), (3.0, 4.0, 4.3, 6.0), kept=(1, 1, 1, 0.0)))
    assert reading.regimes[-1] == "missing"


def test_losing_some_task_information_alone_does_not_make_a_view_missing():
    reading = read(table(HILL, NATS, kept=[0.7] * 7))
    assert "sweet_spot" in reading.regimes


def test_equal_views_stay_undecided():
    wrong = 0
    for seed in range(20):
        reading = read(table([0.7] * 7, NATS, seed=seed))
        wrong += set(reading.regimes) != {"undecided"}
    assert wrong <= 3  # one expected


def test_shuffled_labels_have_no_sweet_spot():
    sweet = 0
    for seed in range(10):
        made = table(HILL, NATS, seed=seed)
        sweet += "sweet_spot" in read(made, made.null).regimes
    assert sweet == 0


def test_the_winner_is_not_measured_with_the_labels_that_chose_it():
    gaps = []
    for seed in range(20):
        made = table([0.7] * 7, NATS, seed=seed, sd=0.0)
        reading = read(made)
        own = made.layout.items_VN[reading.winner].mean()
        gaps.append(own - cross_fitted_accuracy(made, reading.winner))
    assert np.mean(gaps) > 2 * np.std(gaps, ddof=1) / 20**0.5  # the winner's curse is taken out


@pytest.mark.parametrize(
    ("options", "wording"),
    [
        ({"accuracy": HILL, "nats": NATS}, "sweet_spot"),
        ({"accuracy": [0.76] * 7, "nats": NATS}, "several_alike"),
        ({"accuracy": HILL, "nats": NATS, "scratch": 0.9}, "do_not_pretrain"),
        ({"accuracy": HILL, "nats": NATS, "scratch": 0.7, "raw": 0.9}, "baseline_wins"),
        ({"accuracy": HILL, "nats": NATS, "scratch": 0.755, "seeds": 1}, "undecided_gain"),
        ({"accuracy": sorted(HILL)[::2], "nats": (2, 3, 4, 5)}, "against_the_idea"),
        ({"accuracy": sorted(HILL)[::-2], "nats": (2, 3, 4, 5)}, "one_sided"),
    ],
)
def test_advice_says_what_the_numbers_carry(options, wording):
    made = table(**options)
    answer = advise(made, read(made), data="digits", command="goodviews study")
    assert answer.wording == wording
    advice = answer.advice
    words = f"{advice.head} {advice.lead} {advice.reason} {advice.open}".split()
    assert len(words) <= 90
    assert advice.spec == made.views[read(made).winner]
    assert advice.recommended == (
        wording not in ("do_not_pretrain", "baseline_wins", "undecided_gain")
    )
    assert "took 1 s" in advice.lead
    assert advice.head.split()[0].rstrip(":") in ("Pretrain", "Do", "Use", "Undecided", "Try")


def test_bounds_that_cannot_be_told_apart_name_no_side():
    made = table(HILL, NATS)
    wide = [Interval(one.value, one.value - 9, one.value + 9) for one in made.nats]
    assert not {"missing", "excess"} & set(read(replace(made, nats=wide)).regimes)
    assert {"missing", "excess"} <= set(read(made).regimes)


def test_a_view_chosen_by_few_labels_is_said_to_be():
    many = table(HILL, NATS)
    few = replace(many, task=replace(many.task, items=many.task.items[:60]))
    reading = read(many)
    said = advise(few, reading, data="", command="goodviews study").advice
    assert said.spec
    assert "selected with only 60 labels" in said.open
    sure = advise(many, reading, data="", command="goodviews study").advice
    assert "selected with" not in sure.open


def test_a_best_view_like_random_weights_is_said_to_be_and_a_better_one_is_not():
    sunk = table(HILL, NATS, scratch=0.9, random=0.76)
    reason = advise(sunk, read(sunk), data="", command="goodviews study").advice.reason
    assert reason == "The best view is not measurably better than random weights."
    useful = table(HILL, NATS, scratch=0.9)
    assert "do help" in advise(useful, read(useful), data="", command="x y").advice.reason


def renamed(made, old, new):
    """The same table, with another spec for one of its views."""

    def name(one):
        return new if one == old else one

    views, rows = [name(one) for one in made.views], [name(one) for one in made.rows]
    records = {name(one): found for one, found in made.records.items()}
    return replace(made, views=views, rows=rows, records=records)


@pytest.mark.parametrize("channels", [3, 4])
def test_the_best_view_is_compared_with_those_of_simclr(channels):
    made = table(HILL, NATS)
    first, last = (renamed(made, made.views[n], simclr_views(channels)) for n in (3, 0))
    best = made.views[3]
    assert over_simclr(made, best) == ""
    assert over_simclr(first, simclr_views(channels)) == ""
    assert over_simclr(last, best).endswith("less than this one.")
    assert over_simclr(first, made.views[0]).endswith("more than this one.")
    assert over_simclr(last, best) in advise(last, read(last), data="", command="x").advice.reason


def test_equal_views_are_hardly_ever_better_than_those_of_simclr():
    wrong, runs = 0, 400
    for seed in range(runs):
        made = table([0.7] * 4, NATS[:4], seed=seed, sd=0.02)
        made = renamed(made, made.views[0], "simclr()")
        best = winner(made)
        found = made.over(made.views[best], "simclr()", among=3)
        wrong += best > 0 and found.above
    assert wrong <= 0.034 * runs + 3 * (0.034 * 0.966 * runs) ** 0.5


@pytest.mark.parametrize("other", [RANDOM, SCRATCH, RAW, "crop(scale=(1, 1))", "twin"])
def test_a_difference_of_two_accuracies_is_within_100_points(other):
    made = table((0.5, 0.9), NATS[:2], seeds=2, sd=3)
    found = made.over(made.views[0], other)
    assert -1 <= found.low <= found.value <= found.high <= 1
    free = replace(made, task=replace(made.task, measure="R2")).over(made.views[0], other)
    assert free.value == found.value
    assert free.low <= found.low
    assert free.high >= found.high
    assert free.half > found.half  # two seeds that differ by much: something was cut
