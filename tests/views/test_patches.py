"""Patches lie where their parameters say, and where the paper wants them."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.views import parse_view


def places(count=6, height=40, width=48, channels=2):
    """Images whose values say where they are: row in channel 0, column in channel 1."""
    down = torch.arange(height).view(1, 1, -1, 1).expand(count, 1, height, width)
    along = torch.arange(width).view(1, 1, 1, -1).expand(count, 1, height, width)
    return torch.cat([down, along] * (channels // 2), dim=1).double() / 64


def both(spec, images, **other):
    samples = torch.arange(len(images))
    return parse_view(spec)(images, **{"seed": 0, "samples": samples, "epoch": 1} | other)


@pytest.mark.parametrize("distance", [0, 3, 20])
def test_the_second_patch_lies_the_distance_down_and_along(distance):
    first, second = both(f"patches(size=8, distance={distance})", places())
    assert torch.allclose(second - first, torch.full_like(first, distance / 64))
    assert torch.equal(first[:, 0, 0] * 64, (first[:, 0, :1, 0] * 64).expand(-1, 8))
    steps = (first[:, 1, 0, 1:] - first[:, 1, 0, :-1]) * 64
    assert torch.equal(steps, torch.ones_like(steps))


def test_corners_are_uniform_over_all_places_where_both_fit():
    images = places(4000, 12, 14)
    first, _ = both("patches(size=4, distance=6)", images)
    rows = (first[:, 0, 0, 0] * 64).round().long()
    cols = (first[:, 1, 0, 0] * 64).round().long()
    for found, count in ((rows, 3), (cols, 5)):
        seen = torch.bincount(found, minlength=count)
        assert len(seen) == count
        share = 1 / count
        assert (seen - 4000 * share).abs().max() < 4.5 * (4000 * share * (1 - share)) ** 0.5


def test_what_follows_is_drawn_for_each_patch_and_one_encoder_serves_both():
    pair = parse_view("patches(size=8, distance=0)|flip()")
    assert pair.alike
    first, second = both("patches(size=8, distance=0)|flip()", places(200))
    same = (first == second).flatten(1).all(dim=1).double().mean()
    assert abs(float(same) - 0.5) < 4 * (0.25 / 200) ** 0.5
    assert torch.equal(pair.plain(1, places()), places())


def test_the_grid_of_the_paper_is_seven_by_seven():
    chain = parse_view("grid()").first
    assert chain.out_shape((3, 256, 256)) == (49, 3, 64, 64)
    images = places(2, 20, 26)
    made = parse_view("grid(patch=8, overlap=4)").first.apply(images, {})
    assert made.shape == (2, 20, 2, 8, 8)
    for place in range(20):
        row, col = divmod(place, 5)
        assert torch.equal(
            made[:, place], images[:, :, 4 * row : 4 * row + 8, 4 * col : 4 * col + 8]
        )


def test_every_cell_of_a_jigsaw_gives_one_square_from_within_it():
    images = places(300, 30, 30)
    made, _ = both("jigsaw(grid=3, cell=10, crop=7)", images)
    assert made.shape == (300, 9, 2, 7, 7)
    corner = (made[:, :, :, 0, 0] * 64).round().long()
    offsets = corner - 10 * torch.tensor([divmod(place, 3) for place in range(9)])
    assert set(offsets.flatten().tolist()) == {0, 1, 2, 3}
    ends = (made[:, :, :, -1, -1] * 64).round().long()
    assert torch.equal(ends - corner, torch.full_like(ends, 6))


@pytest.mark.parametrize("spec", ["patches(size=8, distance=6)", "crop(size=30)|jigsaw(3, 10, 8)"])
def test_draws_are_those_of_the_sample_whatever_the_batch(spec):
    pair, images = parse_view(spec), torch.rand(6, 3, 30, 30)
    some = torch.tensor([5, 2])
    whole = pair(images, seed=0, samples=torch.arange(6), epoch=2)
    for which in (0, 1):
        alone = pair.view(which, images[some], seed=0, samples=some, epoch=2)
        assert torch.allclose(alone, whole[which][some], atol=1e-6)


@pytest.mark.parametrize(
    "spec", ["patches(size=8, distance=6)", "jigsaw(3, 10, 8)", "grid(10, 5)"]
)
def test_one_graph_cuts_the_same_patches(spec):
    torch._dynamo.reset()
    pair, images = parse_view(spec), torch.rand(4, 3, 30, 30)
    key = pair.key(1, images, 0, torch.arange(4), 0)
    params = pair.second.sample((3, 30, 30), key)
    compiled = torch.compile(pair.second.apply, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(images, params), pair.second.apply(images, params))


@pytest.mark.parametrize(
    ("spec", "shape", "words"),
    [
        ("patches(size=64, distance=48)", (3, 96, 96), ["112 x 112", "96 x 96", "lower"]),
        ("jigsaw()", (3, 96, 96), ["192 x 192", "crop(scale=(0.6, 1), size=255)"]),
        ("grid()", (3, 32, 96), ["64 x 64", "write grid(patch=16, overlap=8)"]),
        ("split(5)", (3, 32, 32), ["In split(5): channels(keep=':5') selects"]),
        ("jigsaw(3, 10, 8)|flip()", (3, 30, 30), ["flip()", "before jigsaw"]),
        ("grid(8, 4)|crop()", (3, 30, 30), ["crop()", "stacks"]),
    ],
)
def test_images_that_do_not_fit_are_refused_with_what_would(spec, shape, words):
    with pytest.raises(InputError) as error:
        parse_view(spec).check(shape)
    assert all(word in str(error.value) for word in words)


@pytest.mark.parametrize(
    "spec",
    [
        "patches(0)",
        "patches(8, -1)",
        "patches(8.5)",
        "grid(8, 8)",
        "jigsaw(cell=85, crop=99)",
        "jigsaw(0)",
    ],
)
def test_impossible_patches_are_refused(spec):
    with pytest.raises(InputError, match=r"\.$"):
        parse_view(spec)
