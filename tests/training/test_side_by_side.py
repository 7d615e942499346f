"""Runs side by side take the steps of the runs alone; a stack computes what its parts do."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.training import Settings, side_by_side, train
from goodviews.training.side_by_side import train_side_by_side
from goodviews.training.stack import Stack
from goodviews.views import parse_view

RUNS = [("crop(scale=(0.3, 1))", 0), ("crop(scale=(0.3, 1))", 5), ("noise(std=0.2)", 5)]
SETTINGS = Settings(
    encoder="convnet(width=2)",
    head="projector(dim=8)",
    batch=16,
    epochs=2,
    device="cpu",
    precision="64-true",
)
INDEX = np.arange(3, 70)


@pytest.fixture(scope="module")
def images():
    return load("digits", size=16)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"encoder": "convnet(width=2, stem='patches')", "optimiser": "muon(lr=0.05)"},
        {"optimiser": "lars(lr=0.5)", "objective": "vicreg()", "encoder_rate": 0.3},
        {"optimiser": "sgd(lr=0.1)", "objective": "ntxent()", "head": "simclr(dim=4)"},
    ],
    ids=["adamw", "muon, patches", "lars", "frozen bias"],
)
def test_each_run_takes_the_steps_that_it_takes_alone(images, changes):
    settings = replace(SETTINGS, **changes)
    pairs, seeds = [parse_view(text) for text, _ in RUNS], [seed for _, seed in RUNS]
    together = train_side_by_side(images, INDEX, pairs, settings=settings, seeds=seeds)
    for pair, seed, made in zip(pairs, seeds, together, strict=True):
        alone = train(images, INDEX, pair, settings=settings, seed=seed)
        assert made.history.steps == alone.history.steps == 8
        # alone, the loss is returned in single precision
        assert np.allclose(made.history.losses, alone.history.losses, rtol=1e-6)
        assert np.allclose(made.history.gradients, alone.history.gradients, rtol=1e-9)
        assert made.rule == alone.rule
        states = made.encoders.state_dict(), alone.encoders.state_dict()
        assert states[0].keys() == states[1].keys()
        for name, value in states[0].items():
            assert torch.allclose(value, states[1][name], rtol=0, atol=1e-9), name
        assert not made.encoders.training
    one, other = (run.encoders.state_dict() for run in together[:2])  # one view, two seeds
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_large_batches_in_single_precision_agree_too(images):
    settings = replace(SETTINGS, batch=400, epochs=1, precision="32-true")
    index, pair = np.arange(400), parse_view("crop(scale=(0.3, 1))")
    (made,) = train_side_by_side(images, index, [pair], settings=settings, seeds=[1])
    alone = train(images, index, pair, settings=settings, seed=1)
    assert np.allclose(made.history.losses, alone.history.losses, atol=1e-4)
    assert np.allclose(made.history.gradients, alone.history.gradients, rtol=1e-3)


def networks():
    torch.manual_seed(0)
    return [
        nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(1)).double()
        for _ in range(3)
    ]


def test_a_stack_computes_what_its_networks_do_statistics_and_gradients_too():
    nets = networks()
    apart = copy.deepcopy(nets)
    stack, x = Stack(nets), torch.randn(3, 4, 2, 5, 5).double()
    out = stack(x)
    out.square().sum().backward()
    norms = stack.norms()
    stack.hand_out()
    for number, (net, alone) in enumerate(zip(nets, apart, strict=True)):
        own = alone(x[number])
        assert torch.allclose(out[number], own, atol=1e-12)
        own.square().sum().backward()
        for one, other in zip(net.parameters(), alone.parameters(), strict=True):
            assert torch.allclose(one.grad, other.grad, atol=1e-10)
        for one, other in zip(net.buffers(), alone.buffers(), strict=True):
            assert torch.allclose(one, other)
        slopes = torch.cat([one.grad.flatten() for one in alone.parameters()])
        assert torch.allclose(norms[number], slopes.norm())


def test_what_changes_a_network_changes_the_stack_until_it_is_released():
    nets = networks()
    stack, x = Stack(nets), torch.randn(3, 4, 2, 5, 5).double()
    before = stack(x)
    with torch.no_grad():
        nets[1][0].weight.mul_(2)
    after = stack(x)
    assert not torch.allclose(after[1], before[1])
    assert torch.equal(after[0], before[0])
    stack.release()
    with torch.no_grad():
        nets[1][0].weight.zero_()
    assert torch.equal(stack(x), after)
    assert nets[0][0].weight.untyped_storage().nbytes() == 8 * nets[0][0].weight.numel()


class Mixes(nn.Module):
    def forward(self, x):
        return x.softmax(dim=1)


def test_what_mixes_channels_is_found():
    nets = networks()
    x = torch.randn(3, 4, 2, 5, 5).double()
    Stack(nets).check(x)
    assert all(net.training for net in nets)
    with pytest.raises(InputError, match="mixes channels"):
        Stack([nn.Sequential(net, Mixes()) for net in networks()]).check(x)
    with pytest.raises(InputError, match="LayerNorm cannot be stacked"):
        Stack([nn.LayerNorm(3)])


def test_residual_networks_are_stacked_too(images):
    settings = replace(SETTINGS, encoder="resnet18(stem='small', width=0.05)", epochs=1)
    pair = parse_view("crop(scale=(0.3, 1))")
    (made, _) = train_side_by_side(images, INDEX, [pair] * 2, settings=settings, seeds=[1, 2])
    alone = train(images, INDEX, pair, settings=settings, seed=1)
    assert np.allclose(made.history.gradients, alone.history.gradients, rtol=1e-8)


def test_a_first_step_in_bfloat16_is_near_that_in_double_precision(images):
    settings, pair = replace(SETTINGS, epochs=1), parse_view("crop(scale=(0.3, 1))")
    half = replace(settings, precision="bf16-mixed")
    (made, _) = train_side_by_side(images, INDEX, [pair] * 2, settings=half, seeds=[1, 2])
    exact = train(images, INDEX, pair, settings=settings, seed=1)
    assert made.history.losses[0] == pytest.approx(exact.history.losses[0], abs=0.2)
    assert {one.dtype for one in made.encoders.parameters()} == {torch.float32}


def test_networks_that_differ_cannot_be_stacked():
    with pytest.raises(InputError, match="2 architectures"):
        Stack([nn.Linear(3, 2), nn.Linear(3, 4)])
    with pytest.raises(InputError, match="2 architectures"):
        Stack([nn.MaxPool2d(2), nn.AvgPool2d(2)])
    with pytest.raises(InputError, match="0 networks"):
        Stack([])


@pytest.mark.parametrize(
    ("changes", "view"),
    [
        ({"memory": "queue(size=32)", "momentum": 0.9}, "crop()"),
        ({"average": 0.9}, "crop()"),
        ({"accumulate": 2}, "crop()"),
        ({"precision": "16-mixed"}, "crop()"),
        ({"encoder": "torchvision('alexnet')"}, "crop(size=64)"),
    ],
)
def test_what_cannot_be_stacked_is_refused_with_the_way_that_works(images, changes, view):
    settings = replace(SETTINGS, **changes)
    with pytest.raises(InputError, match=r"side by side .*use train\(\)"):
        train_side_by_side(images, INDEX, [parse_view(view)], settings=settings, seeds=[0])


def test_a_loss_that_is_not_finite_names_its_run(images, monkeypatch):
    monkeypatch.setattr(side_by_side, "total", lambda losses: losses.mean() * torch.nan)
    pairs = [parse_view("crop()"), parse_view("noise(std=0.1)")]
    with pytest.raises(InputError, match=r"step 0 \(epoch 1, seed 3\) with view crop\(\)"):
        train_side_by_side(images, INDEX, pairs, settings=SETTINGS, seeds=[3, 4])
