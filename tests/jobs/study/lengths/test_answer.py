"""Worth it, not worth it, undecided: by the gain at the study's length and its forecast."""

from dataclasses import replace

import pytest

from goodviews.core.interval import Interval
from goodviews.core.records.lengths import LengthCurve, LengthPoint
from goodviews.jobs.study.lengths.answer import Question, decide, forecast_gains

COMMAND = "goodviews study photos --seeds 3"


def question(low, value, high, *, target=160, **others):
    gains = {"frozen": Interval(value, low, high), **others}
    return Question(
        view="flip()", gains=gains, epochs=10, target=target, seconds=60.0, runs=6, command=COMMAND
    )


def curve(*levels):
    """Accuracy at each (epochs, accuracy, half of the interval); only the first is measured."""
    points = [
        LengthPoint(
            epochs=epochs,
            factor=epochs / 10,
            measured=place == 0,
            nats=None,
            accuracy=Interval(level, level - half, level + half),
        )
        for place, (epochs, level, half) in enumerate(levels)
    ]
    return LengthCurve(view="flip()", label="flip", seeds=1, points=tuple(points))


def test_a_gain_at_the_length_of_the_study_is_worth_it_whatever_follows():
    found = decide(question(0.01, 0.03, 0.05), curve((10, 0.8, 0.02), (160, 0.7, 0.01)))
    assert (found.choice, found.command) == ("worth_it", "")


def test_without_a_forecast_a_loss_at_a_short_length_is_undecided_with_command_and_time():
    found = decide(question(-0.08, -0.05, -0.02), None)
    assert found.choice == "undecided"
    assert "No forecast" in found.words
    assert "about 96 min of processor time" in found.words
    assert "--views 'flip()' --epochs 160" in found.command


def test_the_command_that_decides_names_one_view():
    many = "goodviews study photos --views 'noise()' --views 'crop()' --seeds 3"
    asked = replace(question(-0.08, -0.05, -0.02), command=many)
    assert decide(asked, None).command.count("--views") == 1


def test_a_loss_at_the_length_that_was_asked_for_is_not_worth_it():
    assert decide(question(-0.08, -0.05, -0.02, target=10), None).choice == "not_worth_it"
    found = decide(question(-0.08, -0.01, 0.02, target=10), None)
    assert (found.choice, found.command) == ("undecided", "")


@pytest.mark.parametrize(
    ("level", "half", "choice"),
    [(0.90, 0.01, "worth_it"), (0.80, 0.01, "not_worth_it"), (0.86, 0.05, "undecided")],
)
def test_with_a_forecast_the_answer_is_that_at_the_length_of_use(level, half, choice):
    found = decide(
        question(-0.07, -0.05, -0.03),
        curve((10, 0.80, 0.02), (40, 0.83, 0.01), (160, level, half)),
    )
    assert found.choice == choice
    assert "Forecast after 160 epochs" in found.words
    assert bool(found.command) == (choice == "undecided")


def test_the_forecast_of_the_gain_adds_both_errors():
    asked = question(-0.0196, 0.0, 0.0196)
    found = forecast_gains(asked, curve((10, 0.80, 0.02), (160, 0.85, 0.03)))["frozen"]
    assert found.value == pytest.approx(0.05)
    assert found.half == pytest.approx((0.03**2 + 0.012816**2) ** 0.5, rel=1e-3)


def test_the_shortest_length_that_would_decide_is_proposed():
    levels = (10, 0.80, 0.02), (40, 0.90, 0.2), (160, 0.95, 0.2)
    found = decide(question(-0.07, -0.05, -0.03), curve(*levels))
    assert found.choice == "undecided"
    assert "--epochs 40" in found.command


TUNED = {"fine-tuned": Interval(0.03, 0.01, 0.05)}


def test_one_use_that_gains_is_enough_and_all_must_lose():
    assert decide(question(-0.07, -0.05, -0.03, **TUNED), None).choice == "worth_it"
    later = curve((10, 0.80, 0.02), (160, 0.80, 0.001))
    open_ = {"fine-tuned": Interval(0.0, -0.03, 0.03)}
    assert decide(question(-0.07, -0.05, -0.03), later).choice == "not_worth_it"
    found = decide(question(-0.07, -0.05, -0.03, **open_), later)
    assert found.choice == "undecided"
    assert "+0.0 points" in found.words or "0.0 points" in found.words
    lost = {"fine-tuned": Interval(-0.05, -0.07, -0.03)}
    assert decide(question(-0.07, -0.05, -0.03, **lost), later).choice == "not_worth_it"
