"""Views of files are the views of their decoded images; reduced ones differ by little."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import ImageFile
from goodviews.views import parse_view, views_of_files

CROP = "crop(scale=(0.08, 1), size={size})|flip()|jitter(1.0)|grey()"


def stored(image, kind="JPEG", **how):
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, **how)
    return file.getvalue()


def scene(high, wide, seed):
    """Edges at all angles, gradients and a little noise."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:high, :wide] / max(high, wide)
    image = np.zeros((high, wide, 3))
    for _ in range(12):
        a, b, c = generator.normal(size=3)
        image += generator.normal(size=3) * 60 * np.tanh(40 * (a * x + b * y + c / 3))[..., None]
    image += generator.normal(size=image.shape) * 3 + 127
    return np.clip(image, 0, 255).astype(np.uint8)


def whole(pair, files, **key):
    """Views of each file, decoded in full."""
    made = []
    for b, file in enumerate(files):
        image = torch.from_numpy(file.read().pixels.copy()).permute(2, 0, 1)[None]
        made.append(pair(image, samples=key["samples"][b : b + 1], seed=key["seed"], epoch=1))
    return [torch.cat(views) for views in zip(*made, strict=True)]


def both(spec, files, seed=0):
    pair, samples = parse_view(spec), torch.arange(7, 7 + len(files))
    return (
        views_of_files(pair, files, seed=seed, samples=samples, epoch=1),
        whole(pair, files, seed=seed, samples=samples),
    )


def levels(found, expected):
    """Mean and 99th percentile of the differences, in levels of 255."""
    error = torch.cat([(a - b).abs().flatten() for a, b in zip(found, expected, strict=True)])
    error = (error * 255).sort().values
    return float(error.mean()), float(error[int(0.99 * len(error))])


SMALL = [stored(scene(40 + 7 * k, 61 - 3 * k, k), "PNG") for k in range(4)] + [
    stored(scene(50, 37, 9), quality=95)
]
SPECS = [
    CROP.format(size=32),
    CROP.format(size=32) + "|blur(p=0.5)",
    "crop(size=24, interpolation='bicubic')|rotate(20)|noise(std=0.1)",
    "crop(size=16) // crop(size=24)|grey()",
    "crop(size=33)",
]


@pytest.mark.parametrize("compiled", ["1", "0"])
@pytest.mark.parametrize("spec", SPECS)
def test_files_that_are_not_reduced_give_the_same_views(spec, compiled, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_COMPILED", compiled)
    files = [ImageFile(data) for data in SMALL]
    found, expected = both(spec, files)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("spec", ["flip()|grey()", "crop()|flip()", "patches(size=8, distance=4)"])
def test_other_specs_need_files_of_one_size(spec):
    files = [ImageFile(stored(scene(30, 40, k))) for k in range(3)]
    found, expected = both(spec, files)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_and_batches_change_nothing(threads):
    before = torch.get_num_threads()
    files = [ImageFile(data) for data in SMALL * 3]
    pair, samples = parse_view(CROP.format(size=64)), torch.arange(15)
    one = views_of_files(pair, files, seed=1, samples=samples, epoch=0)
    try:
        torch.set_num_threads(threads)
        for rows in (slice(0, 15), slice(4, 11)):
            part = views_of_files(pair, files[rows], seed=1, samples=samples[rows], epoch=0)
            assert all(torch.equal(a[rows], b) for a, b in zip(one, part, strict=True))
    finally:
        torch.set_num_threads(before)


class Watched(ImageFile):
    """Remembers how it was read."""

    def read(self, factor=1, into=None):
        self.asked = factor
        return super().read(factor, into)


@pytest.mark.parametrize("size", [16, 32, 96])
@pytest.mark.parametrize("turn", [1, 3, 6, 7])
def test_reduced_files_give_nearly_the_same_views(size, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    files = [
        Watched(stored(scene(301 + 3 * k, 407 - 5 * k, k), quality=92, exif=exif))
        for k in range(6)
    ]
    found, expected = both(CROP.format(size=size), files)
    pair = parse_view(CROP.format(size=size))
    for b, file in enumerate(files):
        file.read()
        sides = []
        for which, chain in enumerate((pair.first, pair.second)):
            place = torch.tensor([7 + b])
            key = pair.key(which, place, 0, place, 1)
            drawn = chain.sample(file.shape, key)
            sides += [int(drawn["0.crop.height"]), int(drawn["0.crop.width"])]
        views_of_files(pair, [file], seed=0, samples=torch.tensor([7 + b]), epoch=1)
        assert file.asked == max(f for f in (1, 2, 4, 8) if min(sides) / f >= 1.5 * size or f == 1)
    mean, high = levels(found, expected)
    assert mean <= 2
    assert high <= 8


def test_photographs_are_near():
    root = os.environ.get("GOODVIEWS_DATA")
    folder = Path(root or "none") / "imagenet_sample"
    if not folder.is_dir():
        pytest.skip("no imagenet_sample in GOODVIEWS_DATA")
    files = [Watched(path) for path in sorted(folder.glob("*.JPEG"))[:24]]
    for spec in ("crop(scale=(0.08, 1), size=32)|flip()", "crop(scale=(0.2, 1), size=96)|flip()"):
        found, expected = both(spec, files)
        mean, high = levels(found, expected)
        assert 0 < mean <= 2
        assert high <= 8


def test_errors_say_what_to_type():
    pair = parse_view("flip()")
    files = [ImageFile(data) for data in SMALL]
    numbers = torch.arange(5)
    with pytest.raises(InputError, match=r"give its crop a size, such as crop\(size=224\)"):
        views_of_files(pair, files, seed=0, samples=numbers, epoch=0)
    with pytest.raises(InputError, match="5 files and 3 numbers"):
        views_of_files(pair, files, seed=0, samples=numbers[:3], epoch=0)
    with pytest.raises(InputError, match="at least one file"):
        views_of_files(pair, [], seed=0, samples=numbers[:0], epoch=0)
    files[2] = ImageFile(SMALL[2], channels=1)
    with pytest.raises(InputError, match="give channels=3 to each ImageFile"):
        views_of_files(parse_view("crop(size=8)"), files, seed=0, samples=numbers, epoch=0)
