"""Views in another colour space, and normalisation of their values.

Letters: B examples, C channels, H and W pixels.
"""

import math
from typing import ClassVar

from torch import Tensor

from goodviews.core.errors import InputError, unknown
from goodviews.core.rng import Key
from goodviews.core.text import counted
from goodviews.views.base import Params, Shape, View, register
from goodviews.views.spaces import SPACES, from_rgb

CONSTANTS = {
    "rgb": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "ydbdr": ((0.457, -0.082, -0.052), (0.500, 1.331, 1.333)),
    "lab": ((50.0, 6.025, -6.6895), (50.0, 92.208, 101.1675)),
    "ycbcr": ((116.151, 121.080, 132.342), (109.500, 111.855, 111.964)),
}
"""Mean and deviation of the channels of each space, from the code of CMC and PyContrast."""


@register(
    "colour",
    "another colour space; only forms may follow",
    channels="3",
    source="Tian et al., 2020, 3.2; definitions of scikit-image",
)
class Colour(View):
    """Conversion of RGB to another colour space, in the ranges of that space.

    Values can be outside [0, 1], so only form steps (``normalise``, ``channels``, ``split``,
    ``frequency``) can follow. Inputs outside [0, 1] are accepted and not clipped, but their
    conversion is not defined: write ``colour`` after the steps that expect an image.

    Attributes:
        space: Colour space: rgb, hsv, lab, luv, ydbdr, yiq, yuv, ypbpr, ycbcr, xyz or hed.
    """

    form: ClassVar[bool] = True
    unit: ClassVar[bool] = False
    space: str = "rgb"

    def __post_init__(self) -> None:
        """Check the name of the space."""
        if self.space not in SPACES:
            raise unknown("colour space", str(self.space), SPACES)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return no parameters: nothing is random."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """Convert the images; see :func:`goodviews.views.spaces.from_rgb`."""
        return from_rgb(images, self.space)

    def check(self, shape: Shape) -> None:
        """Check that images have 3 channels."""
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
    """Normalisation of each channel with a fixed mean and standard deviation.

    The encoders of this package normalise their inputs; use this for other encoders, or for
    exactly the constants of a paper. Write it after the steps that expect an image.

    Attributes:
        space: Colour space whose constants are used: rgb, ydbdr, lab or ycbcr.
        mean: Mean of each channel, instead of these constants.
        std: Standard deviation of each channel, instead of these constants.
    """

    form: ClassVar[bool] = True
    unit: ClassVar[bool] = False
    space: str = "rgb"
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Check the constants."""
        if self.space not in CONSTANTS:
            raise InputError(
                f"normalise has no constants for {self.space!r}, only for "
                f"{', '.join(CONSTANTS)}; write normalise(mean=(...), std=(...))."
            )
        if (self.mean is None) != (self.std is None):
            raise InputError("normalise has only one of mean and std: give both, or neither.")
        mean, std = self._constants()
        if (
            not mean
            or len(mean) != len(std)
            or not all(math.isfinite(one) for one in (*mean, *std))
            or min(std) <= 0
        ):
            raise InputError(
                f"normalise has mean={mean} and std={std}, but expected one number per channel "
                f"and standard deviations above 0."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return no parameters: nothing is random."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """Normalise images (..., C, H, W)."""
        mean, std = (images.new_tensor(one)[:, None, None] for one in self._constants())
        return (images - mean) / std

    def check(self, shape: Shape) -> None:
        """Check that there is one constant for each channel."""
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
