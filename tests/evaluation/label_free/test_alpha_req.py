"""The exponent is that of planted eigenvalues, and nothing else of the features counts."""

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError, ShapeError
from goodviews.evaluation.label_free import alpha_req, spectrum_decay


def planted(alpha, dims=40, rng=None):
    """Features whose covariance has the eigenvalues i ** -alpha, exactly."""
    deviation = torch.arange(1.0, dims + 1, dtype=torch.float64) ** (-alpha / 2)
    return torch.cat([torch.diag(deviation), -torch.diag(deviation)])


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.0])
def test_a_planted_exponent_is_found(alpha):
    assert spectrum_decay(planted(alpha)) == pytest.approx(alpha, abs=1e-9)
    assert alpha_req(planted(alpha)) == pytest.approx(-abs(alpha - 1), abs=1e-9)


def test_scale_shift_and_rotation_change_nothing(rng):
    z = torch.randn(60, 20, generator=rng, dtype=torch.float64) * torch.arange(1, 21)
    turn = torch.linalg.qr(torch.randn(20, 20, generator=rng, dtype=torch.float64)).Q
    for other in (7 * z, z + 3, z @ turn, z.flip(0)):
        assert spectrum_decay(other) == pytest.approx(spectrum_decay(z), abs=1e-9)


def test_it_is_the_weighted_least_squares_line_of_the_eigenvalues(rng):
    z = torch.randn(90, 30, generator=rng) * torch.arange(1, 31)
    values = np.sort(np.linalg.eigvalsh(np.cov(z.double().numpy().T)))[::-1]
    rank = np.arange(1, 31)[4:20]
    line = np.polyfit(np.log(rank), np.log(values[4:20]), 1, w=rank**-0.5)
    assert spectrum_decay(z, first=5, last=20) == pytest.approx(-line[0], abs=1e-9)


def test_dead_features_are_not_eigenvalues():
    dead = torch.cat([planted(1.0), torch.zeros(80, 100, dtype=torch.float64)], dim=1)
    assert spectrum_decay(dead) == pytest.approx(1.0, abs=1e-9)


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(InputError, match="at least 2 eigenvalues"):
        spectrum_decay(torch.eye(5))
    with pytest.raises(InputError, match="finite"):
        spectrum_decay(torch.full((9, 9), torch.nan))
    with pytest.raises(ShapeError):
        alpha_req(torch.zeros(3))
