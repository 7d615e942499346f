"""Six bands: what the planes show, what each half knows, and that no split of bands parts them."""

import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.worlds.bands import PLANES, Bands
from goodviews.worlds.shapes import FORMS

WORLD = Bands(side=32)
COUNT = 120


@pytest.fixture(scope="module")
def drawn():
    """Planes, bands as they are kept (255 steps) and factors of some examples."""
    samples = torch.arange(COUNT)
    images, values = WORLD.sample(samples, seed=1)
    planes = WORLD.planes(values, WORLD.flaw(samples, seed=1))
    return planes, (images * 255).round() / 255, values


def texture(plane):
    """The orientation with most energy among gratings of every phase."""
    grid = (torch.arange(32) + 0.5) / 32
    energy = []
    for k in range(12):
        angle = torch.tensor(math.pi / 12 * k)
        along = 2 * math.pi * 6 * (grid * angle.cos() + grid[:, None] * angle.sin())
        energy.append(
            sum((plane * wave).sum((-2, -1)) ** 2 for wave in (along.sin(), along.cos()))
        )
    return torch.stack(energy, 1).argmax(1)


def places(band, weights):
    """Places of all four shapes at once, of least squares among the 16 to the power of 4."""
    every = torch.arange(16)
    values = torch.zeros(16, 5, dtype=torch.long)
    shown = []
    for column, name in enumerate(FORMS, start=1):
        values[:, column] = every
        planes = WORLD.planes(values, WORLD.flaw(torch.zeros_like(every), seed=0))
        shown.append(weights[PLANES.index(name)] * planes[:, PLANES.index(name)].flatten(1))
    templates = torch.stack(shown)  # (4, 16, pixels), with one noise for all places
    templates = templates - templates.mean(1, keepdim=True)
    band = band.flatten(1) - band.flatten(1).mean(0)
    alone = torch.einsum("fps,bs->bfp", templates, band)
    alone = alone - 0.5 * templates.square().sum(2)
    cost = sum(alone[:, f].reshape(-1, *(16 if g == f else 1 for g in range(4))) for f in range(4))
    for f in range(4):
        for g in range(f):
            sizes = [16 if k in (f, g) else 1 for k in range(4)]
            cost = cost - (templates[g] @ templates[f].T).reshape(1, *sizes)
    best = cost.flatten(1).argmax(1)
    return torch.stack(torch.unravel_index(best, (16,) * 4), 1)


def test_the_mixing_is_known_and_undone_from_255_steps(drawn):
    planes, images, _ = drawn
    assert (images > 0).all()
    assert (images < 1).all()
    torch.testing.assert_close(
        WORLD.unmix(WORLD.mix(planes.double())), planes.double(), atol=1e-5, rtol=0
    )
    assert (WORLD.unmix(images) - planes).abs().mean() < 0.05
    weights = WORLD.matrix()
    torch.testing.assert_close(weights.abs(), torch.full((6, 6), 6**-0.5))
    assert torch.linalg.cond(weights) < 3


def test_both_halves_show_the_task_and_each_shape_stands_in_one(drawn):
    planes, images, values = drawn
    assert [PLANES[:3].count("texture"), PLANES[3:].count("texture")] == [1, 1]
    assert sorted(PLANES) == sorted(["texture", "texture", *FORMS])
    found = WORLD.unmix(images)
    for plane in (0, 3):
        assert (texture(planes[:, plane]) == values[:, 0]).all()
        assert (texture(found[:, plane]) == values[:, 0]).all()


def test_the_halves_share_nothing_but_the_task():
    values = torch.zeros(2, 5, dtype=torch.long)
    values[1, 1:3] = 5  # disc and square move
    still = WORLD.planes(values, WORLD.flaw(torch.zeros(2, dtype=torch.long), seed=0))
    moved = (still[0] != still[1]).flatten(1).any(1)
    assert moved.tolist() == [plane in (1, 2) for plane in range(6)]
    samples = torch.arange(400)
    planes = WORLD.planes(torch.zeros(400, 5, dtype=torch.long), WORLD.flaw(samples, seed=0))
    one, two = (planes[:, plane] - planes[:, plane].mean(0) for plane in (0, 3))
    # Of one texture, pixels of both planes are independent: correlations are of chance alone.
    ratio = (one * two).mean(0) / (one.square().mean(0) * two.square().mean(0)).sqrt()
    assert abs(float(ratio.mean())) < 4 / math.sqrt(400)
    assert float(ratio.square().mean()) == pytest.approx(1 / 400, rel=0.25)


@pytest.mark.parametrize("band", range(6))
def test_any_band_alone_tells_every_factor(band, drawn):
    _, images, values = drawn
    found = places(images[:, band].logit(), WORLD.matrix()[band])
    right = (found == values[:, 1:]).all(1)
    # Hence both sides of any split of the bands know where all four shapes are.
    assert right.float().mean() > 0.8  # of 65,536 possible answers


def test_a_sample_is_the_same_in_any_batch_and_a_side_too_small_is_refused():
    samples = torch.arange(9)
    images, values = WORLD.sample(samples, seed=4)
    assert torch.equal(WORLD.sample(samples[[7, 2]], seed=4)[0], images[[7, 2]])
    assert images.dtype == torch.float32
    assert tuple(images.shape[1:]) == WORLD.shape
    assert not torch.equal(WORLD.render(values, WORLD.flaw(samples, seed=5)), images)
    with pytest.raises(InputError, match="at least 16"):
        Bands(side=8)
