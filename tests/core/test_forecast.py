"""After a minute the end of unequal work is known within a factor of two, by made-up clocks."""

import heapq
import itertools

import numpy as np
import pytest

from goodviews.core.forecast import Forecast

MINUTE = 60.0


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self):
        return self.now


def work(rng, views, seeds):
    """Pieces like the runs of a study, the true cost of each kind, and the expected ones.

    Epochs of one view take up to eight times as long as those of another, and the expectation
    is wrong by up to a factor of 1.6 for each name, 1.3 for each view.
    """
    true = {("fit", ""): rng.uniform(0.5, 4)}
    for view in range(views):
        true["epoch", str(view)] = rng.uniform(0.25, 2)
        true["readout", str(view)] = rng.uniform(0.2, 6)
    wrong = {name: rng.uniform(1 / 1.6, 1.6) for name in ("fit", "epoch", "readout")}
    costs = {
        kind: 1000 * seconds * wrong[kind[0]] * rng.uniform(1 / 1.3, 1.3)
        for kind, seconds in true.items()
    }
    pieces = []
    for _ in range(seeds):
        runs = [{("epoch", str(v)): 20, ("readout", str(v)): 2} for v in range(views)]
        pieces += [runs[0], {("fit", ""): 10}, *runs[1:]]
    return pieces, true, costs


def play(pieces, true, workers, rng, warm_up=3.0):
    """Finish the pieces on some workers: (time, piece, name, seconds) of each part, in order."""
    events, waiting = [], list(enumerate(pieces))
    ready = [(warm_up, worker) for worker in range(workers)]
    for number, piece in waiting:
        now, worker = heapq.heappop(ready)
        first = True
        for kind in itertools.chain.from_iterable([k] * n for k, n in piece.items()):
            seconds = true[kind] * rng.uniform(0.7, 1.4) + (2.0 if first and number < 2 else 0)
            now, first = now + seconds, False
            events.append((now, number, kind[0], seconds))
        heapq.heappush(ready, (now, worker))
    return sorted(events), max(now for now, _ in ready)


def follow(forecast, clock, pieces, events):
    """Feed a forecast; (time, seconds left, share) after each part."""
    open_ = [sum(piece.values()) for piece in pieces]
    for now, piece, name, seconds in events:
        clock.now = now
        forecast.finished(piece, name, seconds)
        open_[piece] -= 1
        if not open_[piece]:
            forecast.closed(piece)
        yield now, forecast.left(), forecast.share()


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("views", [2, 7])
@pytest.mark.parametrize("seed", range(12))
def test_after_a_minute_the_end_is_known_within_a_factor_of_two(workers, views, seed):
    rng = np.random.default_rng(seed)
    pieces, true, costs = work(rng, views, 3)
    events, end = play(pieces, true, workers, rng)
    clock = Clock()
    forecast = Forecast(pieces, costs, workers=workers, clock=clock)
    assert forecast.left() is None
    late = [s for s in follow(forecast, clock, pieces, events) if s[0] >= MINUTE]
    for now, left, _ in late:
        assert end / 2 <= now + left <= 2 * end
    if late:
        assert late[-1][1] == 0


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("seed", range(6))
def test_the_share_never_decreases_and_ends_at_one(workers, seed):
    rng = np.random.default_rng(seed)
    pieces, true, costs = work(rng, 5, 2)
    events, _ = play(pieces, true, workers, rng)
    clock = Clock()
    forecast = Forecast(pieces, costs, workers=workers, clock=clock)
    shares = [share for *_, share in follow(forecast, clock, pieces, events)]
    assert all(a <= b for a, b in itertools.pairwise(shares))
    assert 0 < shares[0] < 0.1
    assert shares[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(6))
def test_a_resumed_run_knows_its_end_at_once(seed):
    rng = np.random.default_rng(seed)
    pieces, true, costs = work(rng, 5, 3)
    before, after = pieces[:9], pieces[9:]
    clock = Clock()
    forecast = Forecast(pieces, costs, workers=2, clock=clock)
    for number, piece in enumerate(before):
        took = sum(count * true[kind] for kind, count in piece.items())
        forecast.closed(number, took)
    _, end = play(after, true, 2, rng, warm_up=0.0)
    assert end / 2 <= forecast.left() <= 2 * end
    share = forecast.share()
    assert 0.3 < share < 0.7
    clock.now = 30.0
    assert forecast.share() == share


def test_work_that_runs_side_by_side_takes_as_long_as_its_longest_piece():
    step = ("step", "")
    forecast = Forecast([{step: 10}, {step: 2}], {step: 1.0}, workers=4, clock=Clock())
    forecast.finished(1, "step", 3.0)
    assert forecast.left() == 30.0


def test_a_part_under_way_counts_for_the_time_that_it_has_run():
    step, clock = ("step", ""), Clock()
    forecast = Forecast([{step: 3}], {step: 1.0}, clock=clock)
    forecast.finished(0, "step", 4.0)
    assert forecast.left() == 8.0
    clock.now = 3.0
    assert forecast.left() == 5.0
    clock.now = 60.0  # longer than expected: the rest is still to come
    assert forecast.left() == 4.0


def test_the_slowest_part_of_a_kind_warmed_up_and_counts_for_nothing():
    step = ("step", "")
    forecast = Forecast([{step: 13}], {step: 1.0}, clock=Clock())
    for seconds in (20.0, 1.0, 1.0):
        forecast.finished(0, "step", seconds)
    assert forecast.left() == 10.0


def test_a_part_that_was_not_expected_and_no_work_at_all_are_no_error():
    assert Forecast([], {}).share() == 1.0
    forecast = Forecast([{("step", ""): 1}], {("step", ""): 1.0}, clock=Clock())
    forecast.finished(0, "other", 5.0)
    assert forecast.left() is None
    assert forecast.share() == 0.0
