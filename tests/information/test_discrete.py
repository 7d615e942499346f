import math

import pytest
import torch

from goodviews.core.errors import InputError, ShapeError
from goodviews.information import (
    conditional_mutual_information,
    cross_entropy,
    entropy,
    gaussian_entropy,
    gaussian_kl,
    gaussian_mutual_information,
    kl_divergence,
    mutual_information,
    mutual_information_from_counts,
)


def table(*shape, rng):
    p = torch.rand(*shape, generator=rng, dtype=torch.float64)
    return p / p.sum()


def test_entropy_lies_between_none_and_that_of_the_uniform(rng):
    assert float(entropy(torch.full((7,), 1 / 7, dtype=torch.float64))) == pytest.approx(
        math.log(7)
    )
    assert float(entropy(torch.tensor([1.0, 0.0, 0.0]))) == 0
    for _ in range(20):
        assert 0 <= float(entropy(table(7, rng=rng))) <= math.log(7)


def test_cross_entropy_is_entropy_and_divergence(rng):
    p, q = table(6, rng=rng), table(6, rng=rng)
    torch.testing.assert_close(cross_entropy(p, q), entropy(p) + kl_divergence(p, q))
    assert kl_divergence(p, q) > 0
    assert abs(float(kl_divergence(p, p))) < 1e-12
    assert not torch.isclose(kl_divergence(p, q), kl_divergence(q, p))
    assert kl_divergence(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0])) == math.inf


def test_mutual_information_is_the_divergence_from_independence(rng):
    joint = table(4, 5, rng=rng)
    apart = joint.sum(1)[:, None] * joint.sum(0)[None, :]
    torch.testing.assert_close(mutual_information(joint), kl_divergence(joint, apart))
    torch.testing.assert_close(mutual_information(joint), mutual_information(joint.T))
    assert abs(float(mutual_information(apart))) < 1e-12
    assert mutual_information(joint) <= min(entropy(joint.sum(0)), entropy(joint.sum(1)))


def test_the_chain_rule_holds(rng):
    joint = table(3, 4, 5, rng=rng)  # x, y, z
    both = mutual_information(joint.reshape(3, 20))
    chain = mutual_information(joint.sum(1)) + conditional_mutual_information(joint)
    torch.testing.assert_close(both, chain)


def test_processing_loses_information(rng):
    joint = table(4, 6, rng=rng)
    channel = torch.rand(6, 3, generator=rng, dtype=torch.float64)
    after = joint @ (channel / channel.sum(1, keepdim=True))
    assert mutual_information(after) <= mutual_information(joint)


def test_information_of_independent_parts_adds(rng):
    first, second = table(2, 3, rng=rng), table(3, 2, rng=rng)
    both = torch.einsum("ab,cd->acbd", first, second).reshape(6, 6)
    torch.testing.assert_close(
        mutual_information(both), mutual_information(first) + mutual_information(second)
    )


def test_miller_and_madow_take_most_of_the_bias_off_counts(rng):
    joint = table(4, 4, rng=rng)
    truth = float(mutual_information(joint))
    plain, corrected, errors = [], [], []
    for _ in range(300):
        draws = torch.multinomial(joint.flatten(), 400, replacement=True, generator=rng)
        counts = torch.bincount(draws, minlength=16).reshape(4, 4)
        plain.append(mutual_information_from_counts(counts, correct=False).nats)
        found = mutual_information_from_counts(counts)
        corrected.append(found.nats)
        errors.append(found.stderr_nats)
    spread = float(torch.tensor(corrected).std())
    bias, left = sum(plain) / 300 - truth, sum(corrected) / 300 - truth
    assert bias > 3 * spread / 300**0.5
    assert abs(left) <= max(bias / 4, 3 * spread / 300**0.5)
    assert sum(errors) / 300 == pytest.approx(spread, rel=0.2)


def test_counted_information_of_independent_variables_may_be_negative():
    assert mutual_information_from_counts(torch.full((3, 3), 5)).nats == pytest.approx(-4 / 90)


def test_tables_that_are_no_probabilities_are_refused():
    with pytest.raises(InputError, match="probabilities"):
        entropy(torch.tensor([0.5, 0.6]))
    with pytest.raises(InputError, match="negative"):
        mutual_information_from_counts(torch.tensor([[1, -1], [2, 2]]))
    with pytest.raises(ShapeError):
        cross_entropy(torch.tensor([1.0]), torch.tensor([0.5, 0.5]))


def covariance(dim, rng):
    a = torch.randn(dim, dim, generator=rng, dtype=torch.float64)
    return a @ a.T + torch.eye(dim, dtype=torch.float64)


def test_gaussian_information_is_a_sum_of_entropies_and_a_divergence(rng):
    sigma = covariance(5, rng)
    information = gaussian_mutual_information(sigma, 2)
    parts = gaussian_entropy(sigma[:2, :2]) + gaussian_entropy(sigma[2:, 2:])
    torch.testing.assert_close(information, parts - gaussian_entropy(sigma))
    apart = torch.block_diag(sigma[:2, :2], sigma[2:, 2:])
    zero = torch.zeros(5, dtype=torch.float64)
    torch.testing.assert_close(information, gaussian_kl(zero, sigma, zero, apart))


def test_gaussian_information_of_correlated_pairs_is_the_known_formula():
    eye = torch.eye(3, dtype=torch.float64)
    sigma = torch.cat([torch.cat([eye, 0.6 * eye], 1), torch.cat([0.6 * eye, eye], 1)])
    found = float(gaussian_mutual_information(sigma, 3))
    assert found == pytest.approx(-1.5 * math.log(1 - 0.36))


def test_gaussian_information_ignores_linear_maps_of_either_view(rng):
    sigma = covariance(5, rng)
    maps = [torch.randn(n, n, generator=rng, dtype=torch.float64) for n in (2, 3)]
    both = torch.block_diag(*maps)
    torch.testing.assert_close(
        gaussian_mutual_information(both @ sigma @ both.T, 2),
        gaussian_mutual_information(sigma, 2),
    )


def test_gaussian_divergence_agrees_with_torch(rng):
    normal = torch.distributions.MultivariateNormal
    means = torch.randn(2, 4, generator=rng, dtype=torch.float64)
    first, second = covariance(4, rng), covariance(4, rng)
    torch.testing.assert_close(
        gaussian_kl(means[0], first, means[1], second),
        torch.distributions.kl_divergence(normal(means[0], first), normal(means[1], second)),
    )


def test_a_covariance_that_is_none_is_refused():
    with pytest.raises(InputError, match="positive definite"):
        gaussian_entropy(-torch.eye(2))
    with pytest.raises(ShapeError, match="dim1"):
        gaussian_mutual_information(torch.eye(2), 2)
