import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.objectives.precision import check_temperature, full_precision, lift


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_lift_raises_half_precision_and_returns_its_gradient(half):
    z = torch.ones(3, dtype=half, requires_grad=True)
    lifted = lift(z)
    assert lifted.dtype == torch.float32
    lifted.sum().backward()
    assert z.grad.dtype == half


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lift_leaves_other_precisions_alone(dtype):
    z = torch.ones(3, dtype=dtype)
    assert lift(z) is z


def test_full_precision_holds_inside_autocast_and_ends_with_its_block():
    z = torch.ones(2, 2)
    with torch.autocast("cpu", torch.bfloat16):
        with full_precision(z):
            assert (z @ z).dtype == torch.float32
        assert (z @ z).dtype == torch.bfloat16


def test_check_temperature_trusts_a_learned_one_and_refuses_bad_numbers():
    check_temperature(torch.tensor(-1.0))
    check_temperature(1e-3)
    with pytest.raises(InputError, match=r"temperature must be .* but got -1"):
        check_temperature(-1.0)
