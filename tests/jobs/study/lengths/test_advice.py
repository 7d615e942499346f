"""Advice against pretraining holds at the length of use, or is open."""

import sys
from pathlib import Path

import pytest

from goodviews.core.records.lengths import Lengths
from goodviews.core.records.verdict import Verdict
from goodviews.jobs.study.lengths.advice import with_lengths

sys.path.insert(0, str(Path(__file__).parents[3] / "pages"))
from studies import make_study


@pytest.fixture(scope="module", params=["dont", "family"])
def task(request, tmp_path_factory):
    folder = make_study(tmp_path_factory.mktemp("advice") / request.param, request.param)
    return Verdict.read(folder / "verdict.json").tasks[0]


def lengths(choice, *, target=160, command=""):
    return Lengths(
        epochs=10, target=target, curves=(), finding="", forecast="", choice=choice,
        answer="The answer.", command=command,
    )  # fmt: skip


@pytest.mark.parametrize("choice", ["worth_it", "not_worth_it", "undecided", None])
def test_a_recommended_view_stays_recommended_with_the_same_words(task, choice):
    found = with_lengths(task, lengths(choice))
    assert found.lengths is not None
    if task.advice.recommended or choice is None:
        assert (found.advice, found.wording) == (task.advice, task.wording)


def test_do_not_pretrain_is_open_where_longer_training_is(task):
    found = with_lengths(task, lengths("undecided", command="goodviews study --epochs 160"))
    if not task.advice.recommended:
        assert found.advice.head.startswith("Undecided")
        assert (found.wording, found.advice.recommended) == ("undecided_length", False)
        assert found.advice.command == "goodviews study --epochs 160"
        assert found.advice.open == "The answer."
        for choice in ("undecided", "not_worth_it"):  # at the length that was asked for
            assert with_lengths(task, lengths(choice, target=10)).advice == task.advice


def test_do_not_pretrain_stays_where_the_forecast_agrees_and_turns_where_it_does_not(task):
    if not task.advice.recommended:
        assert with_lengths(task, lengths("not_worth_it")).advice.head == task.advice.head
        turned = with_lengths(task, lengths("worth_it")).advice
        assert (turned.head, turned.recommended) == ("Pretrain for 160 epochs with", True)
