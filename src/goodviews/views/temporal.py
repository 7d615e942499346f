"""Views of clips: two frames a fixed time apart, or past frames and a later one.

Letters: B examples, T frames, C channels, H and W pixels. Clips are (B, T, C, H, W).
"""

from typing import ClassVar

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views.base import Joint, Params, Shape, View, register


@register("frame", "a random frame of a clip")
class Frame(View):
    """One frame of a clip, uniform among the frames with enough others before and after.

    Representations for evaluation use the middle frame of the clip.

    Attributes:
        before: Minimum number of frames before it.
        after: Minimum number of frames after it.
    """

    axes: ClassVar[int] = 4
    before: int = 0
    after: int = 0

    def __post_init__(self) -> None:
        """Check the numbers of frames."""
        _whole("frame", "before", self.before, 0)
        _whole("frame", "after", self.after, 0)

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``frame``, (B,) int64."""
        return {"frame": self.before + _start(shape[0] - self.before - self.after, key)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Select a frame of clips (B, T, C, H, W): (B, C, H, W)."""
        return _pick(images, params["frame"][:, None])[:, 0]

    def plain(self, images: Tensor) -> Tensor:
        """Return the middle frame of clips; images are returned unchanged."""
        return images[:, images.shape[1] // 2] if images.ndim == 5 else images

    def out_shape(self, shape: Shape) -> Shape:
        """Shape of the views, (C, H, W)."""
        return shape[1:]

    def check(self, shape: Shape) -> None:
        """Check that clips are long enough."""
        _check_clip(repr(self), shape, self.before + 1 + self.after)


@register("frames", "two views: frames of a clip, a fixed time apart")
class Frames(Joint):
    """Two frames of one clip, a fixed time apart, at a uniform position.

    Attributes:
        apart: Number of frames from the first to the second.
    """

    axes: ClassVar[int] = 4
    apart: int = 1

    def __post_init__(self) -> None:
        """Check the numbers of frames."""
        _whole("frames", "apart", self.apart, 0)

    def sides(self) -> tuple[View, View]:
        """Views of the earlier frame, and of the later one."""
        return Frame(after=self.apart), Frame(before=self.apart)


@register(
    "past",
    "random frames in a row of a clip",
    source="Tian et al., 2020, Colorful Moving-MNIST: 10 frames [likely]",
)
class Past(View):
    """Consecutive frames, at a uniform position with enough frames after them.

    Representations for evaluation use the first frames of the clip.

    Attributes:
        count: Number of frames K.
        after: Minimum number of frames after the last of them.
    """

    form: ClassVar[bool] = True
    axes: ClassVar[int] = 4
    count: int = 10
    after: int = 0

    def __post_init__(self) -> None:
        """Check the numbers of frames."""
        _whole("past", "count", self.count, 1)
        _whole("past", "after", self.after, 0)

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``frame``, (B,) int64: the first of the frames."""
        return {"frame": _start(shape[0] - self.count + 1 - self.after, key)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Select frames of clips (B, T, C, H, W): (B, K, C, H, W)."""
        steps = torch.arange(self.count, device=images.device)
        return _pick(images, params["frame"][:, None] + steps)

    def plain(self, images: Tensor) -> Tensor:
        """Return the first frames of clips."""
        return images[:, : self.count]

    def out_shape(self, shape: Shape) -> Shape:
        """Shape of the views, (K, C, H, W)."""
        return (self.count, *shape[1:])

    def check(self, shape: Shape) -> None:
        """Check that clips are long enough."""
        _check_clip(repr(self), shape, self.count + self.after)


@register(
    "pastframes",
    "two views: frames in a row, and one later frame of the clip",
    source="Tian et al., 2020, Colorful Moving-MNIST: 10 frames and the 20th [likely]",
)
class PastFrames(Joint):
    """Consecutive frames and a later frame (Tian et al., 2020, Colorful Moving-MNIST).

    Attributes:
        count: Number of frames of the first view.
        ahead: Number of frames from the last of them to that of the second view.
    """

    axes: ClassVar[int] = 4
    count: int = 10
    ahead: int = 10

    def __post_init__(self) -> None:
        """Check the numbers of frames."""
        _whole("pastframes", "count", self.count, 1)
        _whole("pastframes", "ahead", self.ahead, 0)

    def sides(self) -> tuple[View, View]:
        """Views of the consecutive frames, and of the later one."""
        return Past(self.count, self.ahead), Frame(before=self.count - 1 + self.ahead)


def _start(room: int, key: Key) -> Tensor:
    return (key.uniform(1)[:, 0].double() * room).long()


def _pick(clips: Tensor, frames: Tensor) -> Tensor:
    """Select frames (B, K) of clips (B, T, C, H, W): (B, K, C, H, W)."""
    index = frames[:, :, None, None, None].expand(-1, -1, *clips.shape[2:])
    return clips.gather(1, index)


def _whole(step: str, name: str, value: object, least: int) -> None:
    if not (type(value) is int and value >= least):
        raise InputError(
            f"{step} has {name}={value!r}, but it must be a whole number of frames, "
            f"at least {least}."
        )


def _check_clip(text: str, shape: Shape, wanted: int) -> None:
    if len(shape) != 4:
        raise InputError(f"{text} takes clips (T, C, H, W), but got images {tuple(shape)}.")
    if shape[0] < wanted:
        raise InputError(f"{text} needs {wanted} frames, but these clips have {shape[0]}.")
