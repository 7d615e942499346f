"""What ``views show`` puts on its page: images after each step, and what values became."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from goodviews.core.names import VIEWS, spell

if TYPE_CHECKING:
    from goodviews.data import Images
    from goodviews.views.compose import Chain, ViewPair

__all__ = ["look"]

SHOWN = 6
"""Images in the grid, evenly spaced over the set."""

COUNTED = 256
"""Images over which clipping and values are counted."""

BINS = 64


def look(pair: "ViewPair", images: "Images", *, command: str, seed: int = 0) -> dict[str, Any]:
    """Draw a pair of views of some images, step by step.

    Args:
        pair: What :func:`goodviews.views.parse_view` made.
        images: The set.
        command: A study of this view, to copy.
        seed: Number of the draws.

    Returns:
        What :func:`goodviews.report.views_page.views_page` shows; images are
        (B, H, W, C) float32 in [0, 1], histograms are counts over [0, 1].

    Raises:
        InputError: The spec cannot take these images.
    """
    pair.check((images.channels, images.height, images.width))
    few = _spread(len(images), SHOWN)
    many = _spread(len(images), COUNTED)
    batch, crowd = images.batch(few), images.batch(many)
    sides, clipped, after = [], [], []
    for which, chain in enumerate((pair.first, pair.second)):
        key = pair.key(which, batch, seed, torch.from_numpy(few), 0)
        params = chain.sample(_shape(batch), key)
        stages = [(text, _plain(done)) for text, done in chain.stages(batch, params)]
        sides.append(stages or [("identity()", _plain(batch))])
        share, crowded = _crowd(chain, pair, which, crowd, many, seed)
        clipped.append(share)
        after.append(crowded)
    both = torch.cat([values.flatten() for values in after])
    return {
        "spec": repr(pair),
        "same": pair.same,
        "data": images.name,
        "range_note": images.range_note,
        "count": len(images),
        "counted": len(many),
        "size": (images.height, images.width, images.channels),
        "stretch": _stretch(images, crowd),
        "original": _plain(batch),
        "sides": sides,
        "clipped": float(np.mean(clipped)),
        "before_counts": _counts(crowd),
        "after_counts": _counts(both),
        "before": _moments(crowd),
        "after": _moments(both),
        "constant": sum(_constant(values) for values in after),
        "constant_before": _constant(crowd),
        "about": _about(pair),
        "command": command,
        "seed": seed,
    }


def _spread(count: int, wanted: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(np.int64))


def _shape(images: torch.Tensor) -> tuple[int, int, int]:
    channels, height, width = images.shape[1:]
    return channels, height, width


def _plain(images: torch.Tensor) -> np.ndarray:
    return images.permute(0, 2, 3, 1).contiguous().numpy()


def _crowd(
    chain: "Chain",
    pair: "ViewPair",
    which: int,
    images: torch.Tensor,
    places: np.ndarray,
    seed: int,
) -> tuple[float, torch.Tensor]:
    key = pair.key(which, images, seed, torch.from_numpy(places), 0)
    params = chain.sample(_shape(images), key)
    return chain.clipped(images, params), chain.apply(images, params)


def _counts(values: torch.Tensor) -> list[int]:
    counted = torch.histc(values.float().clamp(0, 1), BINS, 0, 1)
    return [int(count) for count in counted.tolist()]


def _moments(values: torch.Tensor) -> dict[str, float]:
    return {"mean": float(values.mean()), "std": float(values.std(correction=0))}


def _constant(images: torch.Tensor) -> int:
    flat = images.flatten(1)
    return int((flat.amax(1) == flat.amin(1)).sum())


def _stretch(images: "Images", crowd: torch.Tensor) -> tuple[float, float] | None:
    """Ends of the display's range for images of more than eight bits."""
    if images.pixels.dtype == np.uint8:
        return None
    low, high = np.quantile(crowd.numpy(), [0.01, 0.99]).tolist()
    return (low, high) if high > low and (low > 0.02 or high < 0.98) else None


def _about(pair: "ViewPair") -> list[dict[str, str]]:
    """What each step is, from the table of views."""
    names = {call.name: str(call) for calls in spell(repr(pair))[1] for call in calls}
    return [
        {
            "step": name,
            "does": VIEWS[name].does,
            "channels": VIEWS[name].channels,
            "strength": VIEWS[name].strength,
            "source": VIEWS[name].source,
        }
        for name in names
    ]
