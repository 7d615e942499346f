import math

import pytest
import torch

from goodviews.objectives import link_likelihood, normal_divergence, total


def logistic(x):
    return 1 / (1 + math.exp(-x))


@pytest.fixture
def scores(rng):
    return torch.randn(2, 7, generator=rng, dtype=torch.float64)


def test_equals_the_written_out_formula(scores):
    links = [-math.log(logistic(s)) for s in scores[0].tolist()]
    others = [-math.log(1 - logistic(s)) for s in scores[1].tolist()]
    terms = link_likelihood(*scores)
    torch.testing.assert_close(terms.links, torch.tensor(links).double())
    torch.testing.assert_close(terms.others, torch.tensor(others).double())


def test_scores_without_information_give_twice_log_two():
    assert total(link_likelihood(torch.zeros(3), torch.zeros(5))).item() == pytest.approx(
        2 * math.log(2)
    )


def test_certain_scores_stay_finite():
    terms = link_likelihood(torch.tensor([-1e4]), torch.tensor([1e4]))
    assert terms.links.item() == terms.others.item() == 1e4


def test_the_divergence_equals_the_written_out_formula(rng):
    mean, log_std = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64)
    wanted = [
        sum(0.5 * (m**2 + math.exp(s) ** 2 - 1) - s for m, s in zip(means, logs, strict=True))
        for means, logs in zip(mean.tolist(), log_std.tolist(), strict=True)
    ]
    torch.testing.assert_close(normal_divergence(mean, log_std), torch.tensor(wanted).double())


def test_the_divergence_is_that_of_torch(rng):
    from torch.distributions import Normal, kl_divergence

    mean, log_std = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64)
    standard = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    wanted = kl_divergence(Normal(mean, log_std.exp()), standard).sum(1)
    torch.testing.assert_close(normal_divergence(mean, log_std), wanted)


def test_only_a_standard_normal_has_no_divergence():
    zero = torch.zeros(1, 2)
    assert normal_divergence(zero, zero).item() == 0
    assert normal_divergence(zero, zero - 1).item() > 0
