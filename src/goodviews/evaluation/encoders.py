"""From a text to a function of images: whose encoder it is makes no difference afterwards.

Letters: B images, N of them in the set, C H W one image, F representation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError, unknown
from goodviews.evaluation.libraries import library_model
from goodviews.evaluation.seen import Seen

Embed = Callable[[Tensor, Tensor], Tensor]
"""Pixels (B, C, H, W) in [0, 1] and places (B,) in the set to representations (B, F)."""

ARRAYS = (".npy", ".npz")
RAW_MOST = 3072
"""Raw values above which pixels are averaged, two by two, for the baseline."""


@dataclass(frozen=True)
class Encoder:
    """An encoder that no longer learns.

    Attributes:
        name: What rows call it; never a path.
        detail: What it is, in a few words.
        embed: Pixels and places to representations.
        trained: Whether it learned anything; ``None`` where that is not known.
        settle: For drawn weights: measures the normalisation's statistics on images
            (B, C, H, W), as a trained encoder's were; without it random weights say too little.
        blank: Text that opens the same kind of encoder with drawn weights, where there is one.
        module: What ``embed`` applies, pixels (B, C, H, W) to (B, F), where it has weights that
            could be trained further.
        seen: What it was trained on, where that is known.
    """

    name: str
    detail: str
    embed: Embed
    trained: bool | None = None
    settle: Callable[[Tensor], None] | None = None
    blank: str | None = None
    module: nn.Module | None = None
    seen: Seen | None = None


Opener = Callable[[str, int, int, int], Encoder]
"""Text, channels, size and seed to an encoder."""


def open_encoder(
    text: str,
    *,
    channels: int,
    size: int,
    count: int,
    seed: int = 0,
    device: torch.device | None = None,
    openers: Mapping[str, Opener] | None = None,
) -> Encoder:
    """Find the encoder that a text names.

    * ``z.npy`` or ``z.npz``: an array (N, F), row i for image i of the set;
    * ``timm:NAME`` and ``torchvision:NAME``: that library's model with its weights, from its
      cache or downloaded; ``NAME@random`` draws them instead, ``NAME@FILE`` loads a state
      dict (``.pth``, ``.safetensors``);
    * ``pixels``: the images themselves, averaged down where they are large;
    * what ``openers`` adds, by the beginning (``convnet``) or the ending (``.pt``) of the
      text, or ``/`` for a folder that exists.

    Args:
        text: What the user wrote.
        channels: C of the images.
        size: Their smaller side in pixels.
        count: N, images of the set.
        seed: Of drawn weights.
        device: Where it computes.
        openers: More kinds: a beginning or an ending (with its dot) to a function.

    Returns:
        The encoder.

    Raises:
        InputError: Nothing of the kind is known or can be read, or it cannot take the images.

    Example:
        >>> encoder = open_encoder("pixels", channels=1, size=4, count=2)
        >>> encoder.embed(torch.zeros(2, 1, 4, 4), torch.arange(2)).shape
        torch.Size([2, 16])
    """
    text = text.strip()
    library, _, rest = text.partition(":")
    if text == "pixels":
        return Encoder("raw pixels", "averaged down where large", raw_pixels, False)
    if library in ("timm", "torchvision") and rest:
        return _of_library(library, rest, channels, size, seed, device)
    if Path(text).suffix.lower() in ARRAYS:
        return _array(Path(text), count)
    for mark, opener in (openers or {}).items():
        if mark == "/":
            fits = Path(text).is_dir()
        else:
            fits = text.endswith(mark) if mark.startswith(".") else text.startswith(mark)
        if fits:
            return opener(text, channels, size, seed)
    if Path(text).is_file():
        raise InputError(
            f"{text} may hold weights, but not of which model: name it, as in "
            f"timm:resnet50@{text}."
        )
    known = ["timm:NAME", "torchvision:NAME", "FILE.npy", "FILE.npz", "pixels"]
    marks = [mark for mark in openers or {} if mark != "/"]
    known += [f"FILE{mark}" if mark.startswith(".") else mark for mark in marks]
    known += ["FOLDER"] if "/" in (openers or {}) else []
    raise unknown("encoder", text, known)


def raw_pixels(pixels: Tensor, places: Tensor | None = None) -> Tensor:  # noqa: ARG001
    """Images (B, C, H, W) as vectors (B, F), halved until F is at most 3,072."""
    while pixels[0].numel() > RAW_MOST and min(pixels.shape[-2:]) > 1:
        pixels = nn.functional.avg_pool2d(pixels, 2)
    return pixels.flatten(1)


def _array(path: Path, count: int) -> Encoder:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not an array of numbers"
        raise InputError(f"Cannot read the representations {path}: {reason}.") from error
    if not isinstance(found, np.ndarray):
        tables = [name for name in found.files if found[name].ndim == 2]
        if len(tables) != 1:
            raise InputError(
                f"{path} holds {len(tables)} tables ({', '.join(found.files)}), but exactly "
                f"one array (N, F) is wanted: save it alone, as .npy."
            )
        found = found[tables[0]]
    if found.ndim != 2 or found.dtype.kind not in "fiu":
        raise InputError(
            f"{path} has shape {found.shape} of {found.dtype}, but numbers (N, F) are wanted: one "
            f"row per image."
        )
    if len(found) != count:
        raise InputError(
            f"{path} has {len(found):,} rows, but the set has {count:,} images: give one row per "
            f"image, in the set's order."
        )
    table = torch.from_numpy(np.ascontiguousarray(found, dtype=np.float32))
    if not bool(table.isfinite().all()):
        raise InputError(f"{path} holds values that are not finite: train again, or leave out.")
    return Encoder(
        path.stem, f"array of {found.shape[1]:,} features", lambda _, at: table[at.cpu()]
    )


def _of_library(
    library: str, rest: str, channels: int, size: int, seed: int, device: torch.device | None
) -> Encoder:
    """A library's model without its classifier, normalisation in front."""
    name, _, weights = rest.partition("@")
    random = weights == "random"
    model, features = library_model(
        library, name, weights, channels=channels, size=size, seed=seed, device=device
    )
    what = "its own weights" if not weights else f"weights of {Path(weights).name}"
    return Encoder(
        f"{library}:{name}" + ("@random" if random else ""),
        f"{'random weights' if random else what}, {features:,} features",
        lambda pixels, _: model(pixels),
        not random,
        partial(settle, model, model) if random else None,
        f"{library}:{name}@random",
        model,
    )


@torch.no_grad()
def settle(model: nn.Module, embed: Callable[[Tensor], Tensor], images: Tensor) -> None:
    """Make drawn weights a fair baseline: batch-norms as after a first step of training.

    Running statistics are those of one batch; a scale that starts at 0, which would leave
    out the block behind it, becomes 1.

    Args:
        model: With drawn weights.
        embed: Its forward pass.
        images: (B, C, H, W) in [0, 1].
    """
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        if norm.weight is not None and not bool(norm.weight.any()):
            norm.weight.fill_(1.0)
        norm.momentum = None  # the plain mean of what is seen
        norm.train()
    embed(images)
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
        norm.eval()
