"""Laws that every world of factors keeps: replay, faithfulness, uniform independent factors."""

import math

import pytest
import torch

from goodviews.core.errors import InputError, ShapeError
from goodviews.information import mutual_information_from_counts
from goodviews.worlds.shapes import FORMS, Shapes
from goodviews.worlds.vectors import Vectors

SMALL = Vectors((("task", 3), ("background", 5), ("n", 2)), width=4, noise=0.24)
WORLDS = [Shapes(side=16), Shapes(side=33), SMALL, Vectors(), Vectors(noise=0)]


@pytest.mark.parametrize("world", WORLDS, ids=repr)
def test_a_sample_is_the_same_in_any_batch(world, device):
    samples = torch.arange(40, device=device)
    images, values = world.sample(samples, seed=5)
    order = torch.tensor([33, 0, 7], device=device)
    some, few = world.sample(order, seed=5)
    assert torch.equal(few, values[order])
    assert torch.equal(some, images[order])
    assert images.dtype == torch.float32
    assert tuple(images.shape[1:]) == world.shape
    assert 0 <= images.min() < images.max() <= 1
    assert not torch.equal(world.sample(samples, seed=6)[1], values)
    assert not torch.equal(world.draw(samples, seed=5, view=1), values)


@pytest.mark.parametrize("world", [Shapes(side=16), SMALL], ids=repr)
def test_factors_are_uniform_and_independent(world):
    count = 20_000
    values = world.draw(torch.arange(count), seed=1)
    sizes = list(world.factors.values())
    for column, size in enumerate(sizes):
        seen = torch.bincount(values[:, column], minlength=size).double()
        chi = ((seen - count / size) ** 2 / (count / size)).sum()
        assert chi < size - 1 + 5 * math.sqrt(2 * (size - 1))
    for a in range(len(sizes)):
        for b in range(a):
            table = torch.zeros(sizes[a], sizes[b])
            table.index_put_((values[:, a], values[:, b]), torch.ones(count), accumulate=True)
            # 2 N I follows a chi-square with (a - 1)(b - 1) degrees of freedom.
            nats = mutual_information_from_counts(table, correct=False).nats
            dof = (sizes[a] - 1) * (sizes[b] - 1)
            assert 2 * count * nats < dof + 5 * math.sqrt(2 * dof)


@pytest.mark.parametrize("side", [16, 32])
def test_every_combination_of_shape_factors_is_another_image(side):
    world = Shapes(side=side)
    every = world.every()
    assert len(every) == round(math.exp(world.entropy(world.factors))) == 7776
    parts = [world.render(some, world.flaw(some[:, 0], seed=0)) for some in every.split(1000)]
    pixels = (torch.cat(parts) * 255).round().to(torch.uint8).flatten(1)
    # Distinct even in 255 steps, so each image tells all its factors.
    assert len({row.tobytes() for row in pixels.numpy()}) == len(every)


@pytest.mark.parametrize("world", [SMALL, Vectors(), Vectors(noise=0)], ids=repr)
def test_vectors_tell_their_factors_whatever_the_noise(world):
    for images, values in (world.sample(torch.arange(3000), seed=s) for s in range(3)):
        assert torch.equal(world.decode(images), values)
        # In 255 steps as well, as a set of images keeps them.
        assert torch.equal(world.decode((images * 255).round() / 255), values)


def test_a_factor_of_a_vector_moves_its_own_coordinates_alone():
    world = Vectors(noise=0)
    values = torch.zeros(1, 6, dtype=torch.int64)
    other = values.clone()
    other[0, 1] = 3
    key = world.flaw(torch.tensor([0]), seed=0)
    moved = (world.render(values, key) != world.render(other, key)).flatten().nonzero().flatten()
    assert set(moved.tolist()) <= set(world.channels("background"))
    assert len(moved)


@pytest.mark.parametrize("form", range(len(FORMS)))
def test_a_shape_covers_as_many_pixels_at_any_side(form):
    values = torch.tensor([[form, 0, 0, 4, 0, 0]])

    def covered(side):
        world = Shapes(side=side)
        image = world.render(values, world.flaw(values[:, 0], seed=0))[0, 0]
        back, front = image.min(), image.max()
        return float(((image - back) / (front - back)).mean())

    # Anti-aliased: the area is right to a few percent where a pixel is a tenth of the shape.
    assert covered(20) == pytest.approx(covered(200), rel=0.06)


def test_what_is_no_factor_is_refused():
    world = SMALL
    with pytest.raises(InputError, match="Did you mean 'task'"):
        world.entropy(["tusk"])
    key = world.flaw(torch.arange(1), seed=0)
    with pytest.raises(ShapeError, match="one column each"):
        world.render(torch.zeros(1, 2, dtype=torch.int64), key)
    with pytest.raises(InputError, match="background outside 0 to 4"):
        world.render(torch.tensor([[0, 5, 0]]), key)
    with pytest.raises(InputError, match="width=2"):
        Vectors((("task", 5),), width=2)
    with pytest.raises(InputError, match="function of the vector"):
        Vectors(noise=0.25)
    with pytest.raises(InputError, match="distinct factors"):
        Vectors((("a", 2), ("a", 2)))
    with pytest.raises(InputError, match="at least 16"):
        Shapes(side=8)
