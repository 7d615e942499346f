"""The dimension is that of the surface, not of the space around it."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.evaluation.label_free import intrinsic_dimension


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_a_plane_in_a_larger_space_has_its_own_dimension(dims, rng):
    flat = torch.randn(1500, dims, generator=rng, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(20, 20, generator=rng, dtype=torch.float64)).Q
    found = intrinsic_dimension(flat @ turn[:dims] + 3)
    assert found == pytest.approx(dims, abs=4 * dims / 1500**0.5)


def test_triples_on_a_line_have_the_dimension_of_their_ratios():
    triples = torch.cat([torch.tensor([0.0, 1.0, 3.0]) + 1000 * n for n in range(4)])[:, None]
    want = 11 / (4 * torch.tensor(9.0, dtype=torch.float64).log())
    assert intrinsic_dimension(triples) == pytest.approx(float(want))


def test_scale_shift_rotation_and_copies_change_nothing(rng):
    z = torch.randn(100, 5, generator=rng, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(5, 5, generator=rng, dtype=torch.float64)).Q
    for other in (9 * z, z - 2, z @ turn, z.flip(0)):
        assert intrinsic_dimension(other) == pytest.approx(intrinsic_dimension(z))
    assert intrinsic_dimension(torch.ones(9, 2)) == 0


def test_it_agrees_with_a_loop(rng):
    z = torch.rand(40, 3, generator=rng, dtype=torch.float64)
    total = torch.tensor(0.0, dtype=torch.float64)
    for one in range(40):
        far = sorted(float((z[one] - z[other]).norm()) for other in range(40) if other != one)
        total += torch.tensor(far[1] / far[0], dtype=torch.float64).log()
    assert intrinsic_dimension(z) == pytest.approx(39 / float(total))


def test_too_little_is_refused():
    for given in (torch.ones(2, 3), torch.full((5, 2), torch.nan)):
        with pytest.raises(InputError, match="at least 3"):
            intrinsic_dimension(given)
