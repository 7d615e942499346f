"""Tables of arms and seeds: each run once and kept, its mean, and differences on the same items.

Letters: R runs of an arm, N items that are tested.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from goodviews.core import Cells, intervals, run_origin
from goodviews.jobs.learn_views import Judgement

Row = dict[str, Any]
Right = dict[tuple[str, int], np.ndarray]
"""Arm and seed: (N,) 1 where the linear readout was right, else 0."""


def slug(arm: str, seed: int) -> str:
    """Name of a file for an arm and a seed.

    Example:
        >>> slug("semi RGB, no average", 2)
        'semi_RGB_no_average-2'
    """
    return f"{re.sub('[^0-9A-Za-z]+', '_', arm).strip('_')}-{seed}"


def judged_cell(
    cells: Cells, arm: str, seed: int, make: Callable[..., tuple[Row, Judgement, Row]], *args: Any
) -> dict[str, Any]:
    """One arm with one seed: computed now, or read where it is stored.

    Args:
        cells: The store of the run.
        arm: Its name.
        seed: Number of the run.
        make: Gives the first columns of the row, what new encoders found, and the last columns.
        *args: What it is called with.

    Returns:
        ``row``, ``right`` (N,) and ``commit``.
    """

    def cell() -> dict[str, Any]:
        before, found, after = make(*args)
        judged = {
            "shared_nats": found.bound.nats, "stderr_nats": found.bound.stderr_nats,
            "ceiling_nats": found.bound.ceiling_nats, "linear_top1": float(found.right.mean()),
            "knn_top1": float(found.knn.mean()), "undertrained": found.undertrained,
            "steps": found.steps,
        }  # fmt: skip
        return {
            "row": {"arm": arm, **before, "seed": seed, **judged, **after},
            "right": found.right,
            "commit": run_origin("", seeds=[seed])["commit"],
        }

    made: dict[str, Any] = cells(slug(arm, seed), cell)
    return made


def collected(cells: Sequence[dict[str, Any]]) -> tuple[list[Row], Right, list[str]]:
    """Rows of some cells, who was right in each, and the commits they were made at."""
    rows = [cell["row"] for cell in cells]
    right = {(cell["row"]["arm"], cell["row"]["seed"]): cell["right"] for cell in cells}
    return rows, right, sorted({cell["commit"] for cell in cells})


def mean(arm: str, right: Right) -> Row:
    """Accuracy of an arm in %: mean over runs, 95 % interval over runs and items, extremes."""
    runs = np.stack([own for (name, _), own in right.items() if name == arm])
    low, high = intervals.runs_interval(runs)
    each = 100 * runs.mean(axis=1)
    return {
        "runs": len(runs), "top1": each.mean(), "low": 100 * low, "high": 100 * high,
        "spread_runs": each.std(ddof=1) if len(runs) > 1 else None,
        "least": each.min(), "most": each.max(),
    }  # fmt: skip


def gap(one: str, other: str, right: Right) -> Row | None:
    """Accuracy of an arm over another's in points, paired by seed and item.

    Returns:
        The row with its 95 % interval over runs and items; ``None`` where no seed has both.
    """
    seeds = [seed for arm, seed in right if arm == one and (other, seed) in right]
    if not seeds:
        return None
    apart = np.stack([right[one, seed] - right[other, seed] for seed in seeds])
    low, high = intervals.runs_interval(apart)
    return {
        "arm": one, "over": other, "runs": len(seeds),
        "points": 100 * apart.mean(), "low": 100 * low, "high": 100 * high,
    }  # fmt: skip
