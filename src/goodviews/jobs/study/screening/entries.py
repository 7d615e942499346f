"""Views of a screening that race.

Letters: R runs, F operations, T tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from goodviews.jobs.study.screening.design import effects
from goodviews.jobs.study.screening.operations import Operation, compose
from goodviews.jobs.study.screening.stage import Screened
from goodviews.methods.fitting import SIMCLR, simclr_views
from goodviews.views import parse_view

_BEST_RUNS = 2
_PRESET = {"natural": "infomin()", "topdown": "satellite()", "symbols": "documents()",
           "general": "medical()"}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A view that races.

    Attributes:
        view: Its spec.
        source: Where it comes from.
    """

    view: str
    source: str


def entries(screened: Screened, *, kind: str, channels: int, side: int) -> list[Entry]:
    """Compositions that the effects predict, the best runs, and published ones.

    For each task: every operation that raises the log probability of the right class; the same
    with crops between weak and strong; those alone whose interval lies above 0; and the runs of
    the screening that were best. Then published views for this kind of images.

    Args:
        screened: The screening.
        kind: Kind of the images.
        channels: Number of channels.
        side: Smaller side in pixels.

    Returns:
        Views, no two alike, in that order.
    """
    found: list[Entry] = []
    for nats in screened.nats:
        read = effects(screened.design, nats)
        good = [one.value > 0 for one in read.alone]
        sure = [one.low > 0 for one in read.alone]
        sure[0] = good[0]
        found += [
            Entry(compose(screened.found, good), "all that helped"),
            Entry(compose(_between(screened.found), good), "all that helped, medium crops"),
            Entry(compose(screened.found, sure), "what surely helped"),
        ]
        best = np.argsort(-nats, kind="stable")[:_BEST_RUNS]
        found += [Entry(screened.views[run], "among the best runs") for run in best]
    common = "crop(scale=(0.35, 1))" + ("|flip()|jitter(0.5)" if channels == 3 else "")
    found.append(Entry(repr(parse_view(common)), "crops of a medium area"))
    name = _PRESET[kind] if kind != "natural" or channels == 3 else _PRESET["general"]
    found += [Entry(repr(parse_view(name)), name), Entry(simclr_views(channels), SIMCLR)]
    shape = (channels, side, side)
    first: dict[str, Entry] = {}
    for one in found:
        made = parse_view(one.view)
        if all(len(chain.out_shape(shape)) == 3 for chain in (made.first, made.second)):
            first.setdefault(one.view, one)
    return list(first.values())


def _between(found: Sequence[Operation]) -> list[Operation]:
    """The same operations, with crops whose least area lies between weak and strong."""
    crop = found[0]
    middle = "crop(scale=(0.5, 1))" if "0.35" in crop.spec else "crop(scale=(0.3, 1))"
    return [replace(crop, spec=middle, off=middle), *found[1:]]
