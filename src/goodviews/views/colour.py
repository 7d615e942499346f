"""Views in another colour space, and the scale of their values.

Letters: B examples, C channels, H and W pixels.
"""

import math
from typing import ClassVar

from torch import Tensor

from goodviews.core.errors import InputError, counted, unknown
from goodviews.core.rng import Key
from goodviews.views.base import Params, Shape, View, register
from goodviews.views.spaces import SPACES, from_rgb

CONSTANTS = {
    "rgb": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "ydbdr": ((0.457, -0.082, -0.052), (0.500, 1.331, 1.333)),
    "lab": ((50.0, 6.025, -6.6895), (50.0, 92.208, 101.1675)),
    "ycbcr": ((116.151, 121.080, 132.342), (109.500, 111.855, 111.964)),
}
"""Space: mean and deviation of each channel, as the code of CMC and PyContrast has them."""


@register(
    "colour",
    "another colour space; only forms may follow",
    channels="3",
    source="Tian et al., 2020, 3.2; definitions of scikit-image",
)
class Colour(View):
    """RGB written in another colour space, in the space's own ranges.

    Values may leave [0, 1], so only form steps (``normalise``, ``channels``, ``split``,
    ``frequency``) may follow. Input outside [0, 1] is neither refused nor cut, but no meaning is
    promised for it: keep ``colour`` after every step that expects an image.

    Attributes:
        space: rgb, hsv, lab, luv, ydbdr, yiq, yuv, ypbpr, ycbcr, xyz or hed.
    """

    form: ClassVar[bool] = True
    unit: ClassVar[bool] = False
    space: str = "rgb"

    def __post_init__(self) -> None:
        """Refuse a space nobody knows."""
        if self.space not in SPACES:
            raise unknown("colour space", str(self.space), SPACES)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Nothing to draw."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """Convert; see :func:`goodviews.views.spaces.from_rgb`."""
        return from_rgb(images, self.space)

    def check(self, shape: Shape) -> None:
        """Refuse what is not RGB."""
        if shape[-3] != 3:
            raise InputError(
                f"{self!r} takes images of 3 channels, but these have {shape[-3]}; "
                f"channels and split take any."
            )


@register(
    "normalise",
    "fixed mean and deviation of each channel; for other counts give both",
    channels="3",
    source="the code of CMC and PyContrast",
)
class Normalise(View):
    """A fixed mean off each channel, and divided by a fixed deviation.

    The encoders of this package normalise by themselves; this is for others, and for the
    constants of a paper to the letter. It comes after every step that expects an image.

    Attributes:
        space: rgb, ydbdr, lab or ycbcr, whose constants are taken.
        mean: Of each channel, instead of those constants.
        std: Of each channel.
    """

    form: ClassVar[bool] = True
    unit: ClassVar[bool] = False
    space: str = "rgb"
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse constants that cannot be."""
        if self.space not in CONSTANTS:
            raise InputError(
                f"normalise knows no constants for {self.space!r}, only for "
                f"{', '.join(CONSTANTS)}; write normalise(mean=(...), std=(...))."
            )
        if (self.mean is None) != (self.std is None):
            raise InputError("normalise has one of mean and std, but both or none are wanted.")
        mean, std = self._constants()
        if (
            not mean
            or len(mean) != len(std)
            or not all(math.isfinite(one) for one in (*mean, *std))
            or min(std) <= 0
        ):
            raise InputError(
                f"normalise has mean={mean} and std={std}, but one number per channel and "
                f"deviations above 0 are wanted."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Nothing to draw."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """(..., C, H, W) to the same shape."""
        mean, std = (images.new_tensor(one)[:, None, None] for one in self._constants())
        return (images - mean) / std

    def check(self, shape: Shape) -> None:
        """Refuse another number of channels than there are constants."""
        wanted = len(self._constants()[0])
        if shape[-3] != wanted:
            raise InputError(
                f"{self!r} takes images of {counted(wanted, 'channel')}, but these have "
                f"{shape[-3]}; write it before split, or give mean and std of "
                f"{counted(shape[-3], 'channel')}."
            )

    def _constants(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        if self.mean is not None and self.std is not None:
            return self.mean, self.std
        return CONSTANTS[self.space]
