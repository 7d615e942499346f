"""Some steps of each published method are those of its slow twin, to the last digits."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.methods import slow

from goodviews.methods import method
from goodviews.training import train
from goodviews.training.learners import build_learner
from goodviews.views import parse_view
from goodviews_experiments.methods_learn.textures import planted_textures

COUNT, BATCH, EPOCHS = 24, 8, 2
PER_EPOCH = COUNT // BATCH
STEPS = EPOCHS * PER_EPOCH
LARS = {"decay": 1e-6, "adapt": "matrices"}
SGD = {"lr": 0.03 * BATCH / 256, "decay": 1e-4}
LINEAR, MLP = {"head": "linear(dim=6)"}, {"head": "mlp(dim=6)"}
BANK = {"memory": "bank(negatives=5, momentum=0.5, each=True)", "floor": 0.001}
QUEUE = {"memory": "queue(size=20)", "shuffle": 2, "floor": 0.001}
PLAIN = "noise(std=0.1)"
JIGSAW = "jigsaw(grid=3, cell=5, crop=4)"


def scaled(base):
    return {"lr": base * BATCH / 256, **LARS}


METHODS = {
    "instdis": (slow.BankTwin, BANK | LINEAR, {"temperature": 0.07, "count": 5, **SGD}),
    "pirl": (
        slow.BankTwin,
        BANK | LINEAR | {"jigsaw": JIGSAW},
        {"temperature": 0.07, "count": 5, "beta": 0.5, **SGD},
    ),
    "cmc": (
        slow.BankTwin,
        BANK | LINEAR | {"views": f"{PLAIN}|colour(space='ydbdr')|split(1)"},
        {"temperature": 0.07, "count": 5, **SGD},
    ),
    "moco": (slow.QueueTwin, QUEUE | LINEAR, {"temperature": 0.07, "momentum": 0.999, **SGD}),
    "mocov2": (slow.QueueTwin, QUEUE | MLP, {"temperature": 0.2, "momentum": 0.999, **SGD}),
    "infomin": (
        slow.QueueTwin,
        QUEUE | MLP | {"jigsaw": JIGSAW},
        {"temperature": 0.15, "momentum": 0.999, "beta": 0.5, **SGD},
    ),
    "cmcv2": (
        slow.QueueTwin,
        QUEUE | MLP | {"views": f"{PLAIN}|colour(space='ydbdr')|split(1, draws=2)"},
        {"temperature": 0.2, "momentum": 0.999, **SGD},
    ),
    "simclr": (slow.SimCLRTwin, {"floor": 0.001, "warmup": 1}, scaled(0.5)),
    "cpc": (
        slow.CPCTwin,
        LINEAR | {"views": "noise(std=0.1)|grid(patch=8, overlap=4)", "optimiser": "sgd()"},
        SGD,
    ),
    "barlow": (
        slow.BarlowTwin,
        {"floor": 0.001, "warmup": 1},
        scaled(0.2) | {"bias_lr": 0.0048 * BATCH / 256},
    ),
    "vicreg": (slow.VICRegTwin, {"floor": 0.001, "warmup": 1}, scaled(0.3)),
    "byol": (
        slow.BootstrapTwin,
        {"predictor": "predictor(hidden=8)", "warmup": 1},
        {"base": 0.996, "steps": STEPS, **scaled(0.2), "decay": 1.5e-6},
    ),
    "simsiam": (
        slow.BootstrapTwin,
        {"head": "simsiam(dim=6)", "predictor": "predictor(hidden=4)"},
        {"lr": 0.05 * BATCH / 256, "decay": 1e-4, "constant": ("predictor",)},
    ),
    "swav": (
        slow.SwAVTwin,
        {"memory": "queue(size=12, start=0.5)", "prototypes": 5, "floor": 0.001, "warmup": 1},
        {"epsilon": 0.05, "frozen": PER_EPOCH, "size": 12, "start": 2, "adapt": "all"}
        | {"lr": 0.3 * BATCH / 256, "decay": 1e-6},
    ),
}
"""Twin, what is changed of the method so that it fits tiny images, and the published numbers."""

KEPT = ("objective", "momentum", "momentum_rises", "jigsaw_weight", "predictor_constant")


def factor(step, *, warmup=0, floor=0.0, start=0.0):
    rise = warmup * PER_EPOCH
    if step < rise:
        return start + (1 - start) * (step + 1) / rise
    part = (step - rise) / (STEPS - rise)
    return floor + (1 - floor) * (1 + math.cos(math.pi * part)) / 2


def prepared(name, changes):
    changes = dict(changes)
    curve = {key: changes.pop(key) for key in ("warmup", "floor") if key in changes}
    if name == "swav":
        curve["start"] = 0.0625
    usual = method(name)
    made = replace(
        usual,
        encoder="convnet(width=4)",
        batch=BATCH,
        epochs=EPOCHS,
        device="cpu",
        precision="64-true",
        schedule=f"cosine({', '.join(f'{key}={value}' for key, value in curve.items())})",
        **({"views": PLAIN, "head": "8-6"} | changes),
    )
    assert all(getattr(made, field) == getattr(usual, field) for field in KEPT)
    return made, curve


def compare(name, **wrong):
    """Train, and let the twin take the same steps with the published or with wrong numbers."""
    kind, changes, numbers = METHODS[name]
    numbers, (settings, curve) = numbers | wrong, prepared(name, changes)
    images, index, seed = planted_textures(COUNT, seed=0), np.arange(COUNT), 4
    pair = parse_view(settings.views)
    v1, v2 = pair(images.batch(index), seed=seed, samples=torch.arange(COUNT), epoch=0)
    learner = build_learner(
        settings, v1, v2, shared=pair.alike, images=COUNT, steps=STEPS, seed=seed
    )
    if kind is slow.QueueTwin:
        numbers = numbers | {"seed": seed}
    twin, batches, begin = kind(learner, **numbers), [], learner.before

    def before(parts):
        batches.extend(parts)
        begin(parts)

    learner.before = before
    losses = train(images, index, pair, settings=settings, seed=seed, learner=learner)
    found = [twin.step(batch, factor(batch.step, **curve)) for batch in batches]
    np.testing.assert_allclose(losses.history.losses, found, rtol=1e-6)
    ours = dict(learner.named_parameters())
    for one, p in twin.learner.named_parameters():
        torch.testing.assert_close(ours[one], p, rtol=1e-6, atol=1e-8)
    if hasattr(twin, "banks"):
        for one, entries in zip(learner.banks, twin.banks, strict=True):
            torch.testing.assert_close(one.entries, entries, rtol=1e-6, atol=1e-7)
    if hasattr(twin, "queues"):
        for one, keys in zip(learner.queues, twin.queues, strict=True):
            torch.testing.assert_close(one.keys, torch.stack(keys), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", METHODS)
def test_steps_are_those_of_the_slow_twin(name):
    compare(name)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("barlow", {"bias_lr": None}),
        ("simsiam", {"constant": ()}),
        ("swav", {"frozen": 0}),
        ("swav", {"size": 10**6}),
        ("swav", {"adapt": "matrices"}),
        ("moco", {"momentum": 0.99}),
        ("pirl", {"beta": 0.4}),
        ("byol", {"base": 0.99}),
    ],
)
def test_a_number_that_is_not_the_published_one_is_found(name, wrong):
    with pytest.raises(AssertionError):
        compare(name, **wrong)
