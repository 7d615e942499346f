"""The information bottleneck agrees with the two cases whose curve is known."""

import math
from itertools import pairwise

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.information import bottleneck, entropy, mutual_information

NOISY = torch.tensor(
    [[8, 1, 1], [8, 1, 1], [1, 8, 1], [1, 8, 1], [1, 1, 8], [1, 1, 8]], dtype=torch.float64
)
NOISY /= NOISY.sum()
"""Six values of x, two for each of three classes; y is the class in 8 of 10 cases."""


def flip(p):
    return torch.tensor([[1 - p, p], [p, 1 - p]], dtype=torch.float64)


def test_a_fair_bit_through_a_noisy_channel_follows_mrs_gerber():
    noise = 0.1
    joint = flip(noise) / 2
    for beta in (2.0, 3.0, 8.0):
        point = bottleneck(joint, beta)
        # The best code is the bit flipped with some probability d, and y flips it once more.
        low, high = 0.0, 0.5
        for _ in range(200):
            d = (low + high) / 2
            if math.log(2) - float(entropy(flip(d)[0])) > float(point.kept_nats):
                low = d
            else:
                high = d
        both = d * (1 - noise) + noise * (1 - d)
        assert float(point.task_nats) == pytest.approx(
            math.log(2) - float(entropy(flip(both)[0])), abs=1e-9
        )
        slope = math.log((1 - both) / both) * (1 - 2 * noise) / math.log((1 - d) / d)
        assert slope == pytest.approx(1 / beta, abs=1e-6)  # the price that beta names


def test_where_y_is_a_function_of_x_each_nat_costs_one():
    joint = torch.eye(3, dtype=torch.float64).repeat_interleave(2, 0) / 6
    for beta in (1.5, 4.0, math.inf):
        point = bottleneck(joint, beta)
        assert float(point.kept_nats) == pytest.approx(math.log(3), abs=1e-9)
        assert float(point.task_nats) == pytest.approx(math.log(3), abs=1e-9)


def test_the_end_of_the_curve_is_the_minimal_sufficient_statistic():
    point = bottleneck(NOISY, math.inf)
    assert float(point.kept_nats) == pytest.approx(math.log(3), abs=1e-9)
    assert float(point.task_nats) == pytest.approx(float(mutual_information(NOISY)), abs=1e-9)
    assert torch.allclose(point.encoder[0], point.encoder[1])
    assert float((point.encoder[0] * point.encoder[2]).sum()) == 0


def test_the_curve_rises_is_concave_and_begins_at_nothing():
    points = [bottleneck(NOISY, beta) for beta in (0.0, 1.0, 2.5, 3, 4, 6, 10, 100, math.inf)]
    kept = [float(point.kept_nats) for point in points]
    task = [float(point.task_nats) for point in points]
    assert kept[:2] == task[:2] == [0, 0]
    assert all(b >= a - 1e-9 for some in (kept, task) for a, b in pairwise(some))
    assert all(y <= x + 1e-9 for x, y in zip(kept, task, strict=True))
    steps = [(b - a, d - c) for (a, c), (b, d) in pairwise(zip(kept, task, strict=True))]
    slopes = [up / right for right, up in steps if right > 1e-6]
    assert all(b <= a + 1e-9 for a, b in pairwise(slopes))


@pytest.mark.parametrize("beta", [-1.0, math.nan])
def test_a_beta_that_is_not_a_price_is_refused(beta):
    with pytest.raises(InputError, match="at least 0"):
        bottleneck(NOISY, beta)


def test_a_value_that_never_occurs_is_refused():
    with pytest.raises(InputError, match="remove rows"):
        bottleneck(torch.tensor([[1.0, 0.0], [0.0, 0.0]]), 2.0)
