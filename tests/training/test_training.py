"""The loop learns what is planted, repeats itself to the bit, and stops with a sentence."""

import math
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import Images
from goodviews.training import Settings, train
from goodviews.training.diagnostics.monitor import History, NonFiniteError, collapsed, levelled_off
from goodviews.training.objective import build_objective
from goodviews.training.supervised import train_supervised
from goodviews.views import parse_view

TINY = Settings(
    encoder="convnet(width=8)", epochs=12, batch=32, head="projector(dim=16)", device="cpu"
)

STILL = "adamw(lr=1e-30, weight_decay=0.0)"
"""A rate too small to move a float."""


def planted(count=64, channels=1, size=8, seed=0):
    """Images that are all different: coarse random patterns."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, channels, size // 2, size // 2), dtype=np.uint8)
    pixels = coarse.repeat(2, axis=2).repeat(2, axis=3)
    return Images(
        name="planted",
        pixels=pixels,
        scale=(0.0, 255.0),
        labels={},
        classes={},
        skipped=(),
        source="Random patterns.",
        range_note="Counts were divided by 255.",
        hash="0" * 16,
    )


class Spy:
    """Images that remember which of them were asked for."""

    def __init__(self, images):
        self.images, self.asked = images, []
        self.channels, self.height, self.width = images.channels, images.height, images.width
        self.hash, self.least_shape = images.hash, images.least_shape

    def batch(self, index, device=None):
        self.asked.append(np.asarray(index).tolist())
        return self.images.batch(index, device)

    def for_views(self, index, device=None, *, floats=False):
        self.asked.append(np.asarray(index).tolist())
        return self.images.for_views(index, device, floats=floats)


def run(spec="noise(std=0.05)", *, images=None, seed=0, count=64, look=None, **more):
    images = planted() if images is None else images
    settings = replace(TINY, **more)
    return train(
        images, np.arange(count), parse_view(spec), settings=settings, seed=seed, look=look
    )


def test_a_planted_problem_is_learned():
    history = run().history
    assert history.steps == 12 * 2
    assert len(history.losses) == history.steps
    # log K is what knowing nothing costs; half of the information is learned at least.
    assert history.losses[-1] < 0.5 * math.log(32)
    assert history.losses[-1] < history.losses[0]


def test_without_anything_shared_nothing_is_learned():
    # Noise of standard deviation 100, cut to black and white: the views share nothing.
    history = run("noise(std=100)").history
    assert abs(history.losses[-1] - math.log(32)) < 0.4


def test_one_seed_gives_the_same_weights_to_the_bit_and_another_does_not():
    torch.manual_seed(1)
    one = run("crop()|flip()", epochs=3).encoders.state_dict()
    torch.manual_seed(2)
    two = run("crop()|flip()", epochs=3).encoders.state_dict()
    other = run("crop()|flip()", epochs=3, seed=1).encoders.state_dict()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_training_leaves_the_global_generators_alone():
    state, numbers = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    run(epochs=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert (np.random.get_state()[1] == numbers).all()


def test_different_views_start_alike_and_see_the_images_in_one_order():
    asked, starts = [], []
    for spec in ("noise(std=0.01)", "crop(scale=(0.2, 1))", "flip()|blur()"):
        spy = Spy(planted())
        still = run(spec, images=spy, epochs=2, optimiser=STILL).encoders
        starts.append([weights.clone() for weights in still.parameters()])
        asked.append(spy.asked)
    assert asked[0] == asked[1] == asked[2]
    for start in starts[1:]:
        assert all(
            torch.allclose(a, b, rtol=0, atol=1e-25) for a, b in zip(starts[0], start, strict=True)
        )
    spy = Spy(planted())
    run(images=spy, epochs=2, seed=1)
    assert spy.asked[1:] != asked[0][1:]


def test_an_epoch_sees_each_image_at_most_once_and_another_epoch_another_order():
    spy = Spy(planted())
    run(images=spy, epochs=2, count=50, batch=16)
    first, second = (list(chain(*spy.asked[1 + 3 * e : 4 + 3 * e])) for e in range(2))
    assert len(spy.asked) == 1 + 2 * 3
    for seen in (first, second):
        assert len(seen) == len(set(seen)) == 48
        assert set(seen) <= set(range(50))
    assert first != second


def test_only_the_images_of_the_index_are_read():
    spy = Spy(planted())
    index = np.arange(64)[5::3]
    train(spy, index, parse_view("flip()"), settings=replace(TINY, epochs=2, batch=8), seed=0)
    assert set(chain(*spy.asked)) <= set(index.tolist())


def test_fewer_images_than_a_batch_are_one_batch():
    history = run(count=20, epochs=3, batch=250).history
    assert history.steps == 3
    assert all(math.isfinite(loss) for loss in history.losses)
    with pytest.raises(InputError, match="at least 8"):
        run(count=7)


def test_a_loss_that_is_not_finite_stops_with_what_replays_it(monkeypatch):
    calls = []

    def breaks(learner, batch):
        calls.append(batch.step)
        z1, z2 = learner.encoders(batch.v1, batch.v2)
        return (z1 - z2).square().sum(dim=1).mean() * (math.nan if len(calls) == 6 else 1.0)

    monkeypatch.setattr("goodviews.training.learners.base.PairLearner.forward", breaks)
    with pytest.raises(NonFiniteError) as error:
        run("flip(p=0.5)", seed=3)
    message = str(error.value)
    for word in ("nan", "step 5", "epoch 3", "seed 3", "flip(p=0.5)", "learning rate"):
        assert word in message
    assert len(calls) == 6
    assert "\n" not in message


def test_images_that_the_view_cannot_take_are_refused_before_anything_is_trained():
    spy = Spy(planted(channels=2))
    with pytest.raises(InputError, match="channels"):
        run("jitter()", images=spy)
    assert spy.asked == []


def test_one_encoder_for_one_spec_and_two_for_two():
    assert run("flip()", epochs=1).encoders.shared
    assert run("flip() // noise(std=0.1)", epochs=1).encoders.shared
    apart = run("flip() // channels((0, 0))", epochs=1).encoders
    assert not apart.shared
    assert len(apart.backbones) == 2


def test_the_encoders_come_back_in_evaluation_mode_and_on_their_own():
    trained = run(epochs=1)
    assert not trained.encoders.training
    x = planted().batch(np.arange(10))
    with torch.no_grad():
        whole = trained.encoders.represent(x)
        alone = trained.encoders.represent(x[:1])
    assert torch.allclose(whole[:1], alone, atol=1e-5)


def test_looks_are_taken_while_the_encoders_stand_still_and_change_nothing():
    seen = []

    def look(encoders):
        assert not encoders.training
        seen.append(next(encoders.parameters()).detach().clone())
        return float(len(seen)), 0.5

    with_look = run(epochs=10, look=look)
    steps = [step for step, _, _ in with_look.history.bounds]
    assert steps == [round(part * with_look.history.steps) for part in (0.35, 0.7)]
    assert [nats for _, nats, _ in with_look.history.bounds] == [1.0, 2.0]
    assert not torch.equal(seen[0], seen[-1])
    without = run(epochs=10)
    assert all(map(torch.equal, with_look.encoders.parameters(), without.encoders.parameters()))


def history(losses, bounds):
    return History(list(losses), [(epoch, nats, 0.01) for epoch, nats in bounds])


FLAT = [(35, 2.0), (70, 2.0), (100, 2.0)]


@pytest.mark.parametrize(
    ("losses", "bounds", "wanted"),
    [
        ([1.0] * 100, FLAT, True),
        ([5 - 0.04 * e for e in range(100)], FLAT, False),  # the loss still falls
        ([1.0] * 100, [(35, 1.0), (70, 2.0), (100, 2.0)], False),  # the bound still rises
        ([1.0] * 100, [(35, 2.5), (70, 2.0), (100, 2.0)], True),  # overfitting is no lack of time
        ([9.0] * 20 + [1.0] * 80, FLAT, True),  # early falls are long past
        ([1.0] * 2, FLAT[:1], False),
        ([], [], False),
        ([1.0] * 100, [], False),  # nobody looked
    ],
)
def test_levelled_off_means_loss_and_bound_stand_still(losses, bounds, wanted):
    assert levelled_off(history(losses, bounds)) is wanted


def test_a_point_is_a_collapse_at_any_norm_and_a_sphere_is_not():
    rng = torch.Generator().manual_seed(0)
    direction = torch.randn(1, 16, generator=rng)
    lengths = torch.rand(100, 1, generator=rng) + 0.5
    assert collapsed(direction * lengths)
    assert collapsed(direction + 1e-3 * torch.randn(100, 16, generator=rng))
    assert not collapsed(torch.randn(100, 16, generator=rng))
    assert not collapsed(1e-4 * torch.randn(100, 16, generator=rng))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("infonc()", "Did you mean 'infonce'"),
        ("infonce(0.1)", "named options"),
        ("infonce()|infonce()", "one name with named options"),
        ("infonce(temprature=0.1)", "Did you mean 'temperature'"),
        ("infonce(temperature=-1)", "temperature"),
        ("infonce(temperature='a')", "temperature"),
        ("infonce(anchor=1)", "anchor"),
        ("__import__('os')", "__import__"),
    ],
)
def test_an_impossible_objective_is_refused_in_a_sentence(text, word):
    with pytest.raises(InputError, match=word) as error:
        build_objective(text)
    assert "\n" not in str(error.value)


def test_an_objective_takes_its_options():
    z1, z2 = torch.randn(2, 8, 4, generator=torch.Generator().manual_seed(0))
    sharp, flat = (build_objective(f"infonce(temperature={t})")(z1, z2) for t in (0.05, 1e6))
    assert torch.allclose(flat, torch.full((8,), math.log(8)), atol=1e-4)
    assert not torch.allclose(sharp, flat)


def test_supervised_training_learns_its_labels_and_repeats_itself():
    images = planted(count=40)
    index = np.arange(0, 40, 2)
    labels = (images.pixels[index, 0, :4].mean(axis=(1, 2)) > 127).astype(np.int64)
    made = [
        train_supervised(
            images,
            index,
            labels,
            parse_view("flip()"),
            classes=2,
            settings=TINY,
            seed=0,
            steps=60,
        )
        for _ in range(2)
    ]
    with torch.no_grad():
        logits = made[0](images.batch(index))
        assert torch.equal(logits, made[1](images.batch(index)))
    assert logits.shape == (20, 2)
    assert (logits.argmax(dim=1).numpy() == labels).all()
    assert not made[0].training
