"""Height and width of the images of a dataset, and how images of another shape are fitted.

Letters: H W pixels.
"""

from dataclasses import dataclass
from typing import TypeAlias

from goodviews.core.errors import InputError

FITS = ("crop", "pad", "stretch", "natural")
"""``crop`` cuts the largest centred part of the right shape, ``pad`` adds black on two sides,
``stretch`` changes the ratio of the sides, ``natural`` is ``crop`` for evaluation and keeps the
images at their own sizes for views."""

KEPT = 0.95
"""Share of an image; where less of it is kept, that is reported."""

LEAST, MOST = 4, 1024
"""Range of a side in pixels."""

SizeLike: TypeAlias = int | str | tuple[int, int] | None
"""What a user gives: 32, ``"32x128"``, (32, 128), ``"pad"``, ``"64,natural"``."""


@dataclass(frozen=True)
class Size:
    """Height and width to which images are resized, and how.

    Attributes:
        sides: (H, W); ``None`` for the default.
        fit: One of :data:`FITS`.

    Example:
        >>> Size.of("32x128,pad"), Size.of(16).sides
        (Size(sides=(32, 128), fit='pad'), (16, 16))
    """

    sides: tuple[int, int] | None = None
    fit: str = "crop"

    @classmethod
    def of(cls, value: "SizeLike | Size") -> "Size":
        """Parse a size.

        Raises:
            InputError: It is not a size, or a side is not from 4 to 1024.
        """
        if isinstance(value, Size):
            return value
        if value is None:
            return cls()
        text = "x".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
        words = [word.strip() for word in text.lower().replace("×", "x").split(",")]
        fits = [word for word in words if word in FITS]
        numbers = [word.split("x") for word in words if word not in FITS]
        sides = numbers[0] if numbers else []
        plain = all(side.strip().isascii() and side.strip().isdigit() for side in sides)
        if len(fits) > 1 or len(numbers) > 1 or len(sides) > 2 or not plain:
            raise InputError(
                "size must be a number of pixels such as 64, a height and width such as 32x128, "
                f"or one of these and a fit ({', '.join(FITS)}) such as 32x128,pad; but got "
                f"{value!r}."
            )
        found = [int(side) for side in sides]
        if found and not all(LEAST <= side <= MOST for side in found):
            raise InputError(f"size must be from {LEAST} to {MOST} pixels, but got {value}.")
        pair = (found[0], found[-1]) if found else None
        return cls(pair, fits[0] if fits else "crop")

    def __str__(self) -> str:
        sides = [f"{self.sides[0]}x{self.sides[1]}"] if self.sides else []
        return ",".join([*sides, *([] if self.fit == "crop" else [self.fit])])

    @property
    def key(self) -> int | str | None:
        """What names it in the key of a cache: a number for a square that is cut out."""
        if self.fit == "crop" and (self.sides is None or self.sides[0] == self.sides[1]):
            return self.sides[0] if self.sides else None
        return str(self)

    @property
    def resize(self) -> str:
        """How one image is resized."""
        return "crop" if self.fit == "natural" else self.fit

    def side(self, what: str) -> int | None:
        """The side of a square, for data that are made in that size.

        Raises:
            InputError: It is not a square.
        """
        if self.sides is not None and self.sides[0] != self.sides[1]:
            raise InputError(
                f"{what} is made of squares, so size must be one number, but got {self}."
            )
        return self.sides[0] if self.sides else None

    def lost(self, height: float, width: float) -> str:
        """A sentence where a part of images of this size is cut off; else empty."""
        if self.fit != "crop" or self.sides is None:
            return ""
        share = share_inside(height, width, self.sides)
        if share > KEPT:
            return ""
        shape = f"{height:.0f}x{width:.0f} pixels"
        return (
            f"Only the central {100 * share:.0f} % of the images ({shape}) are kept. To cut crops "
            "and patches from whole images, give --fit natural; to keep all of each, --fit pad or "
            f"another shape, such as --size {_like(height, width)}."
        )

    def words(self, height: int, width: int) -> str:
        """How images became ``height`` x ``width``, for a sentence."""
        goal = f"resized to {height}x{width} (antialiased bilinear)"
        if self.resize == "crop":
            text = f"centre {'square' if height == width else 'part'} {goal}"
            views = " for evaluation, while crops and patches are cut from whole images"
            return text + views * (self.fit == "natural")
        return f"{'padded with black and' if self.fit == 'pad' else 'whole image'} {goal}"


def share_inside(height: float, width: float, sides: tuple[int, int]) -> float:
    """Share of an image that is in its largest centred part with the shape of ``sides``.

    Example:
        >>> share_inside(375, 500, (64, 64))
        0.75
    """
    left, top, right, bottom = box(width, height, sides)
    return (right - left) * (bottom - top) / (width * height)


def _like(height: float, width: float) -> str:
    """Sides of a shape with the ratio of an image, the shorter of 32 pixels."""
    short = min(height, width)
    return f"{32 * height / short:.0f}x{32 * width / short:.0f}"


def box(width: float, height: float, sides: tuple[int, int]) -> tuple[float, float, float, float]:
    """The largest centred part of an image that has the shape of ``sides``.

    Returns:
        Left, top, right and bottom, as Pillow takes them.

    Example:
        >>> box(256, 64, (32, 64))
        (64.0, 0.0, 192.0, 64.0)
    """
    ratio = sides[1] / sides[0]
    wide, high = min(width, height * ratio), min(height, width / ratio)
    left, top = (width - wide) / 2, (height - high) / 2
    return left, top, left + wide, top + high


def inner(width: int, height: int, sides: tuple[int, int]) -> tuple[int, int]:
    """Height and width of a whole image that is made as large as ``sides`` allow.

    Example:
        >>> inner(256, 64, (32, 64))
        (16, 64)
    """
    scale = min(sides[0] / height, sides[1] / width)
    return max(1, round(height * scale)), max(1, round(width * scale))
