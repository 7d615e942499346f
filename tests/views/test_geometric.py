"""Views that move pixels equal torchvision's float functions given the same parameters."""

import math

import pytest
import torch
import torchvision.transforms.functional as tv
from torchvision.transforms import InterpolationMode, RandomResizedCrop

from goodviews.core.rng import Key
from goodviews.views.affine import Rotate
from goodviews.views.geometric import Crop, Flip, Translate, VerticalFlip, resample_weights

SIZES = [(17, 23), (8, 8), (31, 9), (33, 32)]


def images(height, width, *, count=12, dtype=torch.float64, channels=3):
    generator = torch.Generator().manual_seed(height * 100 + width)
    return torch.rand(count, channels, height, width, generator=generator, dtype=dtype)


def key(count, seed=0):
    return Key.of(seed=seed, samples=torch.arange(count))


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("size", [None, 5, 16, 50])
def test_crop_is_torchvisions_resized_crop(height, width, size):
    x = images(height, width)
    view = Crop(scale=(0.05, 1.0), size=size)
    params = view.sample(tuple(x.shape[1:]), key(len(x)))
    seen = view.apply(x, params)
    out = [size or height, size or width]
    for i in range(len(x)):
        top, left, h, w = (int(params[name][i]) for name in ("top", "left", "height", "width"))
        twin = tv.resized_crop(
            x[i], top, left, h, w, out, InterpolationMode.BILINEAR, antialias=True
        )
        assert torch.allclose(seen[i], twin, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("size", [None, 5, 50])
@pytest.mark.parametrize(("channels", "dtype"), [(1, torch.float32), (13, torch.float64)])
def test_bicubic_crop_is_torchvisions_cut_to_the_range(height, width, size, channels, dtype):
    x = images(height, width, channels=channels, dtype=dtype)
    view = Crop(scale=(0.05, 1.0), size=size, interpolation="bicubic")
    params = view.sample(tuple(x.shape[1:]), key(len(x)))
    seen = view.apply(x, params)
    outside = []
    for i in range(len(x)):
        box = [int(params[name][i]) for name in ("top", "left", "height", "width")]
        out = [size or height, size or width]
        twin = tv.resized_crop(x[i], *box, out, InterpolationMode.BICUBIC, antialias=True)
        assert torch.allclose(seen[i], twin.clamp(0, 1), atol=1e-5)
        outside.append(((twin < -1e-6) | (twin > 1 + 1e-6)).double().mean())
    assert abs(view.clipped(x, params) - sum(outside) / len(x)) < 1e-3
    assert Crop().clipped(x, params) == 0


def test_crop_shrinks_with_antialiasing_and_only_sees_the_crop():
    # A checkerboard shrunk to half becomes grey; without antialiasing it would alias.
    board = (torch.arange(32)[:, None] + torch.arange(32)[None]) % 2
    x = board.double().expand(1, 1, 32, 32).clone()
    view = Crop(scale=(1, 1), ratio=(1, 1), size=8)
    seen = view.apply(x, view.sample((1, 32, 32), key(1)))
    assert (seen - 0.5).abs().max() < 0.02
    # Pixels outside the crop do not leak in.
    weights = resample_weights(torch.tensor([4]), torch.tensor([6]), 20, 9)
    assert torch.allclose(weights.sum(-1), torch.ones(1, 9))
    assert weights[:, :, :4].abs().max() == 0
    assert weights[:, :, 10:].abs().max() == 0


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_crop_draws_lie_inside_and_keep_area_and_shape(height, width):
    view = Crop(scale=(0.2, 0.6))
    params = view.sample((3, height, width), key(2000))
    top, left, h, w = (params[name].double() for name in ("top", "left", "height", "width"))
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + h <= height).all()
    assert (left + w <= width).all()
    # Rounding a side moves it by at most half a pixel.
    assert ((h - 0.5) * (w - 0.5) <= 0.6 * height * width + 1e-9).all()
    fell_back = (h == height) | (w == width)
    assert (((h + 0.5) * (w + 0.5) >= 0.2 * height * width - 1e-9) | fell_back).all()
    assert ((w - 0.5) / (h + 0.5) <= 4 / 3 + 1e-9).all()
    assert ((w + 0.5) / (h - 0.5) >= 0.75 - 1e-9).all()


def test_crop_draws_follow_torchvisions_distribution():
    count = 4000
    view = Crop(scale=(0.08, 1.0))
    ours = view.sample((1, 40, 60), key(count))
    generator_state = torch.random.get_rng_state()
    torch.manual_seed(0)
    x = torch.zeros(1, 40, 60)
    drawn = [RandomResizedCrop.get_params(x, [0.08, 1.0], [0.75, 4 / 3]) for _ in range(count)]
    torch.random.set_rng_state(generator_state)
    theirs = torch.tensor(drawn, dtype=torch.float64)
    for place, name in enumerate(("top", "left", "height", "width")):
        a, b = ours[name].double(), theirs[:, place]
        stderr = math.sqrt((a.var() + b.var()) / count)
        assert abs(a.mean() - b.mean()) < 4 * stderr, name
        assert abs(a.std() / b.std() - 1) < 0.1, name


def test_ten_failed_tries_give_the_largest_centre_within_the_shape():
    # An area of all pixels at a ratio of 2 never fits a square.
    view = Crop(scale=(1, 1), ratio=(2, 2))
    params = view.sample((1, 20, 20), key(50))
    assert {name: set(value.tolist()) for name, value in params.items()} == {
        "top": {5},
        "left": {0},
        "height": {10},
        "width": {20},
    }
    tall = Crop(scale=(1, 1), ratio=(0.5, 0.5)).sample((1, 20, 20), key(5))
    assert (tall["height"][0], tall["width"][0], tall["left"][0]) == (20, 10, 5)


def test_a_shape_no_image_has_still_gives_a_crop():
    x = images(16, 16)
    for ratio in ((100, 100), (0.001, 0.001)):
        view = Crop(scale=(0.5, 1), ratio=ratio)
        params = view.sample((3, 16, 16), key(len(x)))
        assert params["height"].min() >= 1
        assert params["width"].min() >= 1
        assert view.apply(x, params).isfinite().all()


def test_a_fitting_try_after_a_failed_one_is_taken():
    # Half of the tries are too wide; the fallback (full size) would have area 1.
    view = Crop(scale=(0.9, 0.9), ratio=(0.5, 2.0))
    params = view.sample((1, 100, 100), key(500))
    area = params["height"] * params["width"]
    assert (abs(area.double() / 10000 - 0.9) < 0.02).double().mean() > 0.5


def test_flip_mirrors_and_half_of_the_images():
    x = images(7, 10)
    view = Flip(p=0.5)
    params = view.sample((3, 7, 10), key(12))
    seen = view.apply(x, params)
    for i in range(12):
        assert torch.equal(seen[i], tv.hflip(x[i]) if params["flipped"][i] else x[i])
    assert torch.equal(view.apply(seen, params), x)  # its own inverse
    share = Flip(p=0.3).sample((3, 7, 10), key(10_000))["flipped"].double().mean()
    assert abs(share - 0.3) < 3 * math.sqrt(0.3 * 0.7 / 10_000)
    assert Flip(p=1).sample((3, 7, 10), key(100))["flipped"].all()


def test_vertical_flip_turns_half_of_the_images_upside_down():
    x = images(7, 10)
    view = VerticalFlip(p=0.5)
    params = view.sample((3, 7, 10), key(12))
    seen = view.apply(x, params)
    for i in range(12):
        assert torch.equal(seen[i], tv.vflip(x[i]) if params["flipped"][i] else x[i])
    share = VerticalFlip(p=0.3).sample((3, 7, 10), key(10_000))["flipped"].double().mean()
    assert abs(share - 0.3) < 3 * math.sqrt(0.3 * 0.7 / 10_000)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_rotate_is_torchvisions(height, width):
    x = images(height, width)
    view = Rotate(degrees=180)
    params = view.sample(tuple(x.shape[1:]), key(len(x)))
    seen = view.apply(x, params)
    for i in range(len(x)):
        angle = float(params["angle"][i])
        twin = tv.rotate(x[i], angle, InterpolationMode.BILINEAR)
        assert torch.allclose(seen[i], twin, atol=1e-5)


def test_rotate_turns_counter_clockwise_by_up_to_its_degrees():
    x = images(15, 15)
    quarter = {"angle": torch.full((len(x),), 90.0)}
    assert torch.allclose(Rotate().apply(x, quarter), x.rot90(1, (-2, -1)), atol=1e-5)
    angle = Rotate(degrees=30).sample((3, 8, 8), key(5000))["angle"].double()
    assert angle.abs().max() <= 30
    assert abs(angle.mean()) < 3 * 30 / math.sqrt(3 * 5000)
    assert abs(angle.std() - 30 / math.sqrt(3)) < 0.5


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("share", [0.2, 1.0])
def test_translate_is_a_roll_that_repeats_the_edge(height, width, share):
    x = images(height, width)
    view = Translate(share=share)
    params = view.sample(tuple(x.shape[1:]), key(len(x)))
    seen = view.apply(x, params)
    assert params["down"].abs().max() <= round(share * height)
    assert params["right"].abs().max() <= round(share * width)
    for i in range(len(x)):
        down, right = int(params["down"][i]), int(params["right"][i])
        twin = x[i].roll((down, right), dims=(-2, -1))
        if down > 0:
            twin[:, :down] = x[i].roll(right, -1)[:, :1]
        elif down < 0:
            twin[:, down:] = x[i].roll(right, -1)[:, -1:]
        first = twin[:, :, right : right + 1] if right < width else None
        if right > 0:
            edge = first if first is not None else _edge(x[i], down)[:, :, :1]
            twin[:, :, :right] = edge
        elif right < 0:
            edge = (
                twin[:, :, right - 1 : right] if -right < width else _edge(x[i], down)[:, :, -1:]
            )
            twin[:, :, right:] = edge
        assert torch.equal(seen[i], twin)


def _edge(image, down):
    """Rows moved, edge repeated."""
    place = (torch.arange(image.shape[1]) - down).clamp(0, image.shape[1] - 1)
    return image[:, place]


def test_translate_moves_down_and_right():
    x = torch.zeros(1, 1, 5, 5)
    x[0, 0, 1, 1] = 1
    seen = Translate().apply(x, {"down": torch.tensor([2]), "right": torch.tensor([1])})
    assert seen[0, 0, 3, 2] == 1
    assert seen.sum() == 1
