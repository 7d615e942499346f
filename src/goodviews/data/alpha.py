"""Transparency of pictures: whether the last channel behaves like it, or is data.

Letters: P pixels.
"""

from dataclasses import replace

import numpy as np

from goodviews.core.text import counted
from goodviews.data.decode import Header

ALPHAS = 64
"""Maximum number of images whose transparency is looked at."""

OPAQUE = 0.5
"""Share of the visible pixels that are opaque in pictures with transparency."""

LEVELS = 8
"""Maximum number of different levels of pictures that are transparent everywhere."""


def is_data(alpha: np.ndarray) -> bool:
    """Whether the last channel of pictures does not behave like transparency.

    Most visible pixels of cut-out pictures are opaque, and a watermark has few levels. A fourth
    band, such as near infrared, has many levels and is hardly ever opaque.

    Args:
        alpha: (P,) uint8 or uint16, 0 for clear.

    Example:
        >>> cut_out, band = np.repeat([0, 255], 50), np.arange(200)
        >>> is_data(cut_out.astype(np.uint8)), is_data(band.astype(np.uint8))
        (False, True)
    """
    visible = alpha[alpha > 0]
    if not len(visible):
        return False
    opaque = np.mean(visible == np.iinfo(alpha.dtype).max)
    return bool(opaque < OPAQUE) and len(np.unique(visible)) > LEVELS


def alpha_note(alpha: np.ndarray, channels: int) -> str:
    """What was done with the last of ``channels`` channels, (P,); empty where all is opaque."""
    most = np.iinfo(alpha.dtype).max
    if (alpha == most).all():
        return ""
    between = 100 * np.mean((alpha > 0) & (alpha < most))
    if is_data(alpha):
        return (
            f"The last channel of the pictures is transparency by their format, but does not "
            f"behave like it ({between:.0f} % of its pixels are neither clear nor opaque) and was "
            f"kept as data; to draw the pictures on white instead, give --channels {channels - 1} "
            f"(channels={channels - 1})."
        )
    return (
        "Transparent pictures were drawn on white; if their last channel holds data, keep it with "
        f"--channels {channels} (channels={channels})."
    )


def mixed_note(alpha: np.ndarray, pictures: int) -> str:
    """What was done where only some pictures have transparency, (P,) of them; empty if it is one.

    Example:
        >>> mixed_note(np.repeat([0, 255], 50).astype(np.uint8), 4)
        ''
    """
    if not is_data(alpha):
        return ""
    return (
        f"{counted(pictures, 'picture')} of all have a last channel that is transparency by the "
        "format, but does not behave like it; they were drawn on white as the others do not have "
        "it. If it is data, put them in a folder of their own."
    )


def with_alpha(header: Header) -> Header:
    """The header of the same picture with transparency as a channel."""
    return replace(header, channels=header.channels + 1, alpha=False) if header.alpha else header
