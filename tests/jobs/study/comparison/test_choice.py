from types import SimpleNamespace

import numpy as np

from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.comparison.choice import Choice, choose_views
from goodviews.jobs.study.comparison.draws import Draw
from goodviews.jobs.study.comparison.scores import best_option, merged
from goodviews.jobs.study.plan import Cell, Task

N = 200


def planned(right_VSM, choose=None):
    labels, items = np.arange(N) % 2, np.arange(N)
    choose = np.zeros(N, dtype=bool) if choose is None else choose
    task = Task("t", labels, ("a", "b"), (), items, choose, 10, False, None, items)
    views = tuple(f"v{n}" for n in range(len(right_VSM)))
    seeds = tuple(range(right_VSM.shape[1]))
    results = {
        Cell("candidate", view, seed): CellResult([], {"0.right": right_VSM[v, seed]})
        for v, view in enumerate(views)
        for seed in seeds
    }
    return SimpleNamespace(tasks=(task,), views=views, seeds=seeds), results


def test_a_lucky_run_and_lucky_images_do_not_choose_their_own_view():
    right = np.zeros((2, 3, N))
    right[0] += 0.5
    right[1, 0] = 1.0  # a lucky run of the other view, on all images
    plan, results = planned(right)
    chosen = choose_views(plan, 0, results)
    assert {chosen.views[0, part] for part in (0, 1)} == {"v0"}
    halves = chosen.parts
    lucky = np.where(halves == 0, 1.0, 0.0)
    right = np.stack([np.full((3, N), 0.4), np.tile(lucky, (3, 1))])
    chosen = choose_views(*(lambda p, r: (p, 0, r))(*planned(right)))
    assert chosen.views[0, 0] == "v0"  # chosen on the other half, where v1 is never right
    assert chosen.views[0, 1] == "v1"


def test_images_that_are_set_aside_choose_alone():
    right = np.zeros((2, 2, N))
    aside = np.arange(N) < 50
    right[0, :, aside], right[1, :, ~aside] = 1.0, 1.0
    plan, results = planned(right, aside)
    chosen = choose_views(plan, 0, results)
    assert set(chosen.views.values()) == {"v0"}
    assert (chosen.parts[:50] == -1).all()
    assert (chosen.parts[50:] >= 0).all()


def test_the_better_of_equal_options_is_not_better_by_choosing():
    rng = np.random.default_rng(0)
    choice = Choice(np.arange(N) % 2, {})
    draws = [Draw(10, n, np.arange(0), np.arange(N)) for n in range(4)]
    gains = []
    for _ in range(200):
        options = {name: [(rng.random(N) < 0.5) * 1.0 for _ in draws] for name in "abcd"}
        best, taken = best_option(options, draws, choice)
        gains.append(np.mean(best) - 0.5)
        assert abs(sum(taken.values()) - 1) < 1e-9
    assert abs(np.mean(gains)) < 3 * np.std(gains) / len(gains) ** 0.5


def test_a_better_option_is_found():
    rng = np.random.default_rng(0)
    choice = Choice(np.arange(N) % 2, {})
    draws = [Draw(10, n, np.arange(0), np.arange(N)) for n in range(4)]
    options = {
        name: [(rng.random(N) < level) * 1.0 for _ in draws]
        for name, level in (("low", 0.5), ("high", 0.8))
    }
    assert best_option(options, draws, choice)[1]["high"] == 1


def test_each_half_has_the_scores_of_its_own_view():
    choice = Choice(np.array([0, 1, 0, 1]), {(0, 0): "one", (0, 1): "two"})
    draw = Draw(1, 0, np.arange(0), np.arange(4))

    def score(_, view, some):
        return np.full(some.sum(), float(view == "two"))

    found = merged([draw], [0], choice, score)
    assert found[0].tolist() == [0, 1, 0, 1]
