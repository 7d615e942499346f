"""The default of a study: the engine whose record is written down, in a form that fits."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from goodviews.data import load
from goodviews.encoders import build_backbone
from goodviews.measurement import shared_nats
from goodviews.methods import adapted_settings, method
from goodviews.training.machine import resolve_precision
from goodviews.training.small import PATCHES, scratch_encoder, small_settings


@pytest.mark.parametrize("side", [4, 8, PATCHES - 1, PATCHES, 32, 96])
def test_the_encoder_fits_images_of_any_side(side):
    net = build_backbone(small_settings(side).encoder, channels=3, size=side)
    assert net(torch.zeros(2, 3, side, side)).shape == (2, net.features)


def test_patches_begin_where_the_encoder_takes_them():
    """The threshold is that of the encoder: one pixel fewer is refused."""
    encoder = small_settings(PATCHES).encoder
    assert "patches" in encoder
    assert "patches" not in small_settings(PATCHES - 1).encoder
    with pytest.raises(ValueError, match="at least 16 pixels"):
        build_backbone(encoder, channels=1, size=PATCHES - 1)


def test_the_method_of_this_name_is_the_same_and_loses_its_patches_on_small_images():
    named = method("small")
    plain = replace(named, views="", epochs=small_settings(PATCHES).epochs)
    assert plain == small_settings(PATCHES)
    tiny = load(np.random.default_rng(0).random((40, 8, 8)))
    made, said = adapted_settings(named, tiny, 1000)
    assert made.encoder == small_settings(8).encoder
    assert any("8 pixels" in one for one in said)
    kept, _ = adapted_settings(named, tiny, 1000, given=["encoder"])
    assert kept.encoder == named.encoder


def test_views_smaller_than_images_get_an_encoder_that_fits_them():
    images = load(np.random.default_rng(0).random((80, 24, 24)))
    found = shared_nats("crop(size=12)", images, epochs=1)
    assert found.nats <= found.estimate.ceiling_nats


def test_the_precision_is_one_that_the_processor_has():
    assert resolve_precision(small_settings(32).precision, "cpu") in ("32-true", "bf16-mixed")


def test_from_scratch_the_default_has_no_patches_and_another_encoder_stays():
    assert scratch_encoder(small_settings(PATCHES).encoder) == small_settings(PATCHES - 1).encoder
    for kept in (small_settings(8).encoder, "resnet18", "convnet(width=32, stem='patches')"):
        assert scratch_encoder(kept) == kept
