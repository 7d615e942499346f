"""Views of some channels of an image, and the split of its channels between two views.

Letters: B examples, C channels, K kept channels, H and W pixels.
"""

import re
from typing import ClassVar

from torch import Tensor

from goodviews.core.errors import InputError, counted
from goodviews.core.rng import Key
from goodviews.views.base import Joint, Params, Shape, View, register

_RANGE = re.compile(r"(\d*):(\d*)")


@register("channels", "some channels of the image")
class Channels(View):
    """Some channels of the image, in the order named.

    Attributes:
        keep: A channel from 0 up, several such as ``(1, 2)``, or a range such as ``"1:"``:
            from the first number on, up to but without the second.

    Example:
        >>> import torch
        >>> Channels((2, 0)).apply(torch.arange(3.0).view(1, 3, 1, 1), {}).flatten()
        tensor([2., 0.])
    """

    form: ClassVar[bool] = True
    keep: int | tuple[int, ...] | str = 0

    def __post_init__(self) -> None:
        """Refuse what are no channels."""
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
            f"channels has keep={self.keep!r}, but a channel from 0 up, several as (1, 2), or a "
            f"range as '1:' is wanted."
        )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Nothing to draw."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """(..., C, H, W) to (..., K, H, W)."""
        kept = self._kept(images.shape[-3])
        if kept == tuple(range(kept[0], kept[-1] + 1)):
            return images[..., kept[0] : kept[-1] + 1, :, :]
        return images[..., list(kept), :, :]

    def out_shape(self, shape: Shape) -> Shape:
        """(K, H, W)."""
        return (*shape[:-3], len(self._kept(shape[-3])), *shape[-2:])

    def check(self, shape: Shape) -> None:
        """Refuse images without these channels."""
        kept = self._kept(shape[-3])
        if not kept or max(kept) >= shape[-3]:
            raise InputError(
                f"{self!r} takes channels that images of {shape[-3]} do not have; "
                f"theirs are 0 to {shape[-3] - 1}."
            )

    def _kept(self, channels: int) -> tuple[int, ...]:
        if isinstance(self.keep, int):
            return (self.keep,)
        if isinstance(self.keep, tuple):
            return self.keep
        start, _, stop = self.keep.partition(":")
        return tuple(range(int(start or 0), int(stop or channels)))


@register(
    "split",
    "two views: the first channels, and the others of the same image",
    channels="2 or more",
    source="Tian et al., 2020, 3.2: channel 0 against the others",
)
class Split(Joint):
    """The first channels are one view, the others the other (Tian et al., 2020, 3.2).

    Both come from one image: what stands before ``split`` is drawn once. Write
    ``crop()|channels(0) // crop()|channels((1, 2))`` for two crops instead.

    Attributes:
        first: How many channels the first view takes.
    """

    form: ClassVar[bool] = True
    first: int = 1

    def __post_init__(self) -> None:
        """Refuse what is no number of channels."""
        if not (type(self.first) is int and self.first > 0):
            raise InputError(
                f"split has first={self.first!r}, but a number of channels is wanted."
            )

    def sides(self) -> tuple[View, View]:
        """Channels up to ``first``, and from it on."""
        return Channels(f":{self.first}"), Channels(f"{self.first}:")

    def check(self, shape: Shape) -> None:
        """Refuse images without a channel for each view."""
        if shape[-3] <= self.first:
            raise InputError(
                f"{self!r} wants images of more than {counted(self.first, 'channel')}, but these "
                f"have {shape[-3]}."
            )
