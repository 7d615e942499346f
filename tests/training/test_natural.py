"""Training on images at their own sizes: the same steps as on images of that size."""

import numpy as np
import pytest
import torch

from goodviews.data import load
from goodviews.measurement import embed_views
from goodviews.training import Settings, train, train_supervised
from goodviews.views import parse_view

SETTINGS = Settings(encoder="convnet(width=4)", batch=16, epochs=2, device="cpu")
INDEX = np.arange(40)


@pytest.fixture(scope="module")
def arrays():
    return np.random.default_rng(0).integers(0, 256, (48, 24, 24, 3), np.uint8)


@pytest.mark.parametrize("spec", ["crop({})|flip()|jitter()", "patches(size=8, distance=4)"])
def test_images_of_one_size_are_trained_on_with_the_same_draws(arrays, spec):
    whole, own = load(arrays, size="16,natural"), load(arrays, size=24)
    assert (whole.height, own.height) == (16, 24)
    pairs = parse_view(spec.format("")), parse_view(spec.format("size=16"))
    ours, wanted = (
        train(images, INDEX, pair, settings=SETTINGS, seed=3)
        for images, pair in zip((whole, own), pairs, strict=True)
    )
    assert ours.history.losses == pytest.approx(wanted.history.losses, rel=1e-5)
    rows = np.arange(40, 48)
    for draw in (0, 1):
        made, same = (
            embed_views(run.encoders, pair, images, rows, seed=3, draw=draw)
            for run, pair, images in zip((ours, wanted), pairs, (whole, own), strict=True)
        )
        torch.testing.assert_close(made, same, rtol=1e-3, atol=1e-4)


def test_the_third_view_of_patches_is_cut_from_whole_images(arrays):
    whole, own = load(arrays, size="16,natural"), load(arrays, size=24)
    changed = Settings(
        encoder="convnet(width=4)", batch=16, epochs=1, device="cpu", memory="queue(size=32)",
        momentum=0.9, shuffle=2, jigsaw="jigsaw(grid=3, cell=8, crop=6)", head="linear(dim=4)",
    )  # fmt: skip
    runs = [
        train(images, INDEX, parse_view(spec), settings=changed, seed=0)
        for images, spec in ((whole, "crop()"), (own, "crop(size=16)"))
    ]
    assert runs[0].history.losses == pytest.approx(runs[1].history.losses, rel=1e-5)


def test_augmentations_of_training_on_labels_are_cut_from_whole_images(arrays):
    whole, own = load(arrays, size="16,natural"), load(arrays, size=24)
    labels, outputs = INDEX % 2, []
    for images, spec in ((whole, "crop()"), (own, "crop(size=16)")):
        model = train_supervised(
            images, INDEX, labels, parse_view(spec), classes=2, settings=SETTINGS, seed=0, steps=3
        )
        outputs.append(model(whole.batch(INDEX)))
    # The encoder's channel statistics are those of the fitted images, so only nearly the same.
    torch.testing.assert_close(outputs[0], outputs[1], rtol=0, atol=0.2)
