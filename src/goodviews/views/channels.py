"""Views of some channels of an image, and a split of its channels into two views.

Letters: B examples, C channels, K kept channels, H and W pixels.
"""

import re
from typing import ClassVar

from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.core.text import counted
from goodviews.views.base import Joint, Params, Shape, View, register

_RANGE = re.compile(r"(\d*):(\d*)")


@register("channels", "some channels of the image")
class Channels(View):
    """Some channels of the image, in the given order.

    Attributes:
        keep: Index of a channel, several such as ``(1, 2)``, or a range such as ``"1:"``, from
            the first index to before the second.

    Example:
        >>> import torch
        >>> Channels((2, 0)).apply(torch.arange(3.0).view(1, 3, 1, 1), {}).flatten()
        tensor([2., 0.])
    """

    form: ClassVar[bool] = True
    keep: int | tuple[int, ...] | str = 0

    def __post_init__(self) -> None:
        """Check the channels."""
        if isinstance(self.keep, str):
            if _RANGE.fullmatch(self.keep):
                return
        else:
            given = (self.keep,) if isinstance(self.keep, int) else self.keep
            if (
                isinstance(given, tuple)
                and given
                and all(type(one) is int and one >= 0 for one in given)
            ):
                return
        raise InputError(
            f"channels has keep={self.keep!r}, but expected the index of a channel, such as 0, "
            f"several such as (1, 2), or a range such as '1:'."
        )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return no parameters: nothing is random."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """Select channels of images (..., C, H, W): (..., K, H, W)."""
        kept = self._selected(images.shape[-3])
        if kept == tuple(range(kept[0], kept[-1] + 1)):
            return images[..., kept[0] : kept[-1] + 1, :, :]
        return images[..., list(kept), :, :]

    def out_shape(self, shape: Shape) -> Shape:
        """Shape of the views, (K, H, W)."""
        return (*shape[:-3], len(self._selected(shape[-3])), *shape[-2:])

    def check(self, shape: Shape) -> None:
        """Check that images have these channels."""
        kept = self._selected(shape[-3])
        if not kept or max(kept) >= shape[-3]:
            raise InputError(
                f"{self!r} selects channels that images of {shape[-3]} do not have; "
                f"choose from 0 to {shape[-3] - 1}."
            )

    def _selected(self, channels: int) -> tuple[int, ...]:
        if isinstance(self.keep, int):
            return (self.keep,)
        if isinstance(self.keep, tuple):
            return self.keep
        start, _, stop = self.keep.partition(":")
        return tuple(range(int(start or 0), int(stop or channels)))


@register(
    "split",
    "two views: the first channels, and the others of the same image or of another draw",
    channels="2 or more",
    source="Tian et al., 2020, 3.2: channel 0 against the others",
)
class Split(Joint):
    """Split of the channels into two views (Tian et al., 2020, 3.2).

    With one draw, both views come from one image, such as the luma and the chroma of one crop
    (CMC). With two, the steps before ``split`` are drawn for each view, such as the luma of one
    crop and the chroma of another (CMC v2).

    Attributes:
        first: Number of channels of the first view; the second has the others.
        draws: 1 or 2, how many times the steps before it are drawn.

    Example:
        >>> import torch
        >>> from goodviews.views import parse_view
        >>> image = torch.rand(1, 1, 8, 8).expand(1, 2, 8, 8)
        >>> once = parse_view("noise()|split(1)")
        >>> each = parse_view("noise()|split(1, draws=2)")
        >>> once.first.common, each.first.common
        (2, 0)
    """

    form: ClassVar[bool] = True
    first: int = 1
    draws: int = 1  # type: ignore[misc]  # a class variable of joint steps without a choice

    def __post_init__(self) -> None:
        """Check the numbers of channels and of draws."""
        if not (type(self.first) is int and self.first > 0):
            raise InputError(f"split has first={self.first!r}, but expected a number of channels.")
        if type(self.draws) is not int or self.draws not in (1, 2):
            raise InputError(
                f"split has draws={self.draws!r}, but expected 1, both views from one draw of the "
                f"steps before it, or 2, a draw for each."
            )

    def sides(self) -> tuple[View, View]:
        """Views of the first channels, and of the others."""
        return Channels(f":{self.first}"), Channels(f"{self.first}:")

    def check(self, shape: Shape) -> None:
        """Check that images have a channel for each view."""
        if shape[-3] <= self.first:
            raise InputError(
                f"{self!r} needs images of more than {counted(self.first, 'channel')}, but these "
                f"have {shape[-3]}."
            )
