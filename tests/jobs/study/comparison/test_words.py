"""The answer of planted comparisons: worth it, not worth it, open, and what would settle it."""

import re

import pytest
from tests.jobs.study.test_verdict import HILL, NATS, table

from goodviews.core.interval import Interval
from goodviews.jobs.study.comparison.gaps import Gap
from goodviews.jobs.study.comparison.outcome import Count, Outcome, decide
from goodviews.jobs.study.statistics.regimes import read
from goodviews.jobs.study.verdict.advice import advise
from goodviews.jobs.study.verdict.compared import compared, comparison_record

ARMS = ("scratch_light", "scratch_view", "scratch", "probe", "knn", "tuned")
UP, DOWN, OPEN = (
    Interval(0.03, 0.01, 0.05),
    Interval(-0.03, -0.05, -0.01),
    Interval(0.02, -0.02, 0.06),
)
COMMAND = "goodviews study photos --seeds 3"


def count(labels, each, probe, tuned):
    gaps = {
        arm: Gap(one, (2e-4, 3), (1e-5, 999), 4, 3, 1000)
        for arm, one in (("probe", probe), ("tuned", tuned))
    }
    return Count(labels, each, dict.fromkeys(ARMS, Interval(0.8, 0.7, 0.9)), gaps, 4, 0.5)


def outcome(*counts, few=False):
    return Outcome(tuple(counts), seconds=100.0, run_seconds=90.0, few=few, shares=(0.1, 1.0))


@pytest.mark.parametrize(
    ("probe", "tuned", "decision", "head"),
    [
        (UP, DOWN, "worth", "Pretrain with"),
        (OPEN, UP, "worth", "Pretrain with"),
        (DOWN, DOWN, "not_worth", "Do not pretrain"),
        (DOWN, OPEN, "open", "Undecided"),
        (OPEN, OPEN, "open", "Undecided"),
    ],
)
def test_either_use_makes_it_worth_it_and_both_must_be_worse(probe, tuned, decision, head):
    found = outcome(count(400, None, probe, tuned))
    assert decide(found) == decision
    made = table(HILL, NATS, scratch=0.755)
    answer = advise(
        made, read(made), data="photos", command=COMMAND, found=compared(found, COMMAND)
    )
    assert answer.advice.head.startswith(head)
    assert answer.advice.recommended == answer.good == (decision == "worth")
    assert "With all 400 labels" in answer.advice.lead
    assert answer.worth == "Frozen: {}. Fine-tuned: {}.".format(
        *({UP: "yes", DOWN: "no", OPEN: "undecided"}[one] for one in (probe, tuned))
    )


def test_the_comparison_decides_against_the_probes_of_the_study():
    made = table(HILL, NATS, scratch=0.9)  # the probes alone say: do not pretrain
    found = compared(outcome(count(400, None, DOWN, UP)), COMMAND)
    assert advise(made, read(made), data="", command=COMMAND, found=found).advice.recommended


def test_fewer_labels_count_only_where_they_are_a_question():
    small, full = count(40, 4, UP, UP), count(400, None, DOWN, DOWN)
    assert decide(outcome(small, full)) == "not_worth"
    asked = outcome(small, full, few=True)
    assert decide(asked) == "worth"
    found = compared(asked, COMMAND)
    made = table(HILL, NATS)
    advice = advise(made, read(made), data="", command=COMMAND, found=found).advice
    assert "labels are few" in advice.head
    assert "With 40 labels (4 per class)" in advice.lead
    assert "all 400 labels: no frozen, no fine-tuned" in advice.lead


def test_what_is_open_says_how_many_seeds_and_minutes_settle_it():
    found = compared(outcome(count(400, None, DOWN, OPEN)), COMMAND)
    seeds = int(re.search(r"(\d+) seeds", found.open).group(1))
    assert found.command == f"goodviews study photos --seeds {seeds}"
    minutes = re.search(r"about (\d+) min more of processor time", found.open).group(1)
    assert int(minutes) == round((seeds - 3) * 90 / 60)
    assert "fine-tuned" in found.open


def test_one_seed_asks_for_three():
    alone = Interval(0.02, float("-inf"), float("inf"))
    found = compared(outcome(count(400, None, alone, alone)), "goodviews study --seeds 1")
    assert (found.decision, found.command) == ("open", "goodviews study --seeds 3")


def test_the_record_has_every_arm_at_every_count_and_both_answers():
    record = comparison_record(
        outcome(count(40, 4, UP, OPEN), count(400, None, DOWN, OPEN)), COMMAND
    )
    assert [one.text for one in record.counts] == ["40 labels (4 per class)", "all 400 labels"]
    assert all(len(one.arms) == 5 for one in record.counts)
    assert record.frozen.startswith("Frozen: no with all 400 labels, −3.0 points")
    assert "yes with 40 labels" in record.frozen
    assert "undecided with all 400 labels" in record.tuned
    skipped = comparison_record(Outcome(skipped="Too short."), COMMAND)
    assert (skipped.decision, skipped.note) == ("none", "Too short.")
    assert comparison_record(None, COMMAND) is None
