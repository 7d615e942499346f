"""Other view learners: strengths and masks are what they say, and move the way they should."""

import csv
from dataclasses import replace

import pytest
import torch

from goodviews.core.rng import Key
from goodviews.recipes.learned_arms import Parts
from goodviews.recipes.learned_masks import Masked, Masks, learn_masks
from goodviews.recipes.learned_strengths import Graded, learn_strengths
from goodviews.recipes.other_learners import other_learners
from goodviews.recipes.other_settings import SCALE
from goodviews.views import Chain

TINY = SCALE["test"]


@pytest.fixture(scope="module")
def data():
    return Parts.read(TINY.table)


def test_only_graded_steps_move():
    graded = Graded("crop(scale=(0.2, 1))|flip()|noise(0.1)|grey()")
    assert graded.places == [0, 2, 3]
    assert repr(graded.at([1, 1, 1])) == "crop(scale=(0.2, 1))|flip()|noise()|grey()"
    images = torch.rand(3, 3, 16, 16)
    still = Graded("crop(scale=(0.2, 1))|noise(0.1)|grey()").at([0, 0, 0])
    key = Key.of(seed=0, samples=torch.arange(3), epoch=0, view=0)
    assert torch.equal(still.apply(images, still.sample((3, 16, 16), key)), images)


def test_strengths_rise_where_only_the_bound_counts(data):
    """Noise hides what both views share; without labels nothing speaks against it."""
    settings = replace(
        TINY, chain="noise(2.0)", start=0.1, steps=30, warm_up=5, batch=64, encoder_rate=5e-3
    )
    before = torch.random.get_rng_state()
    spec, path = learn_strengths(data, settings, "unsupervised", 0)
    assert torch.equal(torch.random.get_rng_state(), before)
    strengths = [look["strength_0"] for look in path]
    assert strengths[:6] == [strengths[0]] * 6  # it stands still while the encoder warms up
    assert strengths[-1] > 2 * strengths[0]
    assert spec == learn_strengths(data, settings, "unsupervised", 0)[0]


def test_masks_part_an_image_and_hide_one_part():
    torch.manual_seed(0)
    masks = Masks(3, 4).double().eval()
    images = torch.rand(5, 3, 16, 16).double()
    parts = torch.stack([masks.hide(images, torch.full((5,), which)) for which in range(4)])
    # What M views hide adds up to the whole: they leave M - 1 times the image.
    torch.testing.assert_close(parts.sum(0), 3 * images)
    view = Masked(masks, 4)
    key = Key.of(seed=1, samples=torch.arange(400), epoch=0, view=0)
    drawn = view.sample((3, 16, 16), key)["which"]
    counts = drawn.bincount(minlength=4).double()
    assert float((counts - 100).square().sum() / 100) < 16.3  # chi-squared, 3 degrees, 0.001
    some = {"which": drawn[:5]}
    torch.testing.assert_close(view.apply(images, some), masks.hide(images, drawn[:5]))


def test_learned_masks_stand_still_in_the_view(data):
    pair, told = learn_masks(data, TINY, "semi", 0)
    assert 1 / TINY.masks <= told["largest_mask"] <= 1
    images = data.images.raw(data.test[:4])
    samples = torch.arange(4)
    one, other = (pair(images, seed=0, samples=samples, epoch=0) for _ in range(2))
    assert torch.equal(one[0], other[0])
    plain = Chain(pair.first.steps[:-1])
    assert not torch.equal(
        one[0], plain.apply(images, plain.sample(tuple(images.shape[1:]), pair.key(
            0, images, 0, samples, 0)))
    )  # fmt: skip


def test_the_smallest_run_writes_its_tables_and_goes_on_where_it_stopped(tmp_path):
    other_learners(scale="test", out=tmp_path)
    rows = _read(tmp_path / "rows.csv")
    assert len(rows) == 2 + len(TINY.fixed) + 4
    over = {(row["arm"], row["over"]) for row in _read(tmp_path / "orders.csv")}
    assert ("strengths, semi", "chain at 0.5") in over
    assert ("masks, unsupervised", "random masks") in over
    cells = {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}
    other_learners(scale="test", out=tmp_path)
    assert cells == {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}


def _read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
