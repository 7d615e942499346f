"""A run that is continued to a longer length is a new run of that length, to the bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.training import Settings, Steady, build_schedule, train
from goodviews.training.schedule import common_steps, fixed_rise
from goodviews.training.steady import last_steady_step
from goodviews.views import parse_view

TINY = Settings(
    encoder="convnet(width=4)", head="projector(dim=8)", epochs=5, batch=16, device="cpu"
)
MUON = "muon(lr=0.05, weight_decay=0.0)"
INDEX = np.arange(48)


@pytest.fixture(scope="module")
def images():
    return load("digits")


@pytest.fixture(scope="module")
def steady(images):
    return run(images, TINY, keep_steady=True).steady


def run(images, settings, **options):
    options = {"seed": 3, **options}
    return train(images, INDEX, parse_view("crop()|noise()"), settings=settings, **options)


def same(one, other):
    first, second = one.encoders.state_dict(), other.encoders.state_dict()
    return one.history.losses == other.history.losses and all(
        torch.equal(first[name], second[name]) for name in first
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"optimiser": MUON},
        {"memory": "queue(size=32)", "momentum": 0.9},
        {"memory": "bank(negatives=16)"},
        {"objective": "byol()", "predictor": "projector(dim=8)", "momentum": 0.9},
        {"objective": "swav()", "prototypes": 6, "prototypes_frozen": 1.0, "average": 0.9},
        {"schedule": "constant()", "accumulate": 2},
    ],
)
def test_a_continued_run_is_a_new_run_of_that_length(images, changes):
    settings = replace(TINY, **changes)
    short = run(images, settings, keep_steady=True)
    longer = short.steady.longer(9)
    long = run(images, longer, steady=short.steady, keep_steady=True)
    assert same(long, run(images, longer))
    assert not same(short, long)
    assert long.steady.longer(12) == replace(longer, epochs=12)
    again = run(images, longer, steady=short.steady)  # continuing has not changed the state
    assert same(long, again)


def test_one_state_continues_to_several_lengths_from_memory_and_from_a_file(
    images, steady, tmp_path
):
    kept = steady
    kept.save(tmp_path / "steady.pt")
    there = Steady.load(tmp_path / "steady.pt")
    assert there.step == kept.step < TINY.epochs * 3
    for epochs in (8, 9):
        longer = kept.longer(epochs)
        fresh = run(images, longer)
        assert same(run(images, longer, steady=kept), fresh)
        assert same(run(images, longer, steady=there), fresh)


def test_keeping_the_state_changes_nothing_and_runs_are_continued_twice(images, steady):
    short = run(images, TINY, keep_steady=True)
    assert same(short, run(images, TINY))
    long = run(images, steady.longer(8), steady=steady, keep_steady=True)
    longest = run(images, steady.longer(12), steady=long.steady)
    assert same(longest, run(images, steady.longer(12)))


def test_the_bounds_of_a_continued_run_are_those_of_a_new_one(images):
    def look(encoders):
        weights = [weight.detach().double().sum() for weight in encoders.parameters()]
        return float(sum(weights)), 0.1

    short = run(images, replace(TINY, epochs=10), look=look, keep_steady=True)
    assert [step for step, *_ in short.history.bounds] == [10, 21]
    for epochs in (20, 30):
        longer = short.steady.longer(epochs)
        fresh = run(images, longer, look=look).history.bounds
        assert run(images, longer, look=look, steady=short.steady).history.bounds == fresh
    longer = short.steady.longer(15)  # whose first look is before the state that was kept
    late = run(images, longer, look=look, steady=short.steady).history.bounds
    assert late[0] == short.history.bounds[0]
    assert late[1:] == run(images, longer, look=look).history.bounds[1:]


def test_an_interrupted_continued_run_resumes_from_its_own_checkpoint(images, steady, tmp_path):
    longer = steady.longer(9)

    def stop(learner, history):
        if history.steps == 20:
            raise KeyboardInterrupt

    options = {"steady": steady, "folder": tmp_path, "save_every": 1}
    with pytest.raises(KeyboardInterrupt):
        run(images, longer, watch=stop, **options)
    assert same(run(images, longer, **options), run(images, longer))


@pytest.mark.parametrize(
    ("settings", "options", "words"),
    [
        ({"optimiser": MUON}, {}, "optimiser="),
        ({"epochs": 3}, {}, "more epochs"),
        ({"schedule": "trapezoid()"}, {}, "other learning rates"),
        ({"schedule": "cosine()"}, {}, "other learning rates"),
        ({}, {"seed": 4}, "seed"),
    ],
)
def test_another_run_is_not_continued(images, steady, settings, options, words):
    longer = replace(steady.longer(9), **settings)
    with pytest.raises(InputError, match=words):
        run(images, longer, steady=steady, **options)
    with pytest.raises(InputError, match="view"):
        train(
            images, INDEX, parse_view("noise()"), settings=steady.longer(9), seed=3, steady=steady
        )


def test_a_momentum_that_rises_to_the_end_is_refused(images):
    settings = replace(TINY, momentum=0.9, momentum_rises=True, memory="queue(size=32)")
    with pytest.raises(InputError, match="momentum_rises"):
        run(images, settings, keep_steady=True)


@pytest.mark.parametrize("text", ["trapezoid()", "trapezoid(rise=0.05, steady=0.5)"])
@pytest.mark.parametrize("epochs", [1, 3, 7, 25, 80])
@pytest.mark.parametrize("epoch", [1, 7, 13])
def test_a_fixed_rise_is_the_same_schedule_and_stays_so_in_longer_runs(text, epochs, epoch):
    total = epochs * epoch
    if total < 3:
        return
    at = build_schedule(text, total, epoch=epoch)
    fixed = fixed_rise(text, total, epoch=epoch)
    assert common_steps(at, build_schedule(fixed, total, epoch=epoch), total) == total
    assert fixed_rise(fixed, 2 * total, epoch=epoch) == fixed
    end = last_steady_step(Settings(schedule=text, epochs=epochs), total, epoch)
    longer = build_schedule(fixed, 3 * total, epoch=epoch)
    assert all(at(step) == longer(step) for step in range(end))
    assert end == total or at(end) < longer(end)
    assert at(end - 1) == 1.0
