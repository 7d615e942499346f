"""A view at rising strengths, the parameters of each draw, and what each step costs.

Letters: B images.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.views.mixed import unit

if TYPE_CHECKING:
    from goodviews.spec.grammar import Family
    from goodviews.views.base import Params, View
    from goodviews.views.chain import Chain
    from goodviews.views.compose import ViewPair
    from goodviews.views.mixed import Pictures

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Columns of the strip."""

_BINS = 256
_LONGEST = 90


def strips(
    pair: "ViewPair",
    images: "Pictures",
    places: np.ndarray,
    seed: int,
    plain: Callable[[Tensor], np.ndarray],
    *,
    family: "Family | None" = None,
) -> dict[str, Any] | None:
    """The first view with every graded step at a strength, the same draws in every column.

    Args:
        pair: The views.
        images: (B, C, H, W), or images of several sizes.
        places: (B,) their numbers in the set.
        seed: Number of the draws.
        plain: Makes (B, H, W, C) arrays of images.
        family: Its values make the columns, instead of strengths.

    Returns:
        ``columns``: (label, images) each; ``kept``: steps that have no strength; nothing
        when no step has one.
    """
    from goodviews.views.chain import Chain
    from goodviews.views.compose import parse_view

    def applied(chain: Chain) -> np.ndarray:
        key = pair.key(0, images, seed, torch.from_numpy(places), 0)
        return plain(chain.apply(images, chain.draw(images, key)))

    if family is not None:
        made = [
            (f"{value}", applied(parse_view(spec).first))
            for value, spec in zip(family.values, family.specs, strict=True)
        ]
        return {"columns": made, "kept": [], "argument": family.argument}
    graded: list[bool] = []
    columns = []
    for strength in STRENGTHS:
        steps: list[View] = []
        graded = []
        for step in pair.first.steps:
            try:
                steps.append(step.at(strength))
                graded.append(True)
            except InputError:
                steps.append(step)
                graded.append(False)
        chain = Chain(steps, common=pair.first.common)
        columns.append((f"{strength:g}", applied(chain)))
    if not any(graded):
        return None
    kept = [repr(step) for step, one in zip(pair.first.steps, graded, strict=True) if not one]
    return {"columns": columns, "kept": kept, "argument": "strength"}


def captions(chain: "Chain", params: "Params") -> list[list[str]]:
    """What was drawn for each image, per step: ``top 3, left 5, height 20, width 18``."""
    lines = []
    for place, step in enumerate(chain.steps):
        head = f"{place}.{step.name}."
        own = {n.removeprefix(head): v for n, v in params.items() if n.startswith(head)}
        count = len(next(iter(params.values()))) if params else 0
        lines.append([_caption(own, image) for image in range(count)])
    return lines


def _caption(own: "Params", image: int) -> str:
    if "on" in own and not bool(own["on"][image].any()):  # randaugment draws one per operation
        return "left out"
    parts = []
    for name, value in own.items():
        if name == "on" or value[image].numel() != 1:
            continue
        if value.dtype == torch.bool:
            parts.append(name if bool(value[image]) else f"not {name}")
        else:
            parts.append(f"{name} {float(value[image]):.3g}")
    text = ", ".join(parts)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def report_rows(chain: "Chain", images: "Pictures", params: "Params") -> list[dict[str, Any]]:
    """What each step does to the values of images: clipped share, entropy before and after.

    The entropy is that of the histogram of values, 256 bins over [0, 1], in nats: log 256 =
    5.55 at most; values outside are counted at the ends.

    Args:
        chain: The steps.
        images: (B, C, H, W) in [0, 1], or images of several sizes.
        params: Their draws.
    """
    steps: list[str] = []
    counts = torch.zeros(len(chain.steps) + 1, _BINS, dtype=torch.float64)
    clipped, total = [0.0] * len(chain.steps), 0
    for part in chain.parts(images, params):
        before, steps = part.images, []
        total += len(before)
        counts[0] += _histogram(before)
        for place, (text, done) in enumerate(part.chain.stages(before, part.params)):
            step = part.chain.steps[place]
            head = f"{place}.{step.name}."
            own = {
                name.removeprefix(head): value
                for name, value in part.params.items()
                if name.startswith(head)
            }
            clipped[place] += step.clipped(unit(before), own) * len(before)
            counts[place + 1] += _histogram(done)
            steps.append(text)
            before = done
    nats = [_entropy(one) for one in counts]
    return [
        {
            "step": text,
            "clipped": clipped[place] / total,
            "before_nats": nats[place],
            "after_nats": nats[place + 1],
        }
        for place, text in enumerate(steps)
    ]


def _histogram(images: Tensor) -> Tensor:
    return torch.histc(unit(images).float().clamp(0, 1), _BINS, 0, 1).double()


def _entropy(counts: Tensor) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * shares.log()).sum()) if math.isfinite(float(counts.sum())) else 0.0
