"""One number per view: at 0 nothing happens, at 1 the view itself, in between ever more."""

import itertools
import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.spec.catalogue import VIEWS
from goodviews.views import parse_view
from goodviews.views.base import view_class
from goodviews.views.geometric import Crop
from goodviews.views.strength import check_strength, from_still

HOMES = ("geometric", "affine", "photometric", "tone", "levels", "masking", "randaugment")
MINE = {
    name: listing
    for name, listing in VIEWS.items()
    if listing.home.partition(":")[0].rpartition(".")[2] in HOMES
}
GRADED = [name for name, listing in MINE.items() if listing.strength]
VARIANTS = [
    *(f"{name}()" for name in GRADED),
    "crop(scale=(0.3, 0.6), ratio=(0.5, 3))",
    "crop(scale=(0.2, 1), interpolation='bicubic')",
    "jitter(0.5, p=1)",
    "blur(kernel='23taps', p=1)",
    "blur(kernel='pil', p=1)",
    "affine(degrees=90, translate=0.5, scale=(0.5, 0.8), shear=30)",
    "solarise(threshold=40, p=1)",
    "posterise(bits=1, p=1)",
    "randaugment(n=4, p=1, ops='E')",
]


def key(count, seed=0):
    return Key.of(seed=seed, samples=torch.arange(count))


def view_of(spec):
    (step,) = parse_view(spec).first.steps
    return step


def default(name):
    return view_class(name)()


def smooth(count, height=21, width=25):
    """Images without fine grain, so that a longer way is a larger difference."""
    generator = torch.Generator().manual_seed(0)
    rows, cols = torch.linspace(0, 1, height)[:, None], torch.linspace(0, 1, width)[None]
    phase = 2 * math.pi * torch.rand(count, 3, 2, 1, 1, generator=generator)
    waves = torch.sin(3 * rows + phase[:, :, 0]) * torch.sin(3 * cols + phase[:, :, 1])
    return (0.5 + 0.45 * waves).double()


@pytest.mark.parametrize("spec", VARIANTS)
@pytest.mark.parametrize("shape", [(3, 17, 23), (1, 40, 16)])
def test_at_zero_the_image_comes_back_exactly(spec, shape):
    still = view_of(spec).at(0)
    for dtype in (torch.float32, torch.float64):
        x = torch.rand(24, *shape, dtype=dtype, generator=torch.Generator().manual_seed(1))
        params = still.sample(shape, key(24))
        assert torch.equal(still.apply(x, params), x)
        assert still.clipped(x, params) == 0


@pytest.mark.parametrize("spec", VARIANTS)
def test_at_one_it_is_the_view_and_its_text_parses_at_any_strength(spec):
    view = view_of(spec)
    assert view.at(1) == view
    assert view.at(1.0) == view
    for strength in (0, 0.1, 0.5, 0.9, 1.7, 100):
        seen = view.at(strength)
        assert type(seen) is type(view)
        assert view_of(repr(seen)) == seen
        assert seen.out_shape((3, 17, 23)) == view.out_shape((3, 17, 23))
        x = smooth(4)
        views = seen.apply(x, seen.sample((3, 21, 25), key(4)))
        assert views.isfinite().all()
        assert 0 <= views.min() <= views.max() <= 1


@pytest.mark.parametrize("spec", [spec for spec in VARIANTS if "ratio=(0.5" not in spec])
def test_more_strength_takes_an_image_further(spec):
    """The same draws at rising strength: the mean distance from the original grows."""
    view = view_of(spec)
    x = smooth(200)
    far = []
    for strength in (0, 0.3, 0.6, 1.0):
        step = view.at(strength)
        moved = step.apply(x, step.sample((3, 21, 25), key(200))) - x
        far.append(moved.flatten(1).norm(dim=1))
    for less, more in itertools.pairwise(far):
        gap = more - less
        assert gap.mean() > 3 * gap.std() / math.sqrt(len(gap))
    assert far[-1].mean() > 0.01


def test_a_crops_strength_moves_its_areas_and_keeps_its_shapes():
    view = Crop(scale=(0.2, 0.6))
    half = view.at(0.5)
    assert half.scale == pytest.approx((0.6, 0.8))
    assert half.ratio == view.ratio
    params = half.sample((3, 200, 200), key(2000))
    area = (params["height"] * params["width"]).double() / 200**2
    assert 0.59 < area.min() < 0.61
    assert 0.79 < area.max() < 0.81
    assert view.at(3).scale[0] == pytest.approx(0.01)
    wide = Crop().at(0).sample((3, 10, 70), key(5))  # no square is cut from a long image
    assert (wide["height"] == 10).all()
    assert (wide["width"] == 70).all()


def test_a_crop_of_the_images_own_shape_never_distorts():
    params = Crop(scale=(0.1, 1), ratio=None).sample((3, 100, 300), key(1000))
    assert (params["width"] / params["height"] - 3).abs().max() < 0.1
    assert params["height"].unique().numel() > 50


def test_strength_stops_where_more_makes_no_sense():
    far = 1000
    assert view_of("hue()").at(far).amount == 0.5
    assert view_of("jitter()").at(far).strength == 2.5
    assert view_of("jitter(0.5)").at(2).strength == 1
    assert view_of("rotate()").at(far).degrees == 180
    assert view_of("shear()").at(far).degrees == 80
    assert view_of("translate()").at(far).share == 1
    assert view_of("solarise()").at(far).threshold == 0
    assert view_of("posterise()").at(far).bits == 0
    assert view_of("blockmask()").at(far).share == 1
    assert view_of("cutout()").at(far).size == 2
    for name in ("grey", "invert", "equalise", "autocontrast", "randaugment"):
        assert default(name).at(far).p == 1
        assert default(name).at(0.5).p == default(name).p / 2


def test_randaugments_strength_leaves_its_levels_literal():
    view = view_of("randaugment(m=7, std=1)")
    weak, whole = (view.at(s).sample((3, 8, 8), key(300)) for s in (0.2, 1))
    for name in ("op", "magnitude", "sign", "bicubic"):
        assert torch.equal(weak[name], whole[name])
    assert (whole["on"] | ~weak["on"]).all()
    assert weak["on"].sum() < whole["on"].sum()


@pytest.mark.parametrize("name", [name for name in MINE if name not in GRADED])
def test_a_view_without_strength_says_so(name):
    with pytest.raises(InputError, match=f"{name} has no strength"):
        default(name).at(0.5)


@pytest.mark.parametrize("name", GRADED)
@pytest.mark.parametrize("strength", [-0.1, math.nan, math.inf, "much", None, True])
def test_what_is_no_strength_is_refused_by_name(name, strength):
    with pytest.raises(InputError, match=f"{name} has strength="):
        default(name).at(strength)


def test_lines_start_and_end_exactly():
    assert check_strength("noise", 0) == 0
    for still, value in ((1.0, 0.08), (256, 128), (8, 3), (1.0, 1 / 3)):
        assert from_still(still, value, 0) == still
        assert from_still(still, value, 1) == value
    assert from_still(1.0, 1.0, 0.3) == 1.0
