"""Which axis of an array holds the channels, and how many of a file's channels are data.

Letters: N images, H W pixels, C channels.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goodviews.core.errors import InputError

MOST = 16
"""Maximum length of an array axis that is taken for channels where another axis is longer."""

UNLIKE, ALIKE = 0.7, 0.4
"""By how much (in log units) the steps along channels differ from those along pixels, and how
far those along height and width may differ. On 8,436 arrays of 6 real datasets (sides of 3 to 16
pixels, 2 to 16 channels) 78 % were decided, and one of them wrongly."""

SAMPLE = 256
"""Maximum number of images that are compared."""

VALUES = 32_000_000
"""Maximum number of values that are compared, unless one image has more."""

SIDE = 128
"""Maximum length of each axis of what is compared, where images have more values together."""

AXES = ("first", "last")

STACKS = ("pages", "slices")
"""What the pages of one file are: the channels of one image, or images of their own."""

WHICH = (
    "give --channels first or --channels last (in Python, channels='first' or channels='last'), "
    "or --channels slices for volumes"
)
"""What to type where an array leaves it open."""


@dataclass(frozen=True)
class Channels:
    """The axis of the channels and their number, as far as the user gives them.

    Attributes:
        axis: ``first``, ``last``, or ``None`` to find it.
        count: Number of channels, or ``None`` to find it. Of pictures with transparency, one more
            than their colours keeps transparency as data.
        stack: ``pages``: the pages of a file are its channels; ``slices``: each is an image;
            ``None`` to find it.

    Example:
        >>> Channels.of("first,4"), Channels.of(3).count
        (Channels(axis='first', count=4, stack=None), 3)
    """

    axis: str | None = None
    count: int | None = None
    stack: str | None = None

    @classmethod
    def of(cls, value: "str | int | Channels | None") -> "Channels":
        """Parse ``first``, ``last``, ``pages``, ``slices``, a number, or several: ``first,4``.

        Raises:
            InputError: The value is none of these.
        """
        if isinstance(value, Channels):
            return value
        words = [] if value is None else [word.strip() for word in str(value).split(",")]
        axes = [word for word in words if word in AXES]
        counts = [int(word) for word in words if word.isascii() and word.isdigit()]
        stacks = [word for word in words if word in STACKS]
        lengths = [len(axes), len(counts), len(stacks)]
        known = sum(lengths) == len(words)
        if isinstance(value, bool) or not known or max(lengths) > 1 or 0 in counts:
            raise InputError(
                "channels must be first, last, a number of channels such as 4, or both such as "
                "first,4; for files of several pages, pages (each is a channel) or slices (each "
                f"is an image); but got {value!r}."
            )
        return cls(
            axes[0] if axes else None,
            counts[0] if counts else None,
            stacks[0] if stacks else None,
        )

    def __bool__(self) -> bool:
        return self != ANY

    def __str__(self) -> str:
        words = (self.axis, self.count, self.stack)
        return ",".join(str(one) for one in words if one is not None)


ANY = Channels()
"""No axis and no number is given."""


def readings(shape: Sequence[int], channels: Channels = ANY) -> list[str]:
    """Which axes of one image (A, H, B) can be its channels.

    Args:
        shape: Three sizes.
        channels: What the user gives; it excludes readings.

    Returns:
        ``first`` for (C, H, W), ``last`` for (H, W, C), both, or neither.

    Example:
        >>> readings((3, 32, 32)), readings((3, 16, 16)), readings((40, 40, 224))
        (['first'], ['first', 'last'], ['first', 'last'])
    """
    length = dict(zip(AXES, (shape[0], shape[2]), strict=True))
    if channels.count is not None:
        found = [axis for axis in AXES if length[axis] == channels.count]
    else:
        few = [axis for axis in AXES if length[axis] <= MOST or axis == channels.axis]
        found = few or list(AXES)
    return [axis for axis in found if channels.axis in (None, axis)]


def channel_axis(images: Sequence[np.ndarray], channels: Channels = ANY) -> str | None:
    """Find the axis that holds the channels of a set of images.

    An axis longer than 16 does not where the other is shorter. Where two axes remain, it takes
    clear evidence:

    * exactly one reading is a square image, with fewer channels than twice its side or more than
      16, and the pixels do not contradict;
    * one axis has the same length in all images while the other does not;
    * neighbouring values differ along one outer axis as they do along the middle one, as pixels
      do, and much more or much less along the other.

    Args:
        images: Arrays (A, H, B) of any sizes, all of one layout.
        channels: What the user gives.

    Returns:
        ``first`` or ``last``, for those images whose shape leaves it open; ``None`` when no axis
        can be the channels, or two can.

    Example:
        >>> slope = np.add.outer(np.arange(16.0), np.arange(16.0))
        >>> image = np.stack([slope, 99 - slope, 5 * slope])
        >>> channel_axis([image]), channel_axis([image[:, :12]])
        ('first', 'first')
    """
    found = [readings(image.shape, channels) for image in images]
    clear = {axes[0] for axes in found if len(axes) == 1}
    images = [image for image, axes in zip(images, found, strict=True) if len(axes) == 2]
    if len(clear) == 1 or not images:
        return clear.pop() if len(clear) == 1 else None
    shapes = [image.shape for image in images]
    by_shape = _square(shapes) or _constant(shapes)
    common = Counter(shapes).most_common(1)[0][0]
    alike = [image for image in images if image.shape == common]
    by_pixels = _unlike(np.stack([alike[i] for i in spread(len(alike), alike[0].size)]))
    if by_shape and by_pixels and by_shape != by_pixels:
        return None
    return by_shape or by_pixels


def known_axis(
    images: Sequence[np.ndarray], names: Sequence[str], channels: Channels
) -> str | None:
    """:func:`channel_axis` of some images with names for messages.

    Raises:
        InputError: The shape of one leaves it open, and so do the pixels.
    """
    axis = channel_axis(images, channels)
    for image, name in zip(images, names, strict=True):
        if axis is None and len(readings(image.shape, channels)) == 2:
            raise InputError(
                f"Axis 0 or axis 2 of {name}, of shape {image.shape}, could be the channels, and "
                f"its pixels do not show which; {WHICH}."
            )
    return axis


def _square(shapes: Sequence[tuple[int, ...]]) -> str | None:
    """The only reading in which all images are square, with fewer channels than twice a side."""
    found = []
    for axis, (count, height, width) in zip(AXES, ((0, 1, 2), (2, 0, 1)), strict=True):
        if all(one[height] == one[width] for one in shapes) and all(
            one[count] < 2 * one[height] or one[height] == 1 or min(one[0], one[2]) > MOST
            for one in shapes
        ):
            found.append(axis)
    squares = sum(one[1] == one[2] for one in shapes), sum(one[0] == one[1] for one in shapes)
    return found[0] if len(found) == 1 and min(squares) == 0 else None


def _constant(shapes: Sequence[tuple[int, ...]]) -> str | None:
    """The only outer axis that has one length in images of several sizes."""
    same = [len({one[axis] for one in shapes}) == 1 for axis in (0, 2)]
    return None if same[0] == same[1] else AXES[same.index(True)]


def _unlike(images: np.ndarray) -> str | None:
    """The outer axis of (N, A, H, B) along which values change unlike along H."""
    if min(images.shape[1:]) < 2:
        return None
    if images.size > VALUES:
        images = images[:, :SIDE, :SIDE, :SIDE]
    values = images.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        steps = [np.abs(np.diff(values, axis=axis)) for axis in (1, 2, 3)]
    means = [float(step[np.isfinite(step)].mean()) if step.size else 0.0 for step in steps]
    if not all(np.isfinite(means)) or means[1] <= 0:
        return None
    first, last = (abs(np.log(max(means[axis] / means[1], 1e-9))) for axis in (0, 2))
    if last < ALIKE and first - last > UNLIKE:
        return "first"
    return "last" if first < ALIKE and last - first > UNLIKE else None


def spread(count: int, each: int = 1) -> np.ndarray:
    """Evenly spaced numbers of at most ``SAMPLE`` of ``count`` images of ``each`` values."""
    most = min(count, SAMPLE, max(1, VALUES // max(each, 1)))
    return np.unique(np.linspace(0, count - 1, most).astype(int))
