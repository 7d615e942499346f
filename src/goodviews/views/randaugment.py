"""RandAugment in the form of InfoMin: random operations with literal magnitudes.

Letters: B examples, C channels, H and W pixels, N operations in a row.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import InputError, unknown
from goodviews.core.rng import Key
from goodviews.views import adjust
from goodviews.views.adjust import only_where, outside, per_image
from goodviews.views.base import Params, Shape, View, check_probability, register
from goodviews.views.levels import autocontrast, equalise, posterise, solarise
from goodviews.views.strength import check_strength
from goodviews.views.warp import affine_matrix, warp

OPERATIONS = (
    "identity",
    "autocontrast",
    "equalise",
    "invert",
    "rotate",
    "posterise",
    "solarise",
    "solarise_add",
    "saturation",
    "contrast",
    "brightness",
    "sharpness",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
)
"""Operations in the order of the numbers in the parameter ``op``."""

OP_SETS = {
    "D": tuple(name for name in OPERATIONS if name != "identity"),
    "E": (
        "identity",
        "autocontrast",
        "rotate",
        "sharpness",
        "shear_x",
        "shear_y",
        "translate_x",
        "translate_y",
    ),
}
"""The operations of InfoMin (augmentation D) and those of CMC v2 (augmentation E)."""

_LEVELS = 10.0
_TOP = 255
_MEAN = (124 / 255, 116 / 255, 104 / 255)
"""Mean colour of ImageNet, rounded to 8 bits, which fills the area outside an image."""
_MEAN_GREY = 117 / 255
_MOST = 16

Change = Callable[[Tensor, Tensor], Tensor]


@register(
    "randaugment",
    "operations drawn at random, each applied with a probability",
    channels="1 or 3",
    strength="probability; levels stay literal",
    source="Tian et al., 2020 (InfoMin, set D; CMC v2, set E)",
)
class RandAugment(View):
    """Operations drawn with replacement, each applied with probability p (Cubuk et al., 2020).

    This is the form of the training of InfoMin and CMC v2 (Tian et al., 2020, PyContrast). Its
    magnitudes are literal and not monotone in strength. At the highest level m = 10, the factor
    0.1 + 1.8 m / 10 of saturation, contrast, brightness and sharpness is 1.9; ``posterise``
    keeps floor(4 m / 10) = 4 bits; ``solarise`` has a threshold of floor(256 m / 10) = 256 and
    changes nothing. Magnitudes are drawn around m and clipped at 10, so half of the draws are
    below the highest level (3 bits, thresholds below 256). Rotations are up to 3 m degrees,
    shears up to 0.03 m about the upper left corner, shifts 0.045 m of a side, with random signs
    and with bilinear or bicubic interpolation at random. ``solarise_add`` raises values below
    128 by floor(11 m) levels. The area outside an image has the mean colour of ImageNet.

    All formulas are those of torchvision for floats, not those of PIL for bytes; only
    ``posterise`` and ``equalise`` round to 8 bits. Bicubic interpolation is that of torch
    (a = -0.75); PIL has a = -0.5.

    Attributes:
        n: Number of operations in a row.
        m: Mean magnitude, from 0 to 10.
        std: Standard deviation of the magnitude, before it is clipped to 0 to 10.
        p: Probability that a drawn operation is applied, which ``strength`` scales.
        ops: Set of operations: ``"D"`` (15) or ``"E"`` (8, geometric and grey ones).
    """

    n: int = 2
    m: float = 10
    std: float = 0.5
    p: float = 0.5
    ops: str = "D"

    def __post_init__(self) -> None:
        """Check the numbers and the set of operations."""
        check_probability("randaugment", self.p)
        if not (isinstance(self.n, int) and 1 <= self.n <= _MOST):
            raise InputError(f"randaugment has n={self.n!r}, but it must be from 1 to {_MOST}.")
        if not 0 <= self.m <= _LEVELS:
            raise InputError(f"randaugment has m={self.m!r}, but it must be from 0 to 10.")
        if not (math.isfinite(self.std) and self.std >= 0):
            raise InputError(f"randaugment has std={self.std!r}, but it must be at least 0.")
        if self.ops not in OP_SETS:
            raise unknown("set of operations of randaugment", str(self.ops), OP_SETS)

    def check(self, shape: Shape) -> None:
        """Check that images have 1 or 3 channels."""
        if shape[-3] not in (1, 3):
            raise InputError(
                f"randaugment takes images of 1 or 3 channels, but these have {shape[-3]}; "
                f"affine, autocontrast, equalise and sharpness take any."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw the operations, one column per operation in a row.

        Returns:
            Parameters (B, N): ``op`` int64, index into :data:`OPERATIONS`; ``on`` bool, whether
            it is applied; ``magnitude`` float32; ``sign`` float32, -1 or 1; ``bicubic`` bool.
        """
        table = torch.tensor(
            [OPERATIONS.index(name) for name in OP_SETS[self.ops]], device=key.words.device
        )
        draws = key.uniform(4 * self.n)
        pick, on, sign, bicubic = draws.split(self.n, dim=1)
        magnitude = self.m + self.std * key.fold(1).normal(self.n)
        return {
            "op": table[(pick * len(table)).long()],
            "on": on < self.p,
            "magnitude": magnitude.clamp(0, _LEVELS),
            "sign": torch.where(sign < 0.5, -1.0, 1.0),
            "bicubic": bicubic < 0.5,
        }

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Apply the operations of each image in its own order."""
        return self._run(images, params)

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of values clipped by the operations, summed over the operations."""
        raw: list[Tensor] = []
        self._run(images, params, raw)
        return sum(outside(part) * len(part) for part in raw) / len(images)

    def at(self, strength: float) -> "RandAugment":
        """Return the view with its probability times the strength, at most 1."""
        return replace(self, p=min(self.p * check_strength("randaugment", strength), 1.0))

    def _run(self, images: Tensor, params: Params, raw: list[Tensor] | None = None) -> Tensor:
        known = [OPERATIONS.index(name) for name in OP_SETS[self.ops] if name in _CHANGES]
        for turn in range(self.n):
            draw = {name: values[:, turn] for name, values in params.items()}
            images = _moved(images, draw, raw)
            for op in known:
                on = draw["on"] & (draw["op"] == op)
                images = only_where(on, _cut(op, raw), images, draw["magnitude"], on)
        return images


def _cut(op: int, raw: list[Tensor] | None) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Make an operation clipped to [0, 1]; ``raw`` collects the values before clipping."""

    def change(images: Tensor, magnitude: Tensor, on: Tensor) -> Tensor:
        changed = _CHANGES[OPERATIONS[op]](images, magnitude)
        if raw is not None:
            raw.append(torch.where(on[:, None, None, None], changed, 0.0))
        return changed.clamp(0, 1)

    return change


def _moved(images: Tensor, draw: Params, raw: list[Tensor] | None) -> Tensor:
    """Apply all five geometric operations by one matrix per image, the identity for others."""
    height, width = images.shape[-2:]
    level = (draw["magnitude"] / _LEVELS * draw["sign"]).to(images.dtype)

    def amount(name: str, scale: float) -> Tensor:
        due = draw["on"] & (draw["op"] == OPERATIONS.index(name))
        return torch.where(due, level * scale, 0.0)

    x, y = amount("shear_x", 0.3), amount("shear_y", 0.3)
    # A shear about the corner is a shear about the centre and a shift by half a side.
    matrix = affine_matrix(
        amount("rotate", math.radians(30)),
        shear_x=x,
        shear_y=y,
        right=amount("translate_x", -0.45 * width) - x * (height / 2),
        down=amount("translate_y", -0.45 * height) - y * (width / 2),
    )
    colour = (_MEAN_GREY,) if images.shape[1] == 1 else _MEAN
    seen = warp(
        images,
        matrix,
        fill=torch.tensor(colour, dtype=images.dtype, device=images.device),
        bicubic=draw["bicubic"],
    )
    if raw is not None:
        raw.append(seen)
    return seen.clamp(0, 1)


def _factor(magnitude: Tensor, images: Tensor) -> Tensor:
    return per_image(0.1 + magnitude / _LEVELS * 1.8, images)


def _solarise_add(images: Tensor, magnitude: Tensor) -> Tensor:
    """Raise values below level 128 by up to 110 levels."""
    lift = per_image((magnitude / _LEVELS * 110).floor(), images) / _TOP
    return torch.where(images < 0.5, images + lift, images)


_CHANGES: dict[str, Change] = {
    "autocontrast": lambda images, _: autocontrast(images),
    "equalise": lambda images, _: equalise(images),
    "invert": lambda images, _: 1 - images,
    "posterise": lambda images, m: posterise(images, (m / _LEVELS * 4).floor().long()),
    "solarise": lambda images, m: solarise(images, (m / _LEVELS * 256).floor()),
    "solarise_add": _solarise_add,
    "saturation": lambda images, m: adjust.saturation(images, _factor(m, images)),
    "contrast": lambda images, m: adjust.contrast(images, _factor(m, images)),
    "brightness": lambda images, m: adjust.brightness(images, _factor(m, images)),
    "sharpness": lambda images, m: adjust.sharpness(images, _factor(m, images)),
}
"""Other operations: functions of images (B, C, H, W) and magnitudes (B,), without clipping."""
