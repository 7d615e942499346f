"""Cross-entropy: the formula, one known value, and what it refuses."""

import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.objectives import cross_entropy


def test_it_is_the_formula_written_out(rng):
    logits = torch.randn(5, 3, generator=rng, dtype=torch.float64)
    labels = torch.tensor([0, 2, 1, 1, 0])
    for share in (0.0, 0.1, 1.0):
        for i, losses in enumerate(cross_entropy(logits, labels, label_smoothing=share)):
            total = sum(math.exp(z) for z in logits[i].tolist())
            target = [(1 - share) * (k == labels[i].item()) + share / 3 for k in range(3)]
            logs = [z - math.log(total) for z in logits[i].tolist()]
            by_hand = -sum(q * log for q, log in zip(target, logs, strict=True))
            assert losses.item() == pytest.approx(by_hand, abs=1e-12)


def test_equal_logits_cost_the_logarithm_of_the_classes_and_right_ones_nothing():
    labels = torch.tensor([1, 0])
    assert cross_entropy(torch.zeros(2, 4), labels).tolist() == pytest.approx([math.log(4)] * 2)
    sure = 1e4 * torch.nn.functional.one_hot(labels, 4).float()
    assert cross_entropy(sure, labels).tolist() == [0, 0]


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_share_that_is_not_one_is_refused(share):
    with pytest.raises(InputError, match="label_smoothing must be from 0 to 1"):
        cross_entropy(torch.zeros(2, 4), torch.tensor([1, 0]), label_smoothing=share)
