"""Operations that fit the images, and the views composed of them."""

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.jobs.study.screening.design import foldover
from goodviews.jobs.study.screening.kinds import KINDS, find_kind
from goodviews.jobs.study.screening.operations import compose, operations
from goodviews.views import parse_view


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("channels", "side"), [(1, 8), (1, 32), (2, 16), (3, 32), (13, 24)])
def test_every_composition_of_a_design_fits_the_images(kind, channels, side):
    found = operations(kind, channels, side)
    specs = {compose(found, row > 0) for row in foldover(len(found))}
    assert len(specs) == len(foldover(len(found)))
    for spec in specs:
        parse_view(spec).check((channels, side, side))


def test_compositions_of_all_operations_run():
    for kind, channels in (("natural", 3), ("topdown", 1), ("symbols", 1), ("general", 4)):
        found = operations(kind, channels, 20)
        pair = parse_view(compose(found, [True] * len(found)))
        x = torch.rand(4, channels, 20, 20)
        v1, v2 = pair(x, seed=0, samples=torch.arange(4), epoch=0)
        assert v1.shape == v2.shape == x.shape
        assert not torch.equal(v1, v2)


def test_symbols_are_not_flipped_and_only_views_from_above_turn_around():
    texts = {kind: " ".join(one.spec for one in operations(kind, 3, 32)) for kind in KINDS}
    assert "flip" not in texts["symbols"]
    assert "rotate(180)" in texts["topdown"]
    assert "vflip" in texts["topdown"]
    assert "180" not in texts["natural"] + texts["general"]


def test_grey_images_have_no_operation_of_colour():
    names = {one.name for one in operations("general", 1, 32)}
    assert not names & {"hue and saturation", "grey"}
    assert "brightness and contrast" in names


def _images(make):
    rng = np.random.default_rng(0)
    return load(np.stack([make(rng) for _ in range(300)]).astype(np.float32))


def _letter(rng):
    image = np.zeros((16, 16))
    image[3:13, 6] = image[3, 6:12] = rng.uniform(0.5, 1)
    return image


def _sky(rng):
    grey = np.linspace(1, 0, 16)[:, None] + rng.normal(0, 0.1, (16, 16))
    return np.clip(np.stack([grey, grey, grey * 0.5], axis=-1), 0, 1)


def _cells(rng):
    image = np.zeros((16, 16))
    top, left = rng.integers(0, 12, 2)
    image[top : top + 4, left : left + 4] = 1
    return image


@pytest.mark.parametrize(
    ("make", "kind"), [(_letter, "symbols"), (_sky, "natural"), (_cells, "topdown")]
)
def test_the_kind_is_found_from_direction_and_ground(make, kind):
    assert find_kind(_images(make)).name == kind


def test_a_direction_is_not_denied_on_few_images():
    few = load(np.random.default_rng(0).random((70, 12, 12)))
    assert find_kind(few).name != "topdown"


def test_a_kind_that_is_given_counts_and_a_wrong_one_is_refused():
    images = load(np.random.default_rng(0).random((70, 12, 12)))
    assert find_kind(images, "natural").why == "as --kind says"
    with pytest.raises(InputError, match="natural, topdown, symbols, general, but got 'cats'"):
        find_kind(images, "cats")
