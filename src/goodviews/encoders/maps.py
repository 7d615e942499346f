"""Feature maps of any backbone, found by what its parts return.

Letters: B images, C channels, H and W pixels, F representation, h w a map.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError

_STRIDES = tuple(2**k for k in range(7))
_MOST_LEADING = 5
"""Tokens of a vision transformer that stand for the whole image: class and registers."""

Form = str | int
Tap = tuple[nn.Module, Form]

_SMALLEST = 4
"""Stride in pixels of the finest map that is used, where there are coarser ones."""


class Maps(nn.Module):
    """A backbone that returns its feature maps, finest first, instead of their mean.

    The map of a stride is the last output (B, F, h, w) of this size of any part of the backbone
    that is not inside of a part with a coarser output, so the coarsest one is what the backbone
    averages. A vision transformer has one map: its last tokens, without those that stand for the
    whole image. Two backbones, one for each half of the channels, give maps that are concatenated.

    Args:
        module: From images (B, C, H, W) to (B, F).
        image: (C, H, W) of the images it is used for; other sizes may be given where the backbone
            takes them.

    Attributes:
        strides: Pixels between neighbouring values of each map.
        channels: F of each map.

    Raises:
        InputError: The backbone does not take such images, or has no map.

    Example:
        >>> from goodviews.encoders import build_backbone
        >>> net = Maps(build_backbone("convnet(width=4)", channels=3, size=32), (3, 32, 32))
        >>> net.strides, net.channels, [tuple(one.shape) for one in net(torch.zeros(2, 3, 32, 32))]
        ((4, 8), (16, 32), [(2, 16, 8, 8), (2, 32, 4, 4)])
    """

    def __init__(self, module: nn.Module, image: tuple[int, int, int]) -> None:
        super().__init__()
        self.module = module
        pair = getattr(module, "encoders", None)
        self._roots = list(getattr(pair, "backbones", [module]))
        like = next(module.parameters(), torch.zeros(()))
        blank = torch.zeros(2, *image, device=like.device)
        self._taps = [self._find(root, blank) for root in self._roots]
        self.strides = self._common()
        with torch.no_grad(), _as_evaluated(module):
            self.channels = tuple(one.shape[1] for one in self(blank))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Maps (B, F, h, w) of images (B, C, H, W), finest first."""
        found: list[dict[int, Tensor]] = [{} for _ in self._taps]
        handles = []
        for k, taps in enumerate(self._taps):
            for stride in self.strides:
                part, form = taps[stride]
                keep = partial(_keep, found[k], stride, form, images.shape[-2:])
                handles.append(part.register_forward_hook(keep))
        try:
            self.module(images)
        finally:
            for handle in handles:
                handle.remove()
        return [torch.cat([one[stride] for one in found], dim=1) for stride in self.strides]

    def _find(self, root: nn.Module, blank: Tensor) -> dict[int, Tap]:
        """For each stride, the part that returns its map."""
        height, width = blank.shape[-2:]
        seen: list[tuple[str, int, nn.Module, Form]] = []

        def look(part: nn.Module, _: Any, out: Any) -> None:
            if not isinstance(out, Tensor) or len(out) != len(blank):
                return
            coarsest = seen[-1][1] if seen else 1
            for stride in _STRIDES:
                # An attention matrix may have the size of a finer map than its layer works on.
                if not coarsest <= stride < min(height, width):
                    continue
                form = _form(tuple(out.shape), height, width, stride)
                if form is not None:
                    seen.append(
                        ("tokens" if isinstance(form, int) else "maps", stride, part, form)
                    )
                    return

        handles = [part.register_forward_hook(look) for part in root.modules()]
        try:
            with torch.no_grad(), _as_evaluated(self.module):
                self.module(blank)
        except (RuntimeError, ValueError, AssertionError, TypeError) as error:
            reason = " ".join(str(error).split())[:160].rstrip(". ")
            raise InputError(
                f"The encoder cannot take images of {blank.shape[1]} x {height} x {width} "
                f"({reason}); choose another --size."
            ) from error
        finally:
            for handle in handles:
                handle.remove()
        return _last_whole(root, seen)

    def _common(self) -> tuple[int, ...]:
        """Strides that all backbones have, at least four pixels where there are such."""
        shared = set(self._taps[0]).intersection(*self._taps[1:])
        if not shared:
            raise InputError(
                "The encoder has no feature map, only features of the whole image; choose one "
                "with convolutions or patches, such as resnet18() or convnet()."
            )
        coarse = [one for one in sorted(shared) if one >= _SMALLEST]
        return tuple(coarse or [max(shared)])


def _last_whole(
    root: nn.Module, seen: Sequence[tuple[str, int, nn.Module, Form]]
) -> dict[int, Tap]:
    """The last output of each stride, without those from inside of a part that ends coarser.

    So the first convolution of a bottleneck that halves the map is not taken for the stage
    before it.
    """
    names = {part: name for name, part in root.named_modules()}
    ends = {names[part]: stride for _, stride, part, _ in seen}
    best: dict[int, tuple[int, Tap]] = {}
    for kind, stride, part, form in seen:
        if kind != seen[-1][0]:
            continue
        words = names[part].split(".")
        parents = [".".join(words[:k]) for k in range(1, len(words))]
        inside = sum(ends.get(one, 0) > stride for one in parents)
        if stride not in best or inside <= best[stride][0]:
            best[stride] = inside, (part, form)
    return {stride: tap for stride, (_, tap) in best.items()}


def _form(shape: tuple[int, ...], height: int, width: int, stride: int) -> Form | None:
    """How an output holds a map of a stride: an axis order, or how many tokens lead."""
    rows, columns = -(-height // stride), -(-width // stride)
    if len(shape) == 4 and shape[2:] == (rows, columns):
        return "first"
    if len(shape) == 4 and shape[1:3] == (rows, columns):
        return "last"
    lead = shape[1] - (height // stride) * (width // stride) if len(shape) == 3 else -1
    return lead if stride > 2 and 0 <= lead <= _MOST_LEADING else None


def _keep(
    found: dict[int, Tensor],
    stride: int,
    form: Form,
    size: Sequence[int],
    part: nn.Module,  # noqa: ARG001 - what a hook is given
    given: Any,  # noqa: ARG001
    out: Tensor,
) -> None:
    if form == "last":
        out = out.permute(0, 3, 1, 2)
    elif isinstance(form, int):
        height, width = (side // stride for side in size)
        out = out[:, form:].transpose(1, 2).reshape(len(out), -1, height, width)
    found[stride] = out


@contextmanager
def _as_evaluated(module: nn.Module) -> Iterator[None]:
    """Within the block, a module is in evaluation mode."""
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode
