"""How far ahead: a position further from the clip is harder to tell, and the digit takes over.

The second view of moving digits shares digit and position with frame t. The rows of
:mod:`goodviews_experiments.moving_digits.run` are repeated with other t, all else the same.
"""

from dataclasses import asdict, replace
from pathlib import Path

from goodviews.core import run_origin, write_table
from goodviews_experiments.moving_digits.cells import moving_cells, plain_rows
from goodviews_experiments.moving_digits.settings import MOVING

AHEAD = {"test": (1,), "cpu": (2, 10), "gpu": (10, 20, 40)}
SEEDS = {"test": (0,), "cpu": (0, 1), "gpu": (0, 1, 2)}
ROWS = ("nothing", "position", "digit+position")


def moving_ahead(*, scale: str, out: Path) -> Path:
    """Train position, alone and with the digit, at other frames t, and write ``rows.csv``.

    Args:
        scale: ``test``, ``cpu`` (about ten minutes on one thread) or ``gpu``.
        out: The folder to write to; finished cells are in its ``cells``.

    Returns:
        That folder.
    """
    seeds = SEEDS[scale]
    command = f"goodviews reproduce moving_ahead --scale {scale}"
    plans = [replace(MOVING[scale], ahead=ahead, rows=ROWS, seeds=seeds) for ahead in AHEAD[scale]]
    run = run_origin(command, seeds=seeds, settings=[asdict(plan) for plan in plans])
    rows = []
    for plan in plans:
        folder = out / "cells" / f"ahead-{plan.ahead}"
        worlds = plan.worlds()
        found = plain_rows(moving_cells(plan, folder, worlds=worlds))
        rows += [{"frames": plan.frames, "ahead": plan.ahead, **row} for row in found]
        run["data"] = worlds.source
    write_table(out, rows, run)
    return out
