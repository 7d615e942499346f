"""The measurement of shared nats: a bound that orders views, repeats and agrees with a study."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import goodviews
from goodviews.core.errors import InputError
from goodviews.data import Images, splits
from goodviews.evaluation import fit_temperature, held_out_bound
from goodviews.jobs.study.cells import run_cell
from goodviews.jobs.study.plan import Cell, make_plan
from goodviews.measurement import Draws, embed_views, shared_nats
from goodviews.training import Settings
from goodviews.views import parse_view

SMALL = Settings(epochs=3, encoder="convnet(width=4)", device="cpu")
CROP = "crop(scale=(0.02, 0.05))"


@pytest.fixture(scope="module")
def blobs():
    """Made-up images, each a smooth pattern of its own."""
    waves = np.random.default_rng(0).normal(size=(300, 1, 3, 3))
    smooth = torch.nn.functional.interpolate(
        torch.from_numpy(waves), size=(12, 12), mode="bilinear", align_corners=True
    ).numpy()
    pixels = np.clip(128 + 60 * smooth, 0, 255).astype(np.uint8)
    return Images("blobs", pixels, (0.0, 255.0), {}, {}, (), "", "", "blobs-300")


@pytest.fixture(scope="module")
def crops(blobs):
    return shared_nats(CROP, blobs, settings=SMALL)


def test_views_that_hardly_differ_share_more_than_small_crops(blobs, crops):
    near = shared_nats("noise(std=0.02)", blobs, settings=SMALL).estimate
    gap = near.nats - crops.nats
    assert gap > 3 * math.hypot(near.stderr_nats, crops.estimate.stderr_nats)


@pytest.mark.parametrize("candidates", [2, 16])
def test_the_bound_never_exceeds_log_k(blobs, candidates):
    settings = replace(SMALL, epochs=20)
    found = shared_nats("identity()", blobs, settings=settings, candidates=candidates).estimate
    assert 0.5 * math.log(candidates) < found.nats <= math.log(candidates)
    assert found.ceiling_nats == math.log(candidates)
    assert found.side == "lower"


def test_the_same_call_gives_the_same_number_and_another_seed_another(blobs, crops):
    again = shared_nats(parse_view(CROP), blobs, settings=SMALL)
    assert again.estimate == crops.estimate
    assert again.temperature == crops.temperature
    assert shared_nats(CROP, blobs, settings=SMALL, seed=1).nats != crops.nats


def test_the_result_is_that_of_a_study_cell(blobs, crops):
    plan = make_plan(
        blobs, blobs, views=(CROP,), seeds=(0,), settings=SMALL, candidates=None, per_class=1,
        draws=1,
    )  # fmt: skip
    row = run_cell(plan, Cell("candidate", CROP, 0)).rows[0]
    assert row.estimate_nats == crops.nats
    assert row.stderr_nats == crops.estimate.stderr_nats
    assert row.candidates == crops.estimate.candidates == len(splits(blobs).held_out)
    assert row.undertrained == (not crops.levelled_off)


def test_the_encoders_and_the_temperature_give_the_bound_again(blobs, crops):
    parts, pair = splits(blobs), parse_view(CROP)

    def embed(rows, draw):
        return embed_views(crops.encoders, pair, blobs, rows, seed=0, draw=draw)

    assert fit_temperature(*embed(parts.pretrain, 0)) == crops.temperature
    found = held_out_bound(
        lambda rows, draw: embed(rows, draw + 1),
        parts.held_out,
        candidates=len(parts.held_out),
        temperature=crops.temperature,
    )
    assert found == crops.estimate


def test_the_places_that_report_are_those_that_were_given(blobs):
    places = np.arange(300)
    found = shared_nats(
        CROP, blobs, settings=SMALL, pretrain_on=places[:200], held_out=places[200:]
    )
    assert found.estimate.candidates == found.estimate.pairs == 100


def test_without_looks_the_numbers_are_the_same_and_levelling_off_is_unknown(blobs, crops):
    found = shared_nats(CROP, blobs, settings=SMALL, draws=Draws(looks=0))
    assert found.estimate == crops.estimate
    assert len(crops.history.bounds) == 3
    assert crops.history.bounds[-1][:2] == (crops.history.steps, crops.nats)
    assert not found.history.bounds
    assert not found.levelled_off


def test_epochs_and_encoder_go_before_the_settings(blobs):
    seen = []
    found = shared_nats(
        CROP, blobs, settings=SMALL, epochs=1, encoder="mlp()", tick=lambda: seen.append(1)
    )
    assert seen == [1]
    assert found.encoders.made_of["encoder"] == "mlp()"


@pytest.mark.parametrize("candidates", [0, 1, 65])
def test_candidates_that_nobody_holds_out_are_refused_before_training(blobs, candidates):
    with pytest.raises(InputError, match="between 2 and 64"):
        shared_nats(CROP, blobs, settings=SMALL, candidates=candidates, tick=pytest.fail)


def test_it_is_public_and_reads_what_load_reads():
    found = goodviews.shared_nats("crop()", "digits", epochs=1, encoder="convnet(width=4)")
    assert str(found).startswith(">= ")


def test_a_continued_measurement_is_that_of_a_new_run(blobs):
    index, pair = splits(blobs), parse_view("crop()")
    parts = {"pretrain_on": index.pretrain, "held_out": index.held_out, "candidates": 16}
    settings = replace(SMALL, epochs=5)
    short = shared_nats(pair, blobs, settings=settings, keep_steady=True, **parts)
    longer = short.steady.longer(10)
    long = shared_nats(pair, blobs, settings=longer, steady=short.steady, **parts)
    fresh = shared_nats(pair, blobs, settings=longer, **parts)
    assert (long.nats, long.history.bounds) == (fresh.nats, fresh.history.bounds)
    assert long.nats != short.nats
