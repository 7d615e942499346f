"""What ``views show`` puts on its page: images after each step, and what values became."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch

from goodviews.core.intervals import normal_interval
from goodviews.jobs.look.strip import captions, report_rows, strips
from goodviews.spec.catalogue import VIEWS
from goodviews.spec.names import spell
from goodviews.views.mixed import unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from goodviews.data import Images
    from goodviews.spec.grammar import Family
    from goodviews.views.base import Params
    from goodviews.views.chain import Chain
    from goodviews.views.compose import ViewPair
    from goodviews.views.mixed import Pictures

Shots: TypeAlias = np.ndarray | list[np.ndarray]
"""Images (B, H, W, C), or (H, W, C) of several sizes."""

SHOWN = 6
"""Images in the grid, evenly spaced over the set."""

COUNTED = 256
"""Images over which clipping and values are counted."""

BINS = 64

_EPOCHS = 20
"""Passes of the critic of ``--bound``."""

STRIP = 3
"""Images in the strip of strengths."""


def look(
    pair: "ViewPair",
    images: "Images",
    *,
    command: str,
    seed: int = 0,
    family: "Family | None" = None,
) -> dict[str, Any]:
    """Draw a pair of views of some images, step by step.

    Args:
        pair: What :func:`goodviews.views.parse_view` made.
        images: The set.
        command: A study of this view, to copy.
        seed: Number of the draws.
        family: A family; the strip shows its values instead of strengths.

    Returns:
        What :func:`goodviews.pages.views.page.views_page` shows; images are
        (B, H, W, C) float32 in [0, 1], or lists of (H, W, C) where their sizes differ; histograms
        are counts over [0, 1].

    Raises:
        InputError: The spec cannot take these images.
    """
    pair.check((images.channels, images.height, images.width), images.least_shape)
    few = _spread(len(images), SHOWN)
    many = _spread(len(images), COUNTED)
    shown = images.for_views(few, floats=True)
    crowd, drawn = images.batch(many), images.for_views(many, floats=True)
    sides, clipped, after, notes, reports = [], [], [], [], []
    for which, chain in enumerate((pair.first, pair.second)):
        params = chain.draw(shown, pair.key(which, shown, seed, torch.from_numpy(few), 0))
        original, stages = _stages(chain, shown, params)
        sides.append(stages or [("identity()", original)])
        notes.append(captions(chain, params) or [[""] * len(few)])
        params = chain.draw(drawn, pair.key(which, drawn, seed, torch.from_numpy(many), 0))
        reports.append(report_rows(chain, drawn, params))
        clipped.append(chain.clipped(drawn, params))
        after.append(chain.apply(drawn, params))
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
        "original": original,
        "sides": sides,
        "notes": notes,
        "reports": reports,
        "strip": strips(
            pair,
            images.for_views(few[:STRIP], floats=True),
            few[:STRIP],
            seed,
            _plain,
            family=family,
        ),
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


def shared(
    view: str,
    images: "Images",
    *,
    seed: int,
    progress: "Callable[[str, int, int], None]",
) -> dict[str, Any]:
    """Train a study's small encoder with a view and bound what its two views share.

    Args:
        view: Spec of one pair.
        images: The set.
        seed: Number of the run.
        progress: Called with what is counted, how many are done and how many there are.

    Returns:
        ``nats``, ``stderr_nats``, ``ceiling_nats``, ``candidates``, ``at_ceiling`` and
        ``words``, one sentence.
    """
    from goodviews.measurement import shared_nats
    from goodviews.training.small import small_settings
    from goodviews.views import parse_view

    side = parse_view(view).side((images.channels, images.height, images.width))
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        progress("epochs trained", done, _EPOCHS)

    found = shared_nats(
        view,
        replace(images, labels={}, classes={}),  # labels would move the split
        settings=small_settings(side, device="cpu"),
        epochs=_EPOCHS,
        seed=seed,
        tick=tick,
    ).estimate
    nats, err, ceiling = found.nats, found.stderr_nats, found.ceiling_nats or 0.0
    bound = normal_interval(nats, err)
    low, high = max(bound.low, 0.0), max(bound.high, 0.0)
    nats = max(nats, 0.0)  # a negative bound is no better than 0
    words = (
        f"The two views share at least {nats:.1f} nats [{low:.1f}, {high:.1f}] by a critic "
        f"trained for {_EPOCHS} epochs; the bound cannot exceed log {found.candidates} = "
        f"{ceiling:.1f}."
    )
    if found.at_ceiling:
        words += " It is at that ceiling: the views may share far more."
    return {
        "nats": nats,
        "stderr_nats": err,
        "ceiling_nats": ceiling,
        "candidates": found.candidates,
        "at_ceiling": found.at_ceiling,
        "words": words,
    }


def _spread(count: int, wanted: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(np.int64))


def _stages(
    chain: "Chain", images: "Pictures", params: "Params"
) -> tuple[Shots, list[tuple[str, Shots]]]:
    """The images, and what is left of them after each step, with the spec of the step."""
    originals: dict[int, np.ndarray] = {}
    steps: list[tuple[str, dict[int, np.ndarray]]] = []
    for part in chain.parts(images, params):
        places = part.rows.tolist()
        originals |= zip(places, _plain(unit(part.images)), strict=True)
        for number, (text, done) in enumerate(part.chain.stages(part.images, part.params)):
            if number == len(steps):
                steps.append((text, {}))
            steps[number][1].update(zip(places, _plain(done), strict=True))
    return _ordered(originals), [(text, _ordered(found)) for text, found in steps]


def _ordered(found: dict[int, np.ndarray]) -> Shots:
    """Images in the order of their places, as one array where they have one size."""
    images = [found[place] for place in sorted(found)]
    return np.stack(images) if len({image.shape for image in images}) == 1 else images


def _plain(images: torch.Tensor) -> np.ndarray:
    """Images, or stacks of patches as one image each, for the page."""
    if images.ndim == 5:
        images = _montage(images)
    return images.permute(0, 2, 3, 1).contiguous().numpy()


def _montage(stacks: torch.Tensor) -> torch.Tensor:
    """(B, P, C, h, w) as (B, C, R h, S w): rows of patches with a pixel of white between."""
    count, patches, channels, height, width = stacks.shape
    columns = math.ceil(math.sqrt(patches))
    rows = math.ceil(patches / columns)
    sheet = stacks.new_ones(count, channels, rows * (height + 1) - 1, columns * (width + 1) - 1)
    for place in range(patches):
        top, left = place // columns * (height + 1), place % columns * (width + 1)
        sheet[:, :, top : top + height, left : left + width] = stacks[:, place]
    return sheet


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
