"""A frozen encoder as a function of images, and the two kinds of baseline beside it.

Letters: B images, C H W one image, F representation.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from goodviews.evaluation.seen import Seen

Embed = Callable[[Tensor, Tensor], Tensor]
"""Pixels (B, C, H, W) in [0, 1] and places (B,) in the set to representations (B, F)."""

RAW_MOST = 3072
"""Raw values above which pixels are averaged, two by two, for the baseline."""


@dataclass(frozen=True)
class Encoder:
    """An encoder that no longer learns.

    Attributes:
        name: Name for tables and pages; never a path.
        detail: A few words on what it is.
        embed: Pixels and places to representations.
        trained: Whether it learned anything; ``None`` where that is not known.
        settle: For drawn weights: measures the normalisation's statistics on images
            (B, C, H, W), as a trained encoder's were; without it random weights say too little.
        blank: Text that opens the same kind of encoder with drawn weights, where there is one.
        module: What ``embed`` applies, pixels (B, C, H, W) to (B, F), where it has weights that
            could be trained further.
        seen: What it was trained on, where that is known.
        takes_images: Whether it is a function of the pixels; not so a table of representations.
        loaded: Sentence on the share of its weights that a file of another library held.
    """

    name: str
    detail: str
    embed: Embed
    trained: bool | None = None
    settle: Callable[[Tensor], None] | None = None
    blank: str | None = None
    module: nn.Module | None = None
    seen: Seen | None = None
    takes_images: bool = True
    loaded: str = ""


def raw_pixels(pixels: Tensor, places: Tensor | None = None) -> Tensor:  # noqa: ARG001
    """Images (B, C, H, W) as vectors (B, F), halved until F is at most 3,072.

    Example:
        >>> raw_pixels(torch.zeros(2, 3, 64, 64)).shape
        torch.Size([2, 3072])
    """
    while pixels[0].numel() > RAW_MOST and min(pixels.shape[-2:]) > 1:
        pixels = nn.functional.avg_pool2d(pixels, 2)
    return pixels.flatten(1)


@torch.no_grad()
def settle(model: nn.Module, embed: Callable[[Tensor], Tensor], images: Tensor) -> None:
    """Make drawn weights a fair baseline: batch-norms as after a first step of training.

    Running statistics are those of one batch; a scale that starts at 0, which would leave
    out the block behind it, becomes 1.

    Args:
        model: With drawn weights.
        embed: Its forward pass.
        images: (B, C, H, W) in [0, 1].

    Example:
        >>> norm = nn.BatchNorm2d(1)
        >>> settle(norm, norm, torch.full((4, 1, 2, 2), 0.5))
        >>> norm.running_mean
        tensor([0.5000])
    """
    for norm in _norms(model):
        if norm.weight is not None and not bool(norm.weight.any()):
            norm.weight.fill_(1.0)
    measure_norms(model, lambda: embed(images))


@torch.no_grad()
def measure_norms(model: nn.Module, run: Callable[[], object]) -> None:
    """Replace the running statistics of batch-norms by means over what a function sends through.

    Args:
        model: Model with batch-norms, which are in evaluation mode afterwards.
        run: Applies it to one or several batches.
    """
    norms = _norms(model)
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean of what is seen
        norm.train()
    run()
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
        norm.eval()


def _norms(model: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    return [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
