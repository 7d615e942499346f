"""One view for several tasks: the least worst regret, with intervals that hold after choosing."""

from dataclasses import replace

import numpy as np
import pytest
from tests.jobs.study.test_verdict import ITEMS, NATS, table

from goodviews.jobs.study.statistics.compromise import compromise, regret
from goodviews.jobs.study.statistics.layout import Layout


def tasks(*accuracies, seed=0, **options):
    made = []
    for number, accuracy in enumerate(accuracies):
        one = table(accuracy, NATS[: len(accuracy)], seed=seed + 50 * number, **options)
        made.append(replace(one, task=replace(one.task, name=f"task {number}")))
    return made


def test_the_compromise_gives_up_least_where_it_gives_up_most():
    found = compromise(tasks((0.9, 0.8, 0.5), (0.5, 0.8, 0.9), scratch=0.6))
    assert found.view == "crop(scale=(1, 1))"  # .1 worse at worst; the others .4
    assert [round(one.value, 1) for one in found.regrets] == [0.1, 0.1]
    assert all(one.low > 0.05 for one in found.regrets)
    assert all(one.above for one in found.over_scratch)
    assert found.pair == ["crop(scale=(0, 1))", "crop(scale=(2, 1))"]
    assert all(one.low > 0.05 for one in found.gains)


def test_three_tasks_share_the_two_best_views():
    found = compromise(tasks((0.9, 0.6, 0.6), (0.6, 0.9, 0.6), (0.6, 0.88, 0.9)))
    assert found.pair == ["crop(scale=(0, 1))", "crop(scale=(1, 1))", "crop(scale=(1, 1))"]


def test_a_view_that_is_best_everywhere_needs_no_second_pretraining():
    found = compromise(tasks((0.9, 0.6), (0.8, 0.6)))
    assert set(found.pair) == {found.view}
    assert all(one.value == 0 and one.low == 0 for one in found.regrets)
    assert all(one.value == 0 for one in found.gains)


def test_a_view_without_results_for_one_task_is_no_compromise():
    first, second = tasks((0.7, 0.9), (0.7, 0.9))
    short = replace(second, views=second.views[:1], rows=[second.views[0], *second.rows[2:]])
    assert compromise([first, short]).view == "crop(scale=(0, 1))"


def test_one_seed_leaves_the_regret_without_ends():
    found = regret(table((0.7, 0.8), NATS[:2], seeds=1), "crop(scale=(0, 1))")
    assert found.value == pytest.approx(0.1, abs=0.03)
    assert not found.known


def test_the_interval_of_the_regret_holds_for_the_view_that_was_chosen():
    """Equal and unequal views: 95 % of simulated studies hold the regret that is true."""
    truth = [np.array([0.7] * 5), np.array([0.7, 0.72, 0.71, 0.7, 0.66])]
    held = total = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        made = []
        for start, means in zip(tasks(*truth), truth, strict=True):
            full = np.array([*means, means[0], 0.4, 0.6])
            runs = full[:, None] + rng.normal(0, 0.01, (len(full), 3))
            shared, own = rng.random((1, 1, ITEMS)), rng.random((len(full), 3, ITEMS))
            items = ((shared + own) / 2 < _half(runs)[:, :, None]).astype(float)
            made.append(replace(start, layout=Layout(items, pooled=5, shares=True)))
        found = compromise(made)
        for interval, means in zip(found.regrets, truth, strict=True):
            true = means.max() - means[int(found.view.split("(")[2][0])]
            held += interval.low <= true <= interval.high
            total += 1
    assert held / total >= 0.95 - 3 * (0.95 * 0.05 / total) ** 0.5


def _half(share):
    """Point below which the mean of two uniform numbers lies with a given probability."""
    return np.where(share < 0.5, np.sqrt(share / 2), 1 - np.sqrt((1 - share) / 2))
