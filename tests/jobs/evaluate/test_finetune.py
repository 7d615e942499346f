"""Fine-tuning is the probe at a rate of nothing, plain training from nothing, and goes on."""

import math
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from goodviews.core.errors import InputError
from goodviews.data import Images, load
from goodviews.encoders import build_backbone
from goodviews.evaluation import represent
from goodviews.evaluation.encoders import settle
from goodviews.evaluation.logistic import fit_logistic
from goodviews.evaluation.protocols import evaluate_representation, paired_difference
from goodviews.evaluation.scores import Parts, linear
from goodviews.jobs.evaluate import tuning as module
from goodviews.jobs.evaluate.finetune import FINETUNE, finetune
from goodviews.jobs.evaluate.tuning import Tuner
from goodviews.training import Interrupted

PLAIN = replace(FINETUNE, device="cpu", views="identity()")


def planted(count=240, side=8):
    """Two classes that overlap: a brighter or darker corner under noise."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, count)
    pixels = rng.integers(0, 200, (count, 1, side, side), dtype=np.uint8)
    pixels[:, 0, :3, :3] += (25 * y[:, None, None]).astype(np.uint8)
    return Images(
        name="planted",
        pixels=pixels,
        scale=(0.0, 255.0),
        labels={"kind": y},
        classes={"kind": ("dark", "bright")},
        skipped=(),
        source="Noise.",
        range_note="Counts were divided by 255.",
        hash="0" * 16,
    )


def encoder(images, width=2, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = build_backbone(f"convnet(width={width})", channels=1, size=images.height).eval()
    settle(made, made, images.batch(np.arange(32)))
    return made


def features(images, made):
    return represent(images, np.arange(len(images)), lambda x, _: made(x)).numpy()


def thirds(count):
    cut = count // 3
    return Parts(np.arange(cut), np.arange(cut, 2 * cut), np.arange(2 * cut, count))


def tuner(images, made, **options):
    options = {"settings": PLAIN, "runs": 1, "classes": 2, "steps": 0, **options}
    (labels,) = images.labels.values()
    return Tuner(images, labels, made, features(images, made), **options)


def test_where_nothing_moves_it_is_the_linear_probe():
    images = planted()
    made, parts = encoder(images), thirds(len(images))
    still = replace(PLAIN, optimiser="adamw(lr=1e-12, rule='none')", epochs=1)
    found = tuner(images, made, settings=still, rates=(0.0,)).full(parts)
    values = features(images, made)
    probe = linear(torch.from_numpy(values), images.labels["kind"], parts, classes=2)
    assert np.array_equal(found.right, probe.right)
    fitted, tested = values[parts.pool], values[parts.test]  # a probe clips what is beyond
    inside = ((tested >= fitted.min(axis=0)) & (tested <= fitted.max(axis=0))).all(axis=1)
    assert inside.mean() > 0.9
    assert np.allclose(found.log_prob[inside], probe.log_prob[inside], atol=1e-5)


@pytest.mark.parametrize("start", ["probe()", "zeros()"])
def test_a_frozen_encoder_stays_and_its_head_reaches_the_optimum_of_the_probe(start):
    images = planted()
    made = encoder(images).train()  # batch-norms would move if they were let
    before, index = deepcopy(made.state_dict()), np.arange(160)
    x = features(images, made.eval())
    y = images.labels["kind"][index]
    settings = replace(
        PLAIN,
        head=start,
        encoder_rate=0.0,
        epochs=60,
        batch=160,
        optimiser="adam(lr=0.05)",
    )
    model = finetune(
        images,
        index,
        y,
        made,
        start=fit_logistic(x[index], y, classes=2, penalty=1.0),
        settings=settings,
    )
    best = fit_logistic(x[index], y, classes=2, penalty=1e-6)
    with torch.no_grad():
        loss = F.cross_entropy(model(images.batch(index)), torch.from_numpy(y))
    assert best.loss <= loss + 1e-4
    assert loss <= best.loss + 0.01
    for name, value in model[0].state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_from_drawn_weights_it_is_plain_training_with_a_rate_each(share):
    images = planted(64)
    made = encoder(images)
    x, y = features(images, made), images.labels["kind"]
    settings = replace(PLAIN, head="zeros()", encoder_rate=share, batch=16, epochs=2)
    start = fit_logistic(x, y, classes=2, penalty=1.0)
    ours = finetune(images, np.arange(64), y, made, start=start, settings=settings, seed=3)

    backbone, head = deepcopy(made).train(), nn.Linear(x.shape[1], 2)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    mean = torch.from_numpy(x.mean(axis=0))
    std = torch.from_numpy(x.std(axis=0))
    optimiser = torch.optim.AdamW(
        [{"params": head.parameters()}, {"params": backbone.parameters(), "lr": 0.002 * share}],
        lr=0.002,
        weight_decay=0.01,
    )
    peaks = [group["lr"] for group in optimiser.param_groups]
    step = 0
    for epoch in (1, 2):
        order = np.random.default_rng((3, epoch)).permutation(64)
        for rows in np.split(order, 4):
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * (1 + math.cos(math.pi * step / 8)) / 2
            z = (backbone(images.batch(rows)) - mean) / std
            loss = F.cross_entropy(head(z), torch.from_numpy(y[rows]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            step += 1
    backbone.eval()
    with torch.no_grad():
        wanted = head((backbone(images.batch(np.arange(64))) - mean) / std)
        found = ours(images.batch(np.arange(64)))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_it_beats_the_frozen_probe_where_the_encoder_knows_too_little():
    images = load("digits")
    made = encoder(images, width=4)
    (labels,) = images.labels.values()
    parts = Parts(np.arange(400), np.arange(400, 600), np.arange(600, 1797))
    job = tuner(images, made, settings=replace(PLAIN, epochs=12), rates=(1.0,), classes=10)
    scores, right = evaluate_representation(
        features(images, made),
        labels,
        parts,
        classes=10,
        kinds=("linear",),
        more={"finetune": job.full},
    )
    gap = paired_difference(right["finetune"], right["linear"], name="gain", like=scores[1])
    assert gap.top1_low > 0
    assert scores[1].fitted == 400
    assert scores[1].usable_nats > scores[0].usable_nats


def test_the_choosing_labels_choose_the_rate_and_folds_do_where_there_are_none(monkeypatch):
    images = planted()
    made, parts = encoder(images), thirds(len(images))
    one = tuner(images, made, settings=replace(PLAIN, epochs=1), rates=(0.1, 1.0), runs=2)
    asked = []
    labels = images.labels["kind"]

    def answers(fit, judged, start, rate, run):
        asked.append((rate, run, set(fit), set(judged)))
        sure = 0.9 if rate == 1.0 else 0.6  # the second rate is better everywhere
        logs = np.full((len(judged), 2), math.log(1 - sure))
        logs[np.arange(len(judged)), labels[judged]] = math.log(sure)
        return logs

    monkeypatch.setattr(one, "_predict", answers)
    assert "encoder at 1 of" in one.full(parts).setting
    assert [(rate, run) for rate, run, *_ in asked] == [(0.1, 0), (1.0, 0), (1.0, 1)]
    assert all(fit.isdisjoint(judged) for *_, fit, judged in asked)
    asked.clear()
    few = one.few(parts, budget="10", draws=3)
    assert "3 draws, encoder at 1 of" in few.setting
    assert few.fitted == 20
    assert len(asked) == 4 + 3  # two folds with two rates, then every draw
    assert all(fit.isdisjoint(judged) for *_, fit, judged in asked)
    chose = set().union(*(fit | judged for *_, fit, judged in asked[:4]))
    assert chose.isdisjoint(parts.test)


def test_a_stopped_training_goes_on_and_a_finished_one_is_not_done_again(tmp_path, monkeypatch):
    images = planted()
    made, parts = encoder(images), thirds(len(images))
    settings = replace(PLAIN, epochs=4, views="translate(0.2)")
    whole = tuner(images, made, settings=settings, rates=(1.0,)).full(parts)

    def stop(stage, done, total):
        assert (stage, total) == ("epochs of fine-tuning the encoder", 4)
        if done == 2:
            import os
            import signal

            os.kill(os.getpid(), signal.SIGTERM)

    options = {"settings": settings, "rates": (1.0,), "folder": tmp_path}
    with pytest.raises(Interrupted):
        tuner(images, made, progress=stop, **options).full(parts)
    assert [path.is_dir() for path in tmp_path.iterdir()] == [True]
    again = tuner(images, made, **options).full(parts)
    assert np.array_equal(again.log_prob, whole.log_prob)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]
    monkeypatch.setattr(module, "finetune", None)
    kept = tuner(images, made, **options).full(parts)
    assert np.array_equal(kept.log_prob, whole.log_prob)
    with pytest.raises(TypeError):  # other weights have answers of their own
        tuner(images, encoder(images, seed=1), **options).full(parts)


def test_two_labels_are_enough():
    images = planted()
    made, parts = encoder(images), thirds(len(images))
    found = tuner(images, made, settings=replace(PLAIN, epochs=2)).few(parts, budget="1", draws=2)
    assert found.fitted == 2
    assert len(found.by_draw) == 2
    assert np.isfinite(found.log_prob).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"head": "mlp(dim=2)"}, "Unknown head to start from 'mlp(dim=2)'"),
        ({"views": "crop() // flip()"}, "augments one view, but crop"),
        ({"objective": "infonce()"}, "finetune classifies, but the objective is infonce"),
        ({"memory": "queue(size=8)", "momentum": 0.9}, "leave out predictor, memory"),
    ],
)
def test_what_fine_tuning_cannot_use_gets_a_sentence(change, said):
    images = planted(32)
    made, y = encoder(images), images.labels["kind"]
    start = fit_logistic(features(images, made), y, classes=2, penalty=1.0)
    with pytest.raises(InputError) as error:
        finetune(images, np.arange(32), y, made, start=start, settings=replace(PLAIN, **change))
    assert said in str(error.value)
    bare = nn.Flatten()
    with pytest.raises(InputError, match="has no weights"):
        finetune(images, np.arange(32), y, bare, start=start, settings=PLAIN)
