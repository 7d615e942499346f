"""Views of images of several sizes: whole images are seen, and draws are those of one size."""

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.views import MultiCrop, compiled, parse_view

SIZES = ((96, 80), (60, 100), (200, 64), (96, 80))
SPECS = (
    "crop()|flip()|jitter()|grey()|blur()",
    "crop(size=20, interpolation='bicubic')|flip()",
    "patches(size=16, distance=32)",
    "lab()|crop(size=24)",
    "jitter()|patches(size=16, distance=20)|grey()",
    "crop(size=24) // crop(size=24)|grey()",
)


def photos(sizes=SIZES, channels=3):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (channels, *size), dtype=np.uint8) for size in sizes]


def natural(images, sides="24x32"):
    return load([image.transpose(1, 2, 0) for image in images], size=f"{sides},natural")


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("kernels", ["1", "0"])
def test_images_of_one_size_give_the_views_of_that_size_to_the_last_bit(
    spec, kernels, monkeypatch
):
    monkeypatch.setenv("GOODVIEWS_COMPILED", kernels)
    images = photos([(96, 80)] * 5)
    index, pair = torch.arange(5), parse_view(spec.replace("crop()", "crop(size=24)"))
    whole = torch.from_numpy(np.stack(images))
    draw = {"seed": 3, "samples": index, "epoch": 2}
    mixed = parse_view(spec)(natural(images, "24").for_views(index), **draw)
    for made, wanted in zip(mixed, pair(whole, **draw), strict=True):
        torch.testing.assert_close(made, wanted, rtol=0, atol=0)


@pytest.mark.parametrize("spec", SPECS)
def test_an_image_has_the_same_view_alone_and_among_images_of_other_sizes(spec):
    images, pair = natural(photos()), parse_view(spec)
    index = torch.tensor([2, 0, 3, 1])
    both = pair(images.for_views(index), seed=1, samples=index, epoch=4)
    for place, row in enumerate(index.tolist()):
        alone = images.for_views(index[place : place + 1])
        one = pair(alone, seed=1, samples=torch.tensor([row]), epoch=4)
        for many, single in zip(both, one, strict=True):
            torch.testing.assert_close(many[place], single[0], rtol=0, atol=1e-6)


def test_the_kernel_and_the_torch_path_make_the_same_views_of_several_sizes(monkeypatch):
    images, index = natural(photos()), torch.arange(4)
    made = {}
    for kernels in ("1", "0"):
        monkeypatch.setenv("GOODVIEWS_COMPILED", kernels)
        pair = parse_view("crop()|flip()|jitter()")
        made[kernels] = pair(images.for_views(index), seed=0, samples=index, epoch=0)
    assert made["1"][0].shape == (4, 3, 24, 32)
    for quick, slow in zip(made["1"], made["0"], strict=True):
        torch.testing.assert_close(quick, slow, rtol=0, atol=1e-5)


def test_patches_are_cut_from_the_image_where_the_draw_says():
    images, index, pair = photos(), torch.arange(4), parse_view("patches(size=16, distance=32)")
    batch = natural(images).for_views(index)
    key = pair.key(0, batch, 0, index, 0)
    params = pair.first.draw(batch, key)
    first, second = pair(batch, seed=0, samples=index, epoch=0)
    for b, image in enumerate(images):
        top, left = (int(params[f"0.patch.{name}"][b]) for name in ("top", "left"))
        for view, by in ((first, 0), (second, 32)):
            cut = image[:, top + by : top + by + 16, left + by : left + by + 16]
            np.testing.assert_array_equal((view[b] * 255).round().numpy(), cut)


def test_views_that_keep_the_size_are_made_of_the_fitted_images():
    images, index, pair = natural(photos()), torch.arange(4), parse_view("flip(p=1)")
    v1, _ = pair(images.for_views(index), seed=0, samples=index, epoch=0)
    torch.testing.assert_close(v1, images.batch(index).flip(-1), rtol=0, atol=1e-6)


def test_images_of_more_than_eight_bits_are_scaled_as_the_fitted_ones():
    values = [image.astype(np.uint16) * 100 for image in photos(channels=1)]
    images, index = natural(values), torch.arange(4)
    batch = images.for_views(index)
    low, high = images.scale
    wanted = [(one.reshape(-1) - low) / (high - low) for one in values]
    assert batch.values.dtype == np.float32
    np.testing.assert_allclose(batch.values, np.concatenate(wanted), rtol=0, atol=1e-6)
    spec = parse_view("crop(scale=(0.9, 1), ratio=None)")
    v1, _ = spec(batch, seed=0, samples=index, epoch=0)
    assert abs(float(v1.mean() - images.batch(index).mean())) < 0.02


def test_several_crops_are_made_of_images_of_several_sizes():
    index = torch.arange(4)
    crops = MultiCrop("crop(size=24)", "crop(scale=(0.05, 0.14), size=12)", (2, 3))
    views = crops(natural(photos()).for_views(index), seed=0, samples=index, epoch=0)
    assert [view.shape[-1] for view in views] == [24, 24, 12, 12, 12]


def test_clipped_values_are_counted_over_all_images():
    images, index, pair = natural(photos()), torch.arange(4), parse_view("brightness(2)|crop()")
    batch = images.for_views(index)
    params = pair.first.draw(batch, pair.key(0, batch, 0, index, 0))
    alone = []
    for row in range(4):
        one = images.for_views(index[row : row + 1])
        key = pair.key(0, one, 0, index[row : row + 1], 0)
        alone.append(pair.first.clipped(one, pair.first.draw(one, key)))
    assert pair.first.clipped(batch, params) == pytest.approx(np.mean(alone))
    assert np.mean(alone) > 0.1


def test_a_crop_of_two_sides_has_them():
    spec = parse_view("crop(size=(16, 40))")
    v1, _ = spec(torch.rand(2, 3, 30, 30), seed=0, samples=torch.arange(2), epoch=0)
    assert v1.shape == (2, 3, 16, 40)
    assert repr(spec) == "crop(size=(16, 40))"
    with pytest.raises(InputError, match=r"height and width, such as size=\(32, 128\)"):
        parse_view("crop(size=(16, 40, 3))")


def test_the_test_of_kernels_has_kernels():
    assert compiled.available()


def test_patches_need_room_in_the_smallest_image_only():
    images = natural(photos(), "24")
    shape = (3, 24, 24)
    assert images.least_shape == (3, 60, 64)
    parse_view("patches(size=20, distance=40)").check(shape, images.least_shape)
    with pytest.raises(InputError, match="needs images of at least 61 x 61 pixels, but got 60"):
        parse_view("patches(size=20, distance=41)").check(shape, images.least_shape)
    with pytest.raises(InputError, match="but got 24 x 24"):  # made of the fitted images
        parse_view("grid(patch=32, overlap=0)").check(shape, images.least_shape)
    parse_view("crop()|grid(patch=24, overlap=0)").check(shape, images.least_shape)
