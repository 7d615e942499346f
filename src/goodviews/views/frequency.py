"""Views of frequency bands: a blur, its residual, and rings of the spectrum.

Letters: B examples, C channels, H and W pixels.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views.base import Joint, Params, Shape, View, register
from goodviews.views.smoothing import gaussian_band

_HIGHEST = math.sqrt(0.5)
"""Highest frequency, at the corner of the spectrum, in cycles per pixel."""


def _blurred(images: Tensor, sigma: float) -> Tensor:
    reach = math.ceil(3 * sigma)
    width = torch.full((1,), sigma, device=images.device)
    rows, cols = (
        gaussian_band(width, reach, size)[0].to(images.dtype) for size in images.shape[-2:]
    )
    return rows @ images @ cols.transpose(-1, -2)


def _check_sigma(step: str, sigma: float) -> None:
    if not (math.isfinite(sigma) and 0 < sigma <= 100):
        raise InputError(f"{step} has sigma={sigma!r}, but expected a width above 0 in pixels.")


@register("lowpass", "a fixed blur", source="Tian et al., 2020, 3.3")
class Lowpass(View):
    """Gaussian blur of a fixed width, truncated at 3 sigma, with reflected borders.

    Attributes:
        sigma: Width in pixels.
    """

    form: ClassVar[bool] = True
    sigma: float = 0.7

    def __post_init__(self) -> None:
        """Check the width."""
        _check_sigma("lowpass", self.sigma)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return no parameters: nothing is random."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """Blur."""
        return _blurred(images, self.sigma)


@register(
    "highpass", "what a fixed blur takes away, from -1 to 1", source="Tian et al., 2020, 3.3"
)
class Highpass(View):
    """Residual of a Gaussian blur: the image minus :class:`Lowpass`, from -1 to 1.

    It is not shifted to [0, 1], so that both sum to the image exactly.

    Attributes:
        sigma: Width in pixels.
    """

    form: ClassVar[bool] = True
    unit: ClassVar[bool] = False
    sigma: float = 0.7

    def __post_init__(self) -> None:
        """Check the width."""
        _check_sigma("highpass", self.sigma)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return no parameters: nothing is random."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """Subtract the blurred images."""
        return images - _blurred(images, self.sigma)


@register(
    "frequency",
    "two views: a blur of the image, and what it took away",
    source="Tian et al., 2020, 3.3: most shared near sigma 0.7 [likely]",
)
class Frequency(Joint):
    """Blurred image and residual of the blur as two views (Tian et al., 2020, 3.3).

    Attributes:
        sigma: Width of the blur in pixels.
    """

    form: ClassVar[bool] = True
    unit: ClassVar[bool] = False
    sigma: float = 0.7

    def __post_init__(self) -> None:
        """Check the width."""
        _check_sigma("frequency", self.sigma)

    def sides(self) -> tuple[View, View]:
        """Views of the low frequencies, and of the residual."""
        return Lowpass(self.sigma), Highpass(self.sigma)


@register("band", "a ring of the Fourier spectrum")
class Band(View):
    """Ring of the Fourier spectrum: frequencies from ``low`` to below ``high``.

    The cut-off is sharp, so edges ring and values can be outside [0, 1]. Adjacent rings that
    cover the spectrum sum to the image.

    Attributes:
        low: Lowest frequency that is kept, in cycles per pixel; 0 keeps the mean.
        high: Frequency up to which the ring extends; the corner of the spectrum is at 0.707.
    """

    form: ClassVar[bool] = True
    unit: ClassVar[bool] = False
    low: float = 0.0
    high: float = 0.125

    def __post_init__(self) -> None:
        """Check the limits of the ring."""
        if not 0 <= self.low < self.high <= 1:
            raise InputError(
                f"band has low={self.low!r} and high={self.high!r}, but expected "
                f"0 <= low < high <= 1 in cycles per pixel (the highest is {_HIGHEST:.3f})."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return no parameters: nothing is random."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """Keep the ring."""
        height, width = images.shape[-2:]
        down = torch.fft.fftfreq(height, device=images.device, dtype=torch.float64)
        along = torch.fft.rfftfreq(width, device=images.device, dtype=torch.float64)
        radius = (down[:, None] ** 2 + along**2).sqrt()
        kept = ((radius >= self.low) & (radius < self.high)).to(images.dtype)
        return torch.fft.irfft2(torch.fft.rfft2(images) * kept, s=(height, width))


@register("bands", "two views: frequencies below a border, and above")
class Bands(Joint):
    """Frequencies below and above a border as two views, which sum to the image.

    Attributes:
        border: Frequency of the border in cycles per pixel.
    """

    form: ClassVar[bool] = True
    unit: ClassVar[bool] = False
    border: float = 0.125

    def __post_init__(self) -> None:
        """Check that the border has frequencies on both sides."""
        if not 0 < self.border < _HIGHEST:
            raise InputError(
                f"bands has border={self.border!r}, but expected 0 < border < {_HIGHEST:.3f} "
                f"cycles per pixel."
            )

    def sides(self) -> tuple[View, View]:
        """Views of the frequencies below the border, and of the others."""
        return Band(0.0, self.border), Band(self.border, 1.0)
