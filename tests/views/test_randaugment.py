"""RandAugment is the one InfoMin was trained with: its levels, sets, odds and formulas."""

import math

import pytest
import torch
import torchvision.transforms.functional as tv
from timm.data import auto_augment as theirs
from torchvision.transforms import InterpolationMode

from goodviews.core.rng import Key
from goodviews.views.randaugment import OP_SETS, OPERATIONS, RandAugment

BILINEAR = InterpolationMode.BILINEAR
ONE = RandAugment(n=1)
NAMES = {
    "autocontrast": "AutoContrast",
    "equalise": "Equalize",
    "invert": "Invert",
    "rotate": "Rotate",
    "posterise": "Posterize",
    "solarise": "Solarize",
    "solarise_add": "SolarizeAdd",
    "saturation": "Color",
    "contrast": "Contrast",
    "brightness": "Brightness",
    "sharpness": "Sharpness",
    "shear_x": "ShearX",
    "shear_y": "ShearY",
    "translate_x": "TranslateXRel",
    "translate_y": "TranslateYRel",
}
"""Ours and the reference code's."""
GEOMETRIC = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")


def key(count, seed=0):
    return Key.of(seed=seed, samples=torch.arange(count))


def images(height, width, *, count=9, channels=3, dtype=torch.float64):
    """Floats that are whole 8-bit levels, so that nothing depends on rounding."""
    generator = torch.Generator().manual_seed(height * 100 + width)
    shape = (count, channels, height, width)
    return torch.randint(0, 256, shape, generator=generator).to(dtype) / 255


def params(name, magnitude, *, sign=1.0, bicubic=False):
    """One operation, applied to every image at the given magnitudes."""
    count = len(magnitude)
    return {
        "op": torch.full((count, 1), OPERATIONS.index(name)),
        "on": torch.ones(count, 1, dtype=torch.bool),
        "magnitude": magnitude[:, None].float(),
        "sign": torch.full((count, 1), sign),
        "bicubic": torch.full((count, 1), bicubic),
    }


def argument(name, magnitude):
    """The reference code's argument at a magnitude, without its sign."""
    function = theirs.LEVEL_TO_ARG[NAMES[name]]
    return abs(function(float(magnitude), {})[0]) if function else None


def twin(name, x, magnitude, sign):
    """The reference's operation in torchvision's float (or, on levels, uint8) formulas."""
    amount = argument(name, magnitude)
    height, width = x.shape[-2:]
    level = (x * 255).round().to(torch.uint8)
    slope = math.degrees(math.atan(amount)) * sign if name.startswith("shear") else 0
    fill = torch.tensor([124, 116, 104], dtype=x.dtype)[:, None, None] / 255
    fill = torch.tensor(117 / 255, dtype=x.dtype) if len(x) == 1 else fill

    def on_plane(change):
        return change(x) + (1 - change(torch.ones_like(x))) * fill

    def affine(shift, shear):
        return on_plane(lambda y: tv.affine(y, 0, shift, 1, shear, BILINEAR, center=[0, 0]))

    return {
        "autocontrast": lambda: tv.autocontrast(x),
        "equalise": lambda: tv.equalize(level).to(x.dtype) / 255,
        "invert": lambda: tv.invert(x),
        "rotate": lambda: on_plane(lambda y: tv.rotate(y, sign * amount, BILINEAR)),
        "posterise": lambda: tv.posterize(level, amount).to(x.dtype) / 255,
        "solarise": lambda: tv.solarize(x, (amount - 0.5) / 255) if amount < 256 else x,
        "solarise_add": lambda: torch.where(level < 128, (x + amount / 255).clamp(max=1), x),
        "saturation": lambda: tv.adjust_saturation(x, amount),
        "contrast": lambda: tv.adjust_contrast(x, amount),
        "brightness": lambda: tv.adjust_brightness(x, amount),
        "sharpness": lambda: tv.adjust_sharpness(x, amount),
        "shear_x": lambda: affine([0, 0], [slope, 0.0]),
        "shear_y": lambda: affine([0, 0], [0.0, slope]),
        "translate_x": lambda: affine([-sign * amount * width, 0.0], [0.0, 0.0]),
        "translate_y": lambda: affine([0.0, -sign * amount * height], [0.0, 0.0]),
    }[name]()


def test_the_sets_are_those_of_the_two_augmentations():
    assert [NAMES[name] for name in OP_SETS["D"]] == theirs._RAND_TRANSFORMS
    assert len(OP_SETS["D"]) == 15
    assert set(OP_SETS["E"]) == {"identity", "autocontrast", "sharpness", *GEOMETRIC}


@pytest.mark.parametrize("name", OP_SETS["D"])
@pytest.mark.parametrize(("height", "width"), [(17, 23), (31, 9)])
@pytest.mark.parametrize(("channels", "dtype"), [(1, torch.float64), (3, torch.float32)])
def test_each_operation_is_the_references_in_float_at_its_literal_level(
    name, height, width, channels, dtype
):
    magnitude = torch.tensor([0.0, 2.5, 3.7, 7.49, 8.8, 9.3, 9.75, 9.99, 10.0])
    x = images(height, width, channels=channels, dtype=dtype)
    for sign in (1.0, -1.0):
        seen = ONE.apply(x, params(name, magnitude, sign=sign))
        for i, m in enumerate(magnitude.tolist()):
            assert torch.allclose(seen[i], twin(name, x[i], m, sign), atol=1e-5), (name, m)


def test_the_top_level_is_as_the_paper_code_has_it_and_not_the_strongest():
    x = images(17, 23, count=2)
    magnitude = torch.tensor([10.0, 9.0])
    solarised = ONE.apply(x, params("solarise", magnitude))
    assert torch.equal(solarised[0], x[0])  # threshold 256: nothing
    assert torch.equal(solarised[1], torch.where(x[1] * 255 > 229.5, 1 - x[1], x[1]))
    posterised = ONE.apply(x, params("posterise", magnitude))
    assert posterised[0].unique().numel() == 16  # four bits
    assert posterised[1].unique().numel() == 8  # three
    brightened = ONE.apply(x, params("brightness", magnitude))
    assert torch.allclose(brightened[0], (1.9 * x[0]).clamp(max=1), atol=1e-6)


@pytest.mark.parametrize("name", GEOMETRIC)
def test_bicubic_is_another_interpolation_of_the_same_move(name):
    ramp = torch.linspace(0.2, 0.7, 33, dtype=torch.float64)
    x = (ramp[:, None] * 0.5 + ramp[None, :] * 0.5).expand(1, 3, 33, 33).contiguous()
    magnitude = torch.tensor([4.0])
    one = ONE.apply(x, params(name, magnitude))
    two = ONE.apply(x, params(name, magnitude, bicubic=True))
    middle = (..., slice(12, 21), slice(12, 21))
    assert torch.allclose(one[middle], two[middle], atol=2e-3)  # both follow a slope
    assert not torch.allclose(one, two, atol=1e-4)


def test_draws_have_the_stated_odds():
    count = 9000
    draws = RandAugment(n=3).sample((3, 8, 8), key(count))
    for turn in range(3):
        counts = torch.bincount(draws["op"][:, turn], minlength=16).double()
        assert counts[0] == 0  # no identity in D
        expected = count / 15
        assert ((counts[1:] - expected) ** 2 / expected).sum() < 14 + 4 * math.sqrt(28)
    for name, share in (("on", 0.5), ("bicubic", 0.5)):
        shares = draws[name].double().mean(dim=0)
        assert (shares - share).abs().max() < 4 * math.sqrt(0.25 / count)
    assert abs((draws["sign"] > 0).double().mean() - 0.5) < 4 * math.sqrt(0.25 / (3 * count))
    # With replacement: the same operation twice as often as chance has it.
    twice = (draws["op"][:, 0] == draws["op"][:, 1]).double().mean()
    assert abs(twice - 1 / 15) < 4 * math.sqrt(1 / 15 / count)
    # Normal(10, 0.5) cut at 10: half at the top, the rest half-normal below.
    magnitude = draws["magnitude"].double()
    assert magnitude.max() == 10
    top = (magnitude == 10).double().mean()
    assert abs(top - 0.5) < 4 * math.sqrt(0.25 / (3 * count))
    below = 10 - magnitude[magnitude < 10]
    assert abs(below.mean() - 0.5 * math.sqrt(2 / math.pi)) < 4 * 0.302 / math.sqrt(len(below))
    thresholds = (magnitude / 10 * 256).floor().flatten()
    assert abs(thresholds.quantile(0.01) - 226) <= 1
    few = RandAugment(ops="E", m=4, std=0).sample((3, 8, 8), key(500))
    assert {OPERATIONS[op] for op in few["op"].unique().tolist()} == set(OP_SETS["E"])
    assert (few["magnitude"] == 4).all()


def test_every_image_takes_its_own_operations_in_its_own_order():
    view = RandAugment(n=3, m=6, std=2, p=0.7)
    x = images(17, 23, count=60)
    draws = view.sample((3, 17, 23), key(60))
    draws["bicubic"][:] = False
    seen = view.apply(x, draws)
    for i in range(60):
        one = x[i]
        for turn in range(3):
            op, m, sign = (float(draws[n][i, turn]) for n in ("op", "magnitude", "sign"))
            if draws["on"][i, turn]:
                # On floats that are no levels, solarise and posterise count nearest levels.
                one = twin(OPERATIONS[int(op)], one, m, sign)
        wrong = (seen[i] - one).abs() > 1e-5
        assert wrong.double().mean() < 0.01, i  # a value at a border of levels may fall apart


def test_an_operation_that_is_not_on_does_nothing():
    x = images(17, 23)
    draws = RandAugment().sample((3, 17, 23), key(len(x)))
    draws["on"][:] = False
    assert torch.equal(RandAugment().apply(x, draws), x)
    assert torch.equal(RandAugment(p=0).apply(x, RandAugment(p=0).sample(x.shape[1:], key(9))), x)


def test_the_whole_batch_form_for_devices_is_the_same(monkeypatch):
    x = images(17, 23, count=40)
    view = RandAugment(n=3, m=7, std=2, p=0.8)
    draws = view.sample((3, 17, 23), key(40))
    some = view.apply(x, draws)
    clipped = view.clipped(x, draws)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    assert torch.allclose(view.apply(x, draws), some, atol=1e-9)
    assert view.clipped(x, draws) == pytest.approx(clipped, abs=1e-12)
    assert clipped > 0


def test_clipping_is_counted_for_what_brightness_cuts():
    x = torch.full((4, 3, 5, 5), 0.6)
    assert ONE.clipped(x, params("brightness", torch.full((4,), 10.0))) == 1
    assert ONE.clipped(x, params("invert", torch.full((4,), 10.0))) == 0
