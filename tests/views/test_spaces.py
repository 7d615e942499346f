"""Colour spaces against their definitions written out pixel by pixel, and what a split shares."""

import colorsys
import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.views import parse_view
from goodviews.views.spaces import SPACES, from_rgb, to_rgb

CURVED = ("xyz", "lab", "luv")
AFFINE = {
    # Rec. 601 luma, and chroma as scaled differences from it.
    "ydbdr": (1.0, 1.5050, -1.9020, 0),
    "yuv": (1.0, 0.492111, 0.877283, 0),
    "ypbpr": (1.0, 0.5 / 0.886, 0.5 / 0.701, 0),
}


def colours():
    generator = torch.Generator().manual_seed(0)
    drawn = torch.rand(500, 3, generator=generator, dtype=torch.float64)
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)] * 3)
    dark = torch.rand(20, 3, generator=generator, dtype=torch.float64) * 0.02
    return torch.cat([drawn, corners, dark])


def as_images(rows):
    return rows[:, :, None, None]


def xyz(r, g, b):
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (r, g, b))
    return (
        0.412453 * r + 0.357580 * g + 0.180423 * b,
        0.212671 * r + 0.715160 * g + 0.072169 * b,
        0.019334 * r + 0.119193 * g + 0.950227 * b,
    )


def lab(r, g, b):
    def f(t):
        return t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116

    x, y, z = (f(v / w) for v, w in zip(xyz(r, g, b), (0.95047, 1.0, 1.08883), strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def luv(r, g, b):
    x, y, z = xyz(r, g, b)
    light = 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y
    below, white = x + 15 * y + 3 * z, 0.95047 + 15 + 3 * 1.08883
    if below == 0:
        return 0.0, 0.0, 0.0
    u, v = 4 * x / below - 4 * 0.95047 / white, 9 * y / below - 9 / white
    return light, 13 * light * u, 13 * light * v


def hed(r, g, b):
    stains = torch.tensor([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]]).double()
    density = torch.tensor([math.log(max(v, 1e-6)) / math.log(1e-6) for v in (r, g, b)]).double()
    return [max(v, 0.0) for v in torch.linalg.solve(stains.T, density).tolist()]


TWINS = {"hsv": colorsys.rgb_to_hsv, "xyz": xyz, "lab": lab, "luv": luv, "hed": hed}


@pytest.mark.parametrize("space", TWINS)
def test_a_space_is_its_definition_written_out(space):
    rows = colours()
    slow = torch.tensor([TWINS[space](*row) for row in rows.tolist()], dtype=torch.float64)
    fast = from_rgb(as_images(rows), space)[:, :, 0, 0]
    assert torch.allclose(fast, slow, atol=1e-9)
    single = from_rgb(as_images(rows).float(), space)[:, :, 0, 0].double()
    assert ((single - slow).abs() / (slow.amax(0) - slow.amin(0))).max() < 1e-5


@pytest.mark.parametrize("space", AFFINE)
def test_luma_and_chroma_are_differences_from_luma(space):
    red, green, blue = colours().unbind(1)
    _, of_blue, of_red, _ = AFFINE[space]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    wanted = torch.stack([luma, of_blue * (blue - luma), of_red * (red - luma)], dim=1)
    found = from_rgb(as_images(colours()), space)[:, :, 0, 0]
    assert torch.allclose(found, wanted, atol=1.5e-3)  # as many digits as the standards print


def test_ycbcr_is_ypbpr_in_studio_range_and_yiq_is_yuv_turned_by_33_degrees():
    images = as_images(colours())
    plain, studio = (from_rgb(images, name)[:, :, 0, 0] for name in ("ypbpr", "ycbcr"))
    scaled = plain * torch.tensor([219.0, 224.0, 224.0]) + torch.tensor([16.0, 128.0, 128.0])
    assert torch.allclose(studio, scaled, atol=2e-3)
    yuv, yiq = (from_rgb(images, name)[:, :, 0, 0] for name in ("yuv", "yiq"))
    cos, sin = math.cos(math.radians(33)), math.sin(math.radians(33))
    turned = torch.stack([-sin * yuv[:, 1] + cos * yuv[:, 2], cos * yuv[:, 1] + sin * yuv[:, 2]])
    assert torch.allclose(yiq[:, 1:], turned.T, atol=1e-3)


@pytest.mark.parametrize("space", SPACES)
def test_a_space_is_scikit_images_where_that_is_installed(space):
    color = pytest.importorskip("skimage.color", reason="scikit-image is not installed")
    if space == "rgb":
        pytest.skip("is what it was")
    rows = colours()
    there = torch.from_numpy(getattr(color, f"rgb2{space}")(rows.numpy()))
    assert torch.allclose(from_rgb(as_images(rows), space)[:, :, 0, 0], there, atol=1e-9)
    back = torch.from_numpy(getattr(color, f"{space}2rgb")(there.numpy()))
    assert torch.allclose(to_rgb(as_images(there), space)[:, :, 0, 0], back, atol=1e-9)


@pytest.mark.parametrize("space", [name for name in SPACES if name != "hed"])
def test_the_inverse_brings_the_colours_back(space):
    images = as_images(colours())
    assert torch.allclose(to_rgb(from_rgb(images, space), space), images, atol=1e-6)


def test_stains_that_were_mixed_are_found_again():
    stains = as_images(torch.rand(50, 3, dtype=torch.float64) * 0.3)
    assert torch.allclose(from_rgb(to_rgb(stains, "hed"), "hed"), stains, atol=1e-9)


@pytest.mark.parametrize("space", SPACES)
def test_gradients_are_finite_at_every_corner(space):
    images = as_images(colours()).requires_grad_()
    from_rgb(images, space).sum().backward()
    assert images.grad.isfinite().all()


@pytest.mark.parametrize("space", SPACES)
def test_one_graph_gives_the_same_colours(space):
    images = as_images(colours()).float()
    torch._dynamo.reset()
    chain = parse_view(f"colour({space!r})").first
    compiled = torch.compile(chain.apply, fullgraph=True, backend="aot_eager")
    assert torch.allclose(compiled(images, {}), chain.apply(images, {}), atol=1e-6)


def gaussian_nats(first, second):
    """I(v1; v2) of jointly Gaussian rows, from their covariance."""
    both = torch.cov(torch.cat([first, second], dim=1).T)
    k = first.shape[1]
    parts = torch.logdet(both[:k, :k]) + torch.logdet(both[k:, k:])
    return 0.5 * float(parts - torch.logdet(both))


def luma_chroma_world(count=4000):
    """Pixels whose light and colour are independent, as RGB; light varies most."""
    generator = torch.Generator().manual_seed(1)
    made = torch.randn(count, 3, generator=generator, dtype=torch.float64)
    made = made * torch.tensor([0.1, 0.02, 0.02]) + torch.tensor([0.5, 0.0, 0.0])
    return to_rgb(as_images(made), "ydbdr")


def shared(spec, images):
    v1, v2 = parse_view(spec)(images, seed=0, samples=torch.arange(len(images)), epoch=0)
    return gaussian_nats(v1.flatten(1), v2.flatten(1))


def test_luma_against_chroma_shares_less_than_red_against_green_and_blue():
    world = luma_chroma_world()
    rgb = shared("split(1)", world)
    for space in ("ydbdr", "yuv", "yiq", "ypbpr", "ycbcr"):
        found = shared(f"colour({space!r})|split(1)", world)
        assert found < rgb - 1
        # YDbDr is the world's own space: what is left is chance, chi squared with 2 freedoms.
        if space == "ydbdr":
            assert found < 10 / (2 * len(world))


def test_scaling_and_shifting_within_a_fixed_split_changes_nothing():
    world = luma_chroma_world()
    plain = shared("split(1)", world)
    for constants in ("", "mean=(0.2, -1, 3), std=(0.1, 7, 0.5)"):
        assert shared(f"normalise({constants})|split(1)", world) == pytest.approx(plain, abs=1e-7)
    assert shared("colour('ydbdr')|normalise('ydbdr')|split(1)", world) == pytest.approx(
        shared("colour('ydbdr')|split(1)", world), abs=1e-7
    )
    # yuv and ydbdr hold the same chroma plane, each in axes of its own.
    yuv, ypbpr = (shared(f"colour({space!r})|split(1)", world) for space in ("yuv", "ypbpr"))
    assert yuv == pytest.approx(ypbpr, abs=1e-4)


def test_published_constants_are_applied_after_the_space():
    image = torch.full((1, 3, 2, 2), 0.5, dtype=torch.float64)
    made = parse_view("colour('lab')|normalise('lab')").first.apply(image, {})
    light, a, b = lab(0.5, 0.5, 0.5)
    wanted = [(light - 50) / 50, (a - 6.025) / 92.208, (b + 6.6895) / 101.1675]
    assert made[0, :, 0, 0].tolist() == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(
    ("spec", "shape", "word"),
    [
        ("colour('lab')", (1, 8, 8), "3 channels"),
        ("colour('lab')|jitter()", (3, 8, 8), r"\[0, 1\]"),
        ("normalise()|blur()", (3, 8, 8), r"\[0, 1\]"),
        ("split(1)|normalise()", (3, 8, 8), "before split"),
        ("highpass()|crop()", (3, 8, 8), r"\[0, 1\]"),
    ],
)
def test_an_order_that_cannot_be_right_is_refused(spec, shape, word):
    with pytest.raises(InputError, match=word):
        parse_view(spec).check(shape)
    parse_view("crop()|colour('lab')|normalise('lab')|split(1)").check((3, 8, 8))


@pytest.mark.parametrize(
    "spec",
    [
        "colour('lap')",
        "colour(3)",
        "normalise('hsv')",
        "normalise(mean=(0.5,))",
        "normalise(mean=(0.5,), std=(0,))",
        "normalise(mean=(0.5, 0.5), std=(1,))",
        "normalise(mean=0.5, std=1)",
    ],
)
def test_unknown_spaces_and_impossible_constants_are_refused(spec):
    with pytest.raises(InputError, match=r"\.$"):
        parse_view(spec)
