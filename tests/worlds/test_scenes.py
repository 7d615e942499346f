"""Drawn scenes: areas and boxes by closed forms, nearer objects hide others, files read back."""

import math

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import read_scenes
from goodviews.data.targets.drawn import write_drawn_scenes
from goodviews.worlds.scenes import BEHIND, ShapeScenes
from goodviews.worlds.shapes import FORMS

AREAS = {
    "disc": math.pi * 0.9**2,
    "square": 1.6**2,
    "cross": 2 * 2 * 0.6 - 0.6**2,
    # between the height y = .8 and the tip, where 2 |x| = y + .95
    "triangle": (0.8 + 0.95) ** 2 / 2,
}
HALF = {"disc": 0.9, "square": 0.8, "cross": 1.0, "triangle": (0.8 + 0.95) / 2}
"""Half the width of each form, in radii."""


def test_masks_have_the_area_and_boxes_the_width_of_the_form():
    world = ShapeScenes(side=256, objects=1)
    found = world.sample(torch.arange(60), seed=3)
    names = list(FORMS)
    whole = 0
    for k in range(60):
        name, radius = names[int(found.forms[k, 0])], float(found.radii[k, 0])
        centre = found.centres[k, 0]
        if ((centre < radius) | (centre > 256 - radius)).any():
            continue
        whole += 1
        area = AREAS[name] * radius**2
        assert found.masks[k, 0].sum() == pytest.approx(area, abs=2.5 * radius)
        left, _, right, _ = found.boxes[k, 0].tolist()
        assert left == pytest.approx(float(centre[0]) - HALF[name] * radius, abs=1.5)
        assert right == pytest.approx(float(centre[0]) + HALF[name] * radius, abs=1.5)
    assert whole > 10


def test_depth_is_in_inverse_proportion_to_the_radius_and_nearer_objects_hide_others():
    world = ShapeScenes(side=48, objects=3)
    found = world.sample(torch.arange(40), seed=0)
    assert torch.allclose(found.radii * found.distances, torch.tensor(0.28 * 48))
    assert (found.distances.diff(dim=1) >= 0).all()
    assert found.masks.sum(dim=1).max() == 1  # a pixel shows one object
    empty = ~found.masks.any(dim=1)
    assert (found.depth[empty] == BEHIND).all()
    assert (found.classes[empty] == 0).all()
    for k in range(3):
        own = found.masks[:, k]
        assert torch.equal(
            found.depth[own], found.distances[:, k, None, None].expand(-1, 48, 48)[own]
        )
        assert torch.equal(
            found.classes[own], (found.forms[:, k] + 1)[:, None, None].expand(-1, 48, 48)[own]
        )
    # in front of the first object there is none, so that its mask is that of it alone
    radius, centre = found.radii[:, 0], found.centres[:, 0]
    grid = torch.arange(48) + 0.5
    discs = found.forms[:, 0] == 0
    away = torch.hypot(
        grid[None, None, :] - centre[:, 0, None, None],
        grid[None, :, None] - centre[:, 1, None, None],
    )
    assert torch.equal((away / radius[:, None, None] <= 0.9)[discs], found.masks[:, 0][discs])


def test_pixels_well_inside_an_object_have_its_colour():
    found = ShapeScenes(side=64, objects=2).sample(torch.arange(30), seed=1)
    shown = found.images.permute(0, 2, 3, 1)[found.masks[:, 0]]
    assert shown.std(dim=0).min() > 0.1  # different colours over scenes
    first = found.images[0].permute(1, 2, 0)[found.masks[0, 0]]
    assert first.median(dim=0).values.sub(first.mean(dim=0)).abs().max() < 0.1


@pytest.mark.parametrize("target", ["pixels", "depth", "masks", "boxes"])
def test_folders_give_back_what_was_drawn(target, tmp_path):
    if target == "masks":
        pytest.importorskip("pycocotools")
    write_drawn_scenes(tmp_path, train=3, test=2, side=32, objects=3, seed=5)
    truth = ShapeScenes(side=32, objects=3).sample(torch.arange(5), seed=5)
    scenes = read_scenes(tmp_path, target=target)
    assert sorted(scenes.parts) == ["test"] * 2 + ["train"] * 3
    for place, file in enumerate(scenes.images):
        number = int(file.stem)
        image = truth.images[number].mul(255).round().to(torch.uint8).numpy()
        assert np.array_equal(scenes.scene(place)[0], image)
        if target == "pixels":
            assert np.array_equal(scenes.pixels(place), truth.classes[number])
        elif target == "depth":
            depth = truth.depth[number].numpy()
            assert np.allclose(scenes.pixels(place) / 1000, depth, atol=6e-4)
        else:
            seen = truth.masks[number].flatten(1).any(dim=1)
            found = scenes.objects(place)
            assert np.allclose(found.boxes, truth.boxes[number][seen])
            assert found.classes.tolist() == truth.forms[number][seen].tolist()
            if target == "masks":
                assert np.array_equal(found.masks, truth.masks[number][seen])


def test_a_side_below_16_is_refused():
    with pytest.raises(InputError, match="side must be from 16"):
        ShapeScenes(side=8)
