"""Every threshold behind the words about a run has a case close to either side.

The numbers of a healthy run are changed one at a time to just below and just above the threshold.
"""

from dataclasses import replace

import pytest

from goodviews.training.diagnostics.health import AGREE, HEALTHY, Look, judge
from goodviews.training.diagnostics.vitals import Vitals
from goodviews.training.view_learning.looks import Look as GameLook
from goodviews.training.view_learning.looks import label_is_lost, lost_too_much, verdict

FINE = Vitals(
    spread=0.95, deviation=1.0, rank=12.0, gram=0.3, correlation=0.2, uniformity=-3.0,
    alignment=0.4, apart=0.3, found=0.9,
)  # fmt: skip
POINT, CONE, COPIES = "complete collapse", "complete collapse", "dimensional collapse"
EASY, LOST, SOON, STALE = (
    "shortcut or saturation", "not learning", "NaN ahead", "stale queue"
)  # fmt: skip


def said(changed=(), *, count=AGREE, **more):
    vitals = replace(FINE, **dict(changed))
    return judge([Look(10 * k, vitals, pairs=10_000, loss=1.0, **more) for k in range(count)])


def test_the_run_that_is_changed_is_healthy():
    assert said().verdict == HEALTHY


@pytest.mark.parametrize(
    ("changed", "more", "word"),
    [
        ({"spread": 0.3}, {}, CONE),
        ({"spread": 0.4}, {}, HEALTHY),
        ({"deviation": 0.08}, {"unit": True}, POINT),
        ({"deviation": 0.125}, {"unit": True}, HEALTHY),
        ({"apart": 0.85}, {}, HEALTHY),
        ({"apart": 0.95}, {}, LOST),
        ({"spread": 0.3}, {"ceiling": 5.0, "share": 0.85}, EASY),
        ({"spread": 0.3}, {"ceiling": 5.0, "share": 0.95}, CONE),
        ({"apart": 0.06, "found": 0.95}, {}, EASY),
        ({"apart": 0.1, "found": 0.95}, {}, HEALTHY),
        ({"apart": 0.02, "found": 0.85}, {}, EASY),
        ({"apart": 0.02, "found": 0.7}, {}, HEALTHY),
        ({}, {"ceiling": 2.5}, EASY),
        ({}, {"ceiling": 3.5}, HEALTHY),
        ({"correlation": 0.65}, {}, HEALTHY),
        ({"correlation": 0.85}, {}, COPIES),
        ({}, {"climb": 0.7, "ceiling": 5.0}, HEALTHY),
        ({}, {"climb": 0.8, "ceiling": 5.0}, STALE),
        ({}, {"climb": 0.8}, HEALTHY),
        ({}, {"rise": 16.0}, HEALTHY),
        ({}, {"rise": 25.0}, SOON),
    ],
)
def test_a_verdict_changes_where_its_threshold_lies(changed, more, word):
    assert said(changed, **more).verdict == word


@pytest.mark.parametrize(("spread", "narrow"), [(0.08, False), (0.125, True)])
def test_a_point_is_told_from_a_cone_by_its_spread(spread, narrow):
    assert ("cone" in said({"spread": spread}).reason) is narrow


@pytest.mark.parametrize(("count", "alarmed"), [(2, False), (3, True)])
def test_an_alarm_takes_three_looks(count, alarmed):
    assert (said({"apart": 0.95}, count=count).verdict != HEALTHY) is alarmed


@pytest.mark.parametrize(("wider", "word"), [(1.05, CONE), (1.2, HEALTHY)])
def test_a_cone_that_opens_by_a_tenth_is_left_alone(wider, word):
    looks = [
        Look(10 * k, replace(FINE, spread=0.25 * factor), pairs=10_000, loss=1.0)
        for k, factor in enumerate((1.0, 1.0, wider))
    ]
    assert judge(looks).verdict == word


def look(step=100, **changed):
    """A look at a game in which nothing is wrong."""
    usual = {
        "shared_nats": 3.0, "shared_stderr": 0.1, "first_nats": 1.0, "second_nats": 1.0,
        "image_nats": 1.0, "lost_nats": 0.0, "lost_stderr": 0.05, "redundancy": 0.4,
        "inverse_error": 1e-6, "moved": 0.1,
    }  # fmt: skip
    return GameLook(step, **{**usual, **changed})


@pytest.mark.parametrize(("lost", "much"), [(0.55, False), (0.65, True)])
def test_a_view_lost_too_much_two_errors_past_what_may_be_given_up(lost, much):
    assert lost_too_much(look(lost_nats=lost), give=0.5) is much  # 0.5 and two errors of 0.05


@pytest.mark.parametrize(("stderr", "much"), [(0.06, True), (0.09, False)])
def test_a_loss_within_two_errors_is_not_sure(stderr, much):
    assert lost_too_much(look(lost_nats=0.65, lost_stderr=stderr), give=0.5) is much


@pytest.mark.parametrize(("count", "gone"), [(2, False), (3, True)])
def test_a_label_is_gone_after_three_looks(count, gone):
    assert label_is_lost([look(lost_nats=0.9)] * count, give=0.5) is gone


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"inverse_error": 0.8e-3}, "fine"),
        ({"inverse_error": 1.25e-3}, "running away"),
        ({"shared_nats": 0.5}, "the encoders lost"),
        ({"shared_nats": 0.7}, "fine"),
        ({"moved": 0.8e-4}, "nothing moved"),
        ({"moved": 1.25e-4}, "fine"),
    ],
)
def test_the_word_about_a_game_changes_where_its_threshold_lies(changed, word):
    assert verdict([look(0), look(**changed)], give=0.5, ceiling=6.0) == word
