"""Rotations, shears and affine moves equal torchvision's float functions."""

import math

import pytest
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as tv
from torchvision.transforms import InterpolationMode

from goodviews.core.rng import Key
from goodviews.views.affine import Affine, Rotate, Shear
from goodviews.views.warp import affine_matrix, warp

SIZES = [(17, 23), (8, 8), (31, 9)]
BILINEAR = InterpolationMode.BILINEAR


def images(height, width, *, count=10, dtype=torch.float64, channels=3):
    generator = torch.Generator().manual_seed(height * 100 + width)
    return torch.rand(count, channels, height, width, generator=generator, dtype=dtype)


def key(count, seed=0):
    return Key.of(seed=seed, samples=torch.arange(count))


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize(("channels", "dtype"), [(1, torch.float64), (13, torch.float32)])
def test_affine_is_torchvisions(height, width, channels, dtype):
    x = images(height, width, channels=channels, dtype=dtype)
    view = Affine(degrees=180, translate=0.4, scale=(0.5, 2), shear=40)
    params = view.sample(tuple(x.shape[1:]), key(len(x)))
    seen = view.apply(x, params)
    for i in range(len(x)):
        angle, a, b, scale, right, down = (
            float(params[name][i]) for name in ("angle", "x", "y", "scale", "right", "down")
        )
        # Theirs turns clockwise.
        twin = tv.affine(x[i], -angle, [right, down], scale, [a, b], BILINEAR)
        assert torch.allclose(seen[i], twin, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_shear_is_torchvisions_and_leans_by_its_degrees(height, width):
    x = images(height, width)
    view = Shear(degrees=30)
    params = view.sample(tuple(x.shape[1:]), key(len(x)))
    assert max(params["x"].abs().max(), params["y"].abs().max()) <= 30
    seen = view.apply(x, params)
    for i in range(len(x)):
        angles = [float(params["x"][i]), float(params["y"][i])]
        twin = tv.affine(x[i], 0, [0, 0], 1, angles, BILINEAR)
        assert torch.allclose(seen[i], twin, atol=1e-5)
    # 45 degrees move each row by its distance from the centre: things below go left.
    line = torch.zeros(1, 1, 9, 9)
    line[..., 4] = 1
    leant = view.apply(line, {"x": torch.tensor([45.0]), "y": torch.zeros(1)})
    assert torch.allclose(leant[0, 0], torch.eye(9).flip(1), atol=1e-5)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_rotate_is_torchvisions_in_both_precisions(height, width):
    for dtype in (torch.float32, torch.float64):
        x = images(height, width, dtype=dtype)
        params = Rotate(degrees=180).sample(tuple(x.shape[1:]), key(len(x)))
        seen = Rotate().apply(x, params)
        for i in range(len(x)):
            twin = tv.rotate(x[i], float(params["angle"][i]), BILINEAR)
            assert torch.allclose(seen[i], twin, atol=1e-5)


def test_affine_draws_fill_their_ranges():
    view = Affine(degrees=20, translate=0.2, scale=(0.5, 1.5), shear=5)
    params = view.sample((1, 10, 40), key(5000))
    reach = {"angle": 20, "x": 5, "y": 5, "scale": 0.5, "right": 8, "down": 2}
    for name, far in reach.items():
        values = params[name].double() - (1 if name == "scale" else 0)
        assert values.abs().max() <= far + 1e-6
        assert abs(values.mean()) < 4 * far / math.sqrt(3 * 5000)
        assert abs(values.std() / (far / math.sqrt(3)) - 1) < 0.05
    table = torch.corrcoef(torch.stack([params[name].double() for name in reach]))
    assert (table - torch.eye(6)).abs().max() < 5 / math.sqrt(5000)


def test_a_still_matrix_gives_the_image_back_exactly():
    x = images(17, 23)
    still = affine_matrix(torch.zeros(len(x), dtype=x.dtype))
    assert torch.equal(warp(x, still), x)
    assert torch.equal(warp(x, still, bicubic=torch.ones(len(x), dtype=torch.bool)), x)


def test_a_turn_back_undoes_a_turn_inside_the_circle():
    ramp = torch.linspace(0, 1, 41, dtype=torch.float64)
    x = (0.5 * ramp[:, None] + 0.5 * ramp[None, :] ** 2)[None, None]
    there = Rotate().apply(x, {"angle": torch.tensor([25.0])})
    back = Rotate().apply(there, {"angle": torch.tensor([-25.0])})
    assert (back - x)[..., 12:-12, 12:-12].abs().max() < 2e-3  # curvature lost by two bilinears


def test_the_plane_outside_has_the_fill_colour_and_the_edge_is_a_clean_mix():
    x = images(15, 21)
    matrix = affine_matrix(torch.linspace(-1, 1, len(x)).double())
    colour = torch.tensor([0.2, 0.9, 0.4], dtype=torch.float64)
    seen = warp(x, matrix, fill=colour)
    inside = warp(torch.ones_like(x), matrix)  # how much of each pixel the image covers
    assert torch.allclose(seen, warp(x, matrix) + (1 - inside) * colour[:, None, None], atol=1e-9)
    # An image of that colour on a plane of that colour cannot be seen.
    flat = colour[:, None, None].expand_as(x)
    assert torch.allclose(warp(flat.contiguous(), matrix, fill=colour), flat, atol=1e-9)


def cubic(distance, a=-0.75):
    """Keys' kernel."""
    t = abs(distance)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


def test_bicubic_is_the_sixteen_pixel_sum_written_out():
    x = images(7, 6, count=3, channels=2)
    angle = torch.tensor([0.3, -0.7, 0.1]).double()
    shear = torch.tensor([0.0, 0.2, -0.3]).double()
    matrix = affine_matrix(angle, shear_x=shear, right=3 * shear)
    seen = warp(x, matrix, bicubic=torch.tensor([True, True, False]))
    padded = F.pad(x, (6, 6, 6, 6))
    for i in range(2):
        for row in range(7):
            for col in range(6):
                place = torch.tensor([col - 2.5, row - 3.0, 1.0]).double()
                u, v = (matrix[i] @ place + torch.tensor([2.5, 3.0])).tolist()
                left, top = math.floor(u), math.floor(v)
                total = torch.zeros(2, dtype=torch.float64)
                for dy in range(-1, 3):
                    for dx in range(-1, 3):
                        weight = cubic(u - left - dx) * cubic(v - top - dy)
                        if -6 <= top + dy < 13 and -6 <= left + dx < 12:
                            total += weight * padded[i, :, top + dy + 6, left + dx + 6]
                assert torch.allclose(seen[i, :, row, col], total, atol=1e-9)
    assert torch.allclose(seen[2], warp(x, matrix)[2], atol=1e-12)
