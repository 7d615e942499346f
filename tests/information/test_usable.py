import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.information import effective_rank, usable_information


def test_a_perfect_readout_uses_the_whole_entropy():
    labels = torch.arange(4).repeat(8)
    found = usable_information(100 * torch.eye(4)[labels], labels)
    assert found.nats == pytest.approx(math.log(4))
    assert found.ceiling_nats == pytest.approx(math.log(4))
    assert found.at_ceiling


def test_a_confident_wrong_readout_goes_below_zero():
    labels = torch.arange(4).repeat(8)
    assert usable_information(10 * torch.eye(4)[(labels + 1) % 4], labels).nats < 0


def test_the_true_conditional_gives_the_information_of_a_symmetric_channel(rng):
    # y is z with probability 0.7, else one of the two other classes.
    truth = math.log(3) + 0.7 * math.log(0.7) + 0.3 * math.log(0.15)
    log_channel = torch.full((3, 3), 0.15).fill_diagonal_(0.7).log()
    found = []
    for _ in range(200):
        z = torch.randint(3, (400,), generator=rng)
        y = torch.multinomial(log_channel[z].exp(), 1, generator=rng)[:, 0]
        found.append(usable_information(log_channel[z], y))
    nats = torch.tensor([one.nats for one in found])
    # Counted entropy is low by (C - 1) / 2N = 0.0025 nats: the bound stays a lower one.
    assert abs(float(nats.mean()) - truth) <= 3 * float(nats.std()) / 200**0.5 + 0.0025
    claimed = sum(one.stderr_nats for one in found) / 200
    assert claimed == pytest.approx(float(nats.std()), rel=0.2)


def test_labels_outside_the_classes_are_refused():
    with pytest.raises(InputError, match=r"0\.\.1"):
        usable_information(torch.zeros(2, 2), torch.tensor([0, 2]))


def test_effective_rank_ignores_rotation_and_scale(rng):
    z = torch.randn(64, 8, generator=rng, dtype=torch.float64) * torch.arange(1.0, 9.0)
    turn = torch.linalg.qr(torch.randn(8, 8, generator=rng, dtype=torch.float64)).Q
    mix = torch.linalg.qr(torch.randn(64, 64, generator=rng, dtype=torch.float64)).Q
    assert effective_rank(7 * mix @ z @ turn) == pytest.approx(effective_rank(z))


def test_effective_rank_counts_equal_directions_and_sees_collapse():
    assert effective_rank(torch.eye(6).repeat(5, 1)) == pytest.approx(6)
    assert effective_rank(torch.ones(9, 4)) == pytest.approx(1)
    assert effective_rank(torch.ones(9, 4), centre=True) == 0
    with pytest.raises(InputError, match="finite"):
        effective_rank(torch.full((2, 2), math.nan))
