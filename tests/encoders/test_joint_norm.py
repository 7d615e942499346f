"""Synchronised BatchNorm: several processes are one process with the joint batch."""

import pytest
import torch
from tests.encoders.norm_worker import BATCH, STEPS, images, net, train
from tests.ranks import outcomes
from torch import nn

from goodviews.core.errors import InputError
from goodviews.encoders import joint_norm
from goodviews.encoders.joint_norm import JointBatchNorm, synchronise


def test_ranks_train_like_one_process(tmp_path):
    outcome = outcomes("tests.encoders.norm_worker", tmp_path, 3)
    wanted = train(net(), torch.arange(BATCH), sum_gradients=False)
    for step in range(STEPS):
        for name in (f"out{step}", f"grad{step}"):
            joined = torch.cat([rank.pop(name) for rank in outcome])
            torch.testing.assert_close(joined, wanted.pop(name))
    joined = torch.cat([rank.pop("eval") for rank in outcome])
    torch.testing.assert_close(joined, net().eval()(images(0)).detach())
    for rank in outcome:
        assert rank.keys() == wanted.keys()
        for name, value in wanted.items():
            torch.testing.assert_close(rank[name], value)


@pytest.mark.parametrize("norm", [nn.BatchNorm1d(5), nn.BatchNorm1d(5, affine=False),
                                  nn.BatchNorm1d(5, momentum=None)])  # fmt: skip
def test_alone_it_is_batch_norm_with_its_running_statistics(norm, rng):
    norm = norm.double()
    twin = JointBatchNorm(norm.__class__(5, affine=norm.affine, momentum=norm.momentum).double())
    for _ in range(3):
        x = 3 + torch.randn(8, 5, generator=rng, dtype=torch.float64)
        torch.testing.assert_close(twin(x), norm(x))
    torch.testing.assert_close(dict(twin.state_dict()), dict(norm.state_dict()))
    torch.testing.assert_close(twin.eval()(x), norm.eval()(x))


def test_a_far_mean_does_not_eat_the_variance(rng):
    x = 1e4 + torch.randn(64, 3, generator=rng)
    y = JointBatchNorm(nn.BatchNorm1d(3))(x)
    assert torch.allclose(y.var(0, unbiased=False), torch.ones(3), atol=1e-2)


def test_half_precision_is_normalised_in_full(rng):
    x = torch.randn(64, 3, generator=rng).bfloat16()
    y = JointBatchNorm(nn.BatchNorm1d(3))(x)
    assert y.dtype == torch.bfloat16
    exact = nn.BatchNorm1d(3)(x.float())
    assert torch.equal(y, exact.bfloat16()) or torch.allclose(y.float(), exact, rtol=2**-7)


def test_one_process_keeps_its_modules():
    model = net()
    assert synchronise(model) is model
    assert type(model[1]) is nn.BatchNorm2d


def test_weights_and_their_names_are_shared(monkeypatch):
    monkeypatch.setattr(joint_norm, "ranks", lambda: 2)
    model = net()
    weight, names = model[1].weight, list(model.state_dict())
    assert type(synchronise(model)[1]) is JointBatchNorm
    assert model[1].weight is weight
    assert list(model.state_dict()) == names
    assert type(synchronise(nn.BatchNorm1d(3))) is JointBatchNorm


def test_a_norm_that_does_more_is_refused(monkeypatch):
    class NormAndMore(nn.BatchNorm2d):
        pass

    monkeypatch.setattr(joint_norm, "ranks", lambda: 2)
    with pytest.raises(InputError, match="NormAndMore"):
        synchronise(nn.Sequential(NormAndMore(3)))
