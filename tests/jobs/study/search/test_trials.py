"""Trials: a search is a function of its results, whoever runs it and however often it stops."""

import numpy as np
import pytest

from goodviews.jobs.study.search.propose import Known, propose, startup
from goodviews.jobs.study.search.trials import Trial, Trials, as_scores
from goodviews.spec.space import read_space

SPACE = read_space("crop(scale=({0.0: 1.0}, 1))|jitter({0.0: 1.0})|blur(p={0, 0.5, 1})")


def readout(view, *, early=False):
    scale, jitter, blur = SPACE.values(view)
    return 1 - (scale - 0.3) ** 2 - (jitter - 0.7) ** 2 - 0.2 * (blur == 0) - 0.3 * early


def finished(number, view, threshold):
    early = readout(view, early=True)
    pruned = threshold is not None and early < threshold
    score = early if pruned else readout(view)
    return Trial(number, view, SPACE.values(view), score, early, pruned)


def searched(order, total=20, *, stop_after=None, done=None):
    """Run a search whose open trials finish in the order that a generator draws."""
    state = Trials(SPACE, total, 4, done=dict(done or {}))
    rng, running = np.random.default_rng(order), list(state.due())
    while running and len(state.done) != stop_after:
        view, number, threshold = running.pop(rng.integers(len(running)))
        state.done[number] = finished(number, view, threshold)
        running += state.due()
    return state


def record(state):
    return {n: (one.view, one.score, one.pruned) for n, one in sorted(state.done.items())}


def test_the_order_in_which_trials_finish_changes_nothing():
    pytest.importorskip("optuna", reason="needs optuna: pip install 'goodviews[search]'")
    first = record(searched(0, 14))
    assert len(first) == 14
    assert record(searched(1, 14)) == first


@pytest.mark.parametrize("stop", [0, 3, 9, 16, 19])
def test_a_stopped_search_proposes_what_it_would_have(stop):
    pytest.importorskip("optuna", reason="needs optuna: pip install 'goodviews[search]'")
    whole = record(searched(0, 32))
    stopped = searched(2, 32, stop_after=stop)
    resumed = searched(3, 32, done=stopped.done)
    assert record(resumed) == whole


def test_without_results_the_space_is_covered_evenly():
    count = 2**4
    values = [propose(SPACE, (), number=n, trials=40) for n in range(count)]
    for parameter in (0, 1):
        cells = sorted(int(value[parameter] * count) for value in values)
        assert cells == list(range(count))  # one in each sixteenth
    assert len({propose(SPACE, (), number=0, trials=40, seed=seed) for seed in range(5)}) == 5


def test_proposals_go_where_trials_are_good():
    pytest.importorskip("optuna", reason="needs optuna: pip install 'goodviews[search]'")
    known = []
    for number in range(16):
        values = propose(SPACE, (), number=number, trials=40)
        known.append(Known(values, readout(SPACE.view(values))))
    made = [propose(SPACE, known, number=n, trials=40) for n in range(16, 26)]
    even = np.mean([one.score for one in known])
    assert np.mean([readout(SPACE.view(values)) for values in made]) > even + 0.1


def test_trials_are_pruned_only_once_enough_are_known_and_by_those_before_alone():
    assert startup(SPACE, 40) == 8
    whole = Trials(SPACE, 40, 4)
    whole.done = {n: Trial(n, "", (), 1.0, early=n / 40) for n in range(30)}
    assert whole.threshold(7 + 3) is None
    assert whole.threshold(20) == pytest.approx(np.quantile(np.arange(17) / 40, 0.35))
    assert whole.threshold(20) < whole.threshold(33)


def test_failed_trials_count_as_the_worst_and_are_never_finalists():
    done = {
        0: Trial(0, "a", (), 1.0, 0.6),
        1: Trial(1, "b", (), 0.4, 0.3),
        2: Trial(2, "c", (), 0.5, 0.5, pruned=True),
        3: Trial(3, "d", (), why="does not fit"),
        4: Trial(4, "a", (), 0.9, 0.6),
    }
    assert as_scores(done) == pytest.approx({0: 1.0, 1: 0.4, 2: 0.8, 3: 0.4, 4: 0.9})
    assert as_scores({3: done[3]}) == {}
    state = Trials(SPACE, 5, 4, done=done)
    assert [one.view for one in state.best(4)] == ["a", "b"]
