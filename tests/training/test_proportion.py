"""What a run keeps beside its backbone is in proportion to the backbone and the data."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from goodviews.data import load
from goodviews.methods import METHODS, adapted_settings, method
from goodviews.training import Settings, train
from goodviews.training import state as state_file
from goodviews.training.learners import build_learner
from goodviews.training.proportion import features_of, fitting_heads
from goodviews.views import parse_view

COUNT = 200


def images(side=16):
    rng = np.random.default_rng(0)
    return load((rng.integers(0, 255, (COUNT, side, side, 3), dtype=np.uint8), [0, 1] * 100))


@pytest.mark.parametrize("name", METHODS)
def test_the_state_of_every_method_fits_a_small_backbone(name):
    data = images()
    settings = replace(METHODS[name], encoder="convnet(width=8)")
    settings, _ = adapted_settings(settings, data, COUNT, given=["encoder"])
    pair = parse_view(settings.views)
    v1, v2 = pair(data.batch(np.arange(8)), seed=0, samples=torch.arange(8), epoch=0)
    learner = build_learner(
        settings, v1, v2, shared=pair.alike, images=COUNT, steps=10, seed=0, classes=2
    )
    kept = sum(one.numel() for one in learner.state_dict().values())
    assert kept < 2e6, f"{kept / 1e6:.1f} million numbers, {settings.head}, {settings.memory}"
    assert settings.batch <= COUNT / 8
    assert settings.stored <= COUNT / 2


@pytest.mark.parametrize("name", METHODS)
def test_behind_the_backbone_of_the_papers_heads_are_those_of_the_papers(name):
    usual = method(name)
    assert fitting_heads(usual, 2048) == (usual, "")


@pytest.mark.parametrize("features", [16, 64, 512])
@pytest.mark.parametrize("name", METHODS)
def test_no_layer_of_a_head_is_wider_than_four_backbones(name, features):
    usual = method(name)
    made, said = fitting_heads(usual, features)
    widths = [int(word) for word in made.head.split("-")] if made.head[0].isdigit() else []
    assert max(widths, default=0) <= max(4 * features, 128)
    assert bool(said) == (made != usual)
    assert made.head in said or not said


def test_the_bottleneck_of_a_predictor_stays_a_bottleneck():
    made, said = fitting_heads(method("simsiam"), 64)
    assert (made.head, made.predictor) == ("simsiam(dim=256)", "predictor(hidden=64)")
    assert said.endswith("the head is simsiam(dim=256) and predictor(hidden=64).")


def test_a_head_that_was_typed_stays():
    usual = replace(method("simclr"), encoder="convnet(width=8)")
    assert adapted_settings(usual, images(), COUNT, given=["head"])[0].head == usual.head


@pytest.mark.parametrize("text", ["convnet(width=8)", "resnet18(stem='small')", "alexnet()"])
def test_the_features_are_those_of_the_network(text):
    from goodviews.encoders import build_backbone

    true = build_backbone(text, channels=3, size=32).features
    assert features_of(text, channels=3, size=32) == true


@pytest.mark.parametrize("epochs", [3, 60, 101])
def test_a_run_writes_at_most_fifty_checkpoints_and_its_last_step(epochs, tmp_path, monkeypatch):
    steps = []
    real = state_file.save_state

    def counted(folder, state):
        steps.append(state["step"])
        return real(folder, state)

    monkeypatch.setattr(state_file, "save_state", counted)
    settings = Settings(encoder="convnet(width=2)", head="linear(dim=2)", batch=8, epochs=epochs)
    pair = parse_view("noise(std=0.1)")
    train(images(8), np.arange(8), pair, settings=settings, seed=0, folder=tmp_path)
    assert steps[-1] == epochs
    assert len(steps) <= 50
    assert max(np.diff([0, *steps])) == -(-epochs // 50)  # what a crash can lose
