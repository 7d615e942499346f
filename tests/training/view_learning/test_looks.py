"""What looks measure and say: closed forms, and each verdict by what brings it about."""

import math
from dataclasses import replace

import pytest
import torch

from goodviews.training.view_learning.looks import (
    GAME_VERDICTS,
    Look,
    label_is_lost,
    lost_too_much,
    verdict,
)
from goodviews.training.view_learning.players import label_nats, redundancy

FINE = Look(
    step=0,
    shared_nats=3.0,
    shared_stderr=0.1,
    first_nats=1.0,
    second_nats=1.1,
    image_nats=1.2,
    lost_nats=0.2,
    lost_stderr=0.05,
    redundancy=0.3,
    inverse_error=0.0,
    moved=0.1,
)


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (FINE, "fine"),
        (replace(FINE, shared_nats=0.1), "the encoders lost"),
        (replace(FINE, lost_nats=1.0, first_nats=0.2), "the label is lost"),
        (replace(FINE, inverse_error=0.1), "running away"),
        (replace(FINE, inverse_error=math.nan), "running away"),
        (replace(FINE, moved=0.0), "nothing moved"),
    ],
)
def test_verdicts(last, said):
    assert said in GAME_VERDICTS
    assert verdict([FINE, last], give=0.5, ceiling=6.0) == said


def test_a_game_ends_when_a_label_is_lost_and_not_when_its_reader_is_behind():
    def look(first, second=1.1):
        lost = FINE.image_nats - min(first, second)
        return replace(FINE, first_nats=first, second_nats=second, lost_nats=lost)

    assert label_is_lost([look(1.1), look(0.3), look(0.4), look(0.2)], 0.5)
    assert label_is_lost([look(0.3), look(0.3), look(0.3)], 0.5)
    assert not label_is_lost([look(0.1), look(0.3), look(0.5)], 0.5)  # catching up
    assert not label_is_lost([look(0.3), look(1.1), look(0.2)], 0.5)  # won back in between
    assert not label_is_lost([look(1.1), look(0.3), look(0.2)], 0.5)  # two looks alone
    assert not label_is_lost([look(0.3), look(0.2), look(0.1)], 0.0)  # anything may be given
    assert not label_is_lost([look(0.3)], 0.5)


def test_a_loss_within_its_error_stops_nothing():
    noisy = replace(FINE, lost_nats=1.0, lost_stderr=0.3)
    assert lost_too_much(replace(noisy, lost_stderr=0.1), 0.5)
    assert not lost_too_much(noisy, 0.5)
    assert not lost_too_much(replace(noisy, lost_stderr=0.1), 0.0)
    assert not lost_too_much(replace(noisy, lost_stderr=math.inf), 0.5)  # one image watched


def test_redundancy_is_the_share_explained():
    """a + c b with independent unit channels: 1 / (1 + c^2) of it is linear in a."""
    rng = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 64, 1, 32, 32, generator=rng)
    for c in (0.0, 0.5, 2.0):
        found = redundancy(a + c * b, a)
        assert found == pytest.approx(1 / (1 + c * c), abs=5 / math.sqrt(a.numel()))
    assert redundancy(a, torch.cat([b, b], 1)) < 5 / math.sqrt(a.numel())


def test_label_nats_are_between_nothing_and_the_entropy():
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(300) % 3
    wrong = 9 * torch.nn.functional.one_hot((labels + 1) % 3, 3).double()
    right = 99 * torch.nn.functional.one_hot(labels, 3).double()
    for logits in (torch.randn(300, 3, generator=rng), wrong, right):
        nats, losses = label_nats(logits, labels, math.log(3))
        assert 0 <= nats <= math.log(3) + 1e-12
        assert nats == pytest.approx(math.log(3) - float(losses.mean()))
    assert label_nats(right, labels, math.log(3))[0] == pytest.approx(math.log(3))
    assert label_nats(wrong, labels, math.log(3))[0] == pytest.approx(0)
