"""The pictures of learned channels, and what they are made of.

Letters: B images, C channels, H and W pixels, P pixels of them all.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from goodviews.core.files import write_bytes
from goodviews.data import Images
from goodviews.views import parse_view
from goodviews.views.generators import Generator

SHOWN, PAIRS = 4, 6
_LARGEST, _COUNTED = 96, 128
_BENT = 0.005
"""Share of a channel's variance that no linear mix explains, from which it is non-linear."""


def channel_pictures(
    images: Images, generator: Generator, index: np.ndarray, folder: Path
) -> dict[str, Any]:
    """Write each channel of some images before and after, grey, as WEBP files.

    Raw channels share one scale; a learned one has its own, from its 1st to its 99th percentile.

    Args:
        images: The data.
        generator: C channels to as many.
        index: (N,) images to choose from, evenly.
        folder: Where ``before-i-c.webp`` and ``after-i-c.webp`` go.

    Returns:
        ``count``, ``size`` (H, W), ``before`` and ``after``: (low, high) of each channel, and
        ``whole``, whether there is a picture of the whole image.
    """
    crowd = images.batch(index[_spread(len(index), _COUNTED)])
    few = images.batch(index[_spread(len(index), SHOWN)])
    wide = [0.0, 1.0] if images.pixels.dtype == np.uint8 else _ends(crowd)
    before = [wide] * images.channels
    with torch.no_grad():
        mapped, made = generator(crowd), generator(few)
    after = [_ends(mapped[:, c]) for c in range(images.channels)]
    whole = images.channels >= 3
    for i in range(len(few)):
        for c in range(images.channels):
            _write(folder / f"before-{i}-{c}.webp", few[i, c : c + 1], [before[c]])
            _write(folder / f"after-{i}-{c}.webp", made[i, c : c + 1], [after[c]])
        if whole:
            _write(folder / f"whole-{i}.webp", few[i, :3], before[:3])
    return {
        "count": len(few),
        "size": list(few.shape[-2:]),
        "before": before,
        "after": after,
        "whole": whole,
    }


def change_pictures(
    images: Images, generator: Generator, index: np.ndarray, folder: Path
) -> dict[str, Any]:
    """Write what a generator changed, ``apart-i-c.webp``: absolute values, all on one scale.

    A channel that is not linear is shown minus its best linear mix of the raw ones. Where
    none does, the channel that was in the same place is subtracted instead.

    Args:
        images: The data.
        generator: C channels to as many.
        index: (N,) images to choose from, evenly.
        folder: Where they go.

    Returns:
        ``bent``, whether one is not linear, and ``top``, the value that is white: the 99th
        percentile over all channels.
    """
    crowd = images.batch(index[_spread(len(index), _COUNTED)])
    few = images.batch(index[_spread(len(index), SHOWN)])
    with torch.no_grad():
        mapped, made = generator(crowd), generator(few)
    weights, middle, ends, left = _mixed(crowd, mapped)
    bent = bool((left > _BENT).any())
    if bent:

        def mix(raw: Tensor) -> Tensor:
            flat = raw.movedim(1, -1).double() - middle
            return (flat @ weights + ends).movedim(-1, 1).to(raw.dtype)

        all_apart, apart = (mapped - mix(crowd)).abs(), (made - mix(few)).abs()
    else:
        all_apart, apart = (mapped - crowd).abs(), (made - few).abs()
    top = max(float(np.quantile(all_apart.numpy(), 0.99)), 1e-6)
    for i in range(len(few)):
        for c in range(images.channels):
            _write(folder / f"apart-{i}-{c}.webp", apart[i, c : c + 1], [[0.0, top]])
    return {"bent": bent, "top": top}


def pair_pictures(
    images: Images, spec: str, after: Sequence[Sequence[float]], index: np.ndarray, folder: Path
) -> int:
    """Write pairs as the encoders see them, ``pair-i-1.webp`` and ``pair-i-2.webp``.

    One channel is grey; of two the third colour is their mean; of more the first three are shown.

    Args:
        images: The data.
        spec: Spec of the learned views.
        after: (low, high) of each learned channel.
        index: (N,) images to choose from, evenly.
        folder: Where they go.

    Returns:
        Number of pairs.
    """
    few = index[_spread(len(index), PAIRS)]
    views = parse_view(spec)(images.batch(few), seed=0, samples=torch.from_numpy(few), epoch=1)
    cut = views[0].shape[1]
    for i in range(len(few)):
        for number, ends in enumerate((after[:cut], after[cut:])):
            _write(folder / f"pair-{i}-{number + 1}.webp", views[number][i], ends)
    return len(few)


def meanings(images: Images, generator: Generator, index: np.ndarray) -> list[dict[str, Any]]:
    """What each learned channel is, as far as it is a linear mix of the raw ones.

    Args:
        images: The data.
        generator: C channels to as many.
        index: (N,) images to look at.

    Returns:
        Per learned channel ``weights`` (C, of the raw channels), and ``explained``, the share
        of its variance over pixels that they account for.
    """
    raw = images.batch(index[_spread(len(index), _COUNTED)])
    with torch.no_grad():
        made = generator(raw)
    weights, _, _, left = _mixed(raw, made)
    return [
        {"weights": weights[:, c].tolist(), "explained": float(1 - left[c])}
        for c in range(len(left))
    ]


def _mixed(raw: Tensor, made: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Best linear mix (C, C) of raw channels, means (C,) of raw and made ones, share left (C,)."""
    x, y = (v.transpose(0, 1).flatten(1).double().T for v in (raw, made))
    middle, ends = x.mean(0), y.mean(0)
    x, y = x - middle, y - ends
    found = torch.linalg.lstsq(x, y, driver="gelsd").solution
    left = (y - x @ found).square().sum(0) / y.square().sum(0).clamp(min=1e-12)
    return found, middle, ends, left


def _spread(count: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def _ends(values: Tensor) -> list[float]:
    low, high = np.quantile(values.numpy(), (0.01, 0.99))
    return [float(low), float(max(high, low + 1e-6))]


def _pixels(view: Tensor, ends: Sequence[Sequence[float]]) -> np.ndarray:
    """(C, H, W) as bytes (H, W, 3), each channel on its own scale."""
    low, high = (torch.tensor([end[k] for end in ends[:3]])[:, None, None] for k in (0, 1))
    shown = ((view[:3] - low) / (high - low)).clamp(0, 1)
    if len(shown) == 2:
        shown = torch.cat([shown, shown.mean(dim=0, keepdim=True)])
    shown = shown.expand(3, -1, -1)
    return (shown * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()


def _write(file: Path, view: Tensor, ends: Sequence[Sequence[float]]) -> None:
    pixels = _pixels(view, ends)
    picture = Image.fromarray(pixels)
    small = pixels.shape[0] <= 48
    if pixels.shape[0] > _LARGEST:
        wide = round(_LARGEST * pixels.shape[1] / pixels.shape[0])
        picture = picture.resize((wide, _LARGEST))
    out = io.BytesIO()
    picture.save(out, "WEBP", lossless=small, quality=80, method=4)
    write_bytes(file, out.getvalue())
