"""The momentum encoder against its closed form; split BatchNorm against groups by hand."""

import math

import pytest
import torch
from torch import nn

from goodviews.core.errors import InputError
from goodviews.training.memory import Momentum, forward_in_groups, shuffle_order


def net():
    return nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2)).double()


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.99, 1.0])
def test_after_n_steps_towards_fixed_weights_the_gap_is_alpha_to_the_n(alpha):
    fast = net()
    slow = Momentum(fast, momentum=alpha)
    start = [p.clone() for p in slow.module.parameters()]
    with torch.no_grad():
        for p in fast.parameters():
            p.add_(1.0)
    for _ in range(9):
        slow.update(fast)
    for old, now, new in zip(start, slow.module.parameters(), fast.parameters(), strict=True):
        torch.testing.assert_close(now, new + alpha**9 * (old - new))


def test_moving_weights_leave_the_weighted_sum_of_the_paper(rng):
    fast = nn.Linear(1, 1, bias=False).double()
    slow = Momentum(fast, momentum=0.9)
    by_hand = fast.weight.item()
    for value in torch.randn(20, generator=rng, dtype=torch.float64):
        nn.init.constant_(fast.weight, value.item())
        slow.update(fast)
        by_hand = 0.9 * by_hand + 0.1 * value.item()
    assert slow.module.weight.item() == pytest.approx(by_hand, rel=1e-12)


def test_annealing_follows_the_cosine_and_ends_at_one():
    fast = net()
    slow = Momentum(fast, momentum=0.996, total=10)
    for step in range(10):
        wanted = 1 - 0.004 * (math.cos(math.pi * step / 10) + 1) / 2
        assert slow.alpha == pytest.approx(wanted, abs=1e-15)
        slow.update(fast)
    assert slow.alpha == 1.0
    slow.update(fast)
    assert slow.alpha == 1.0


def test_the_copy_is_its_own_and_gives_no_gradient(rng):
    fast = net()
    slow = Momentum(fast)
    x = torch.randn(6, 3, generator=rng, dtype=torch.float64, requires_grad=True)
    assert not slow(x).requires_grad
    assert not any(p.requires_grad for p in slow.parameters())
    assert all(p.requires_grad for p in fast.parameters())


def test_batch_norm_stays_in_train_mode_with_running_statistics_of_its_own(rng):
    fast = net().eval()
    slow = Momentum(fast, momentum=0.5)
    assert all(module.training for module in slow.module.modules())
    x = torch.randn(8, 3, generator=rng, dtype=torch.float64)
    slow(x)
    assert slow.module[1].num_batches_tracked == 1
    assert fast[1].num_batches_tracked == 0
    before = slow.module[1].running_mean.clone()
    slow.update(fast)
    assert torch.equal(slow.module[1].running_mean, before)


def test_it_goes_on_from_its_state():
    fast, other = net(), net()
    one, two = Momentum(fast, momentum=0.9, total=10), Momentum(other, momentum=0.9, total=10)
    for _ in range(4):
        one.update(other)
    two.load_state_dict(one.state_dict())
    assert two.alpha == one.alpha != 0.9
    one.update(other)
    two.update(other)
    assert all(map(torch.equal, one.state_dict().values(), two.state_dict().values()))


def test_a_copy_of_something_else_is_refused():
    with pytest.raises(InputError, match="pass the module"):
        Momentum(net()).update(nn.Linear(2, 2))
    with pytest.raises(InputError, match=r"1\.5"):
        Momentum(net(), momentum=1.5)
    with pytest.raises(InputError, match="total must be at least 1"):
        Momentum(net(), total=0)


@pytest.mark.parametrize(("batch", "groups"), [(8, 1), (8, 2), (9, 4), (12, 3)])
def test_each_group_is_normalised_by_itself_and_rows_come_back_in_order(batch, groups, rng):
    norm = nn.BatchNorm1d(3, affine=False).double()
    x = torch.randn(batch, 3, generator=rng, dtype=torch.float64)
    order = shuffle_order(batch, seed=0, step=5)
    out = forward_in_groups(norm, x, groups=groups, order=order)
    for rows in order.tensor_split(groups):
        part = x[rows]
        by_hand = (part - part.mean(0)) / (part.var(0, unbiased=False) + norm.eps).sqrt()
        torch.testing.assert_close(out[rows], by_hand)


def test_without_batch_statistics_groups_and_order_change_nothing(rng):
    model = net().eval()
    x = torch.randn(10, 3, generator=rng, dtype=torch.float64)
    order = shuffle_order(10, seed=1, step=0)
    torch.testing.assert_close(forward_in_groups(model, x, groups=5, order=order), model(x))
    torch.testing.assert_close(forward_in_groups(model, x, groups=5), model(x))


def test_one_shuffled_group_is_the_plain_batch_which_is_why_groups_are_needed(rng):
    norm = nn.BatchNorm1d(3).double()
    x = torch.randn(10, 3, generator=rng, dtype=torch.float64)
    order = shuffle_order(10, seed=1, step=0)
    torch.testing.assert_close(forward_in_groups(norm, x, order=order), norm(x))


def test_queries_keep_their_gradient(rng):
    model = net()
    x = torch.randn(8, 3, generator=rng, dtype=torch.float64)
    forward_in_groups(model, x, groups=2).square().sum().backward()
    grouped = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    (model(x[:4]).square().sum() + model(x[4:]).square().sum()).backward()
    for one, two in zip(grouped, model.parameters(), strict=True):
        torch.testing.assert_close(one, two.grad)


def test_orders_replay_and_differ_between_steps():
    one = shuffle_order(64, seed=0, step=3)
    assert torch.equal(one, shuffle_order(64, seed=0, step=3))
    assert not torch.equal(one, shuffle_order(64, seed=0, step=4))
    assert not torch.equal(one, shuffle_order(64, seed=1, step=3))
    assert torch.equal(one.sort().values, torch.arange(64))


@pytest.mark.parametrize("groups", [0, 3, 8])
def test_groups_of_one_image_are_refused(groups):
    with pytest.raises(InputError, match="use at most 2"):
        forward_in_groups(nn.Identity(), torch.ones(4, 2), groups=groups)


def test_an_order_of_another_batch_is_refused():
    with pytest.raises(InputError, match=r"shuffle_order\(4"):
        forward_in_groups(nn.Identity(), torch.ones(4, 2), order=torch.arange(5))
