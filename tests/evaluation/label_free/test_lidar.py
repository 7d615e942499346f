"""LiDAR counts the directions in which images differ by more than their views do."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.evaluation.label_free import lidar


def crossed(between, within):
    """(2 D, 2 D, D): means and views on both sides of each axis, with these deviations."""
    axes = torch.eye(len(between), dtype=torch.float64)
    sides = torch.cat([axes, -axes])
    return (sides * torch.tensor(between))[:, None] + (sides * torch.tensor(within))[None]


def test_it_is_the_effective_rank_of_the_ratios_of_variances():
    found = lidar(crossed([3.0, 2.0, 1.0], [1.0, 1.0, 0.5]), delta=1e-12)
    ratios = torch.tensor([9.0, 4.0, 4.0], dtype=torch.float64)
    assert found == pytest.approx(float(torch.special.entr(ratios / 17).sum().exp()), abs=1e-6)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_with_equal_views_it_is_the_rank_of_the_means(rank):
    between = [1.0] * rank + [0.0] * (4 - rank)
    assert lidar(crossed(between, [1.0] * 4)) == pytest.approx(rank, abs=1e-9)


def test_directions_in_which_views_differ_count_less():
    plain, noisy = [lidar(crossed([1.0, 1.0], [0.1, noise])) for noise in (0.1, 10.0)]
    assert plain == pytest.approx(2, abs=1e-9)
    assert 1 <= noisy < 1.01


def test_rotations_shifts_and_orders_change_nothing_nor_do_linear_maps_without_a_ridge(rng):
    z = torch.randn(30, 4, 6, generator=rng, dtype=torch.float64).cumsum(dim=1)
    turn = torch.linalg.qr(torch.randn(6, 6, generator=rng, dtype=torch.float64)).Q
    for other in (z @ turn, z + 5, z.flip(0), z.flip(1), z.flip(2)):
        assert lidar(other, delta=0.1) == pytest.approx(lidar(z, delta=0.1), abs=1e-9)
    sheared = z @ (turn + torch.eye(6) * 3)
    assert lidar(sheared, delta=1e-12) == pytest.approx(lidar(z, delta=1e-12), abs=1e-6)


def test_it_agrees_with_the_matrices_written_out(rng):
    z = torch.randn(12, 5, 4, generator=rng, dtype=torch.float64)
    between, within = torch.zeros(4, 4).double(), 1e-2 * torch.eye(4).double()
    mu = z.mean(dim=(0, 1))
    for image in z:
        own = image.mean(dim=0)
        between += torch.outer(own - mu, own - mu) / 12
        for view in image:
            within += torch.outer(view - own, view - own) / 60
    values, vectors = torch.linalg.eigh(within)
    root = vectors @ torch.diag(values**-0.5) @ vectors.T
    share = torch.linalg.eigvalsh(root @ between @ root)
    share = share / share.sum()
    assert lidar(z, delta=1e-2) == pytest.approx(float((-(share * share.log()).sum()).exp()))


def test_collapse_is_zero_and_too_little_is_refused():
    assert lidar(torch.ones(5, 3, 4)) == 0
    for short in (torch.ones(1, 3, 4), torch.ones(5, 1, 4), torch.full((5, 3, 4), torch.inf)):
        with pytest.raises(InputError, match="at least 2 images"):
            lidar(short)
