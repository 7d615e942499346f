"""The InfoMin proposition and its three regimes, exactly, in a discrete world.

Factors c (the task, 4 values), n1 and n2 (nuisances of one view each) and m (a
nuisance both views may show). Every choice of factors for the two views is a pair
of views; every deterministic encoder of v1 is enumerated.
"""

from itertools import combinations
from pathlib import Path
from typing import Any

from goodviews.core import run_origin, write_table
from goodviews.worlds import DiscreteViews

SIZES = {
    "test": {"a": 2, "n1": 2, "n2": 2, "m": 2},
    "cpu": {"a": 2, "b": 2, "n1": 2, "n2": 2, "m": 2},
    "gpu": {"a": 2, "b": 2, "n1": 2, "n2": 2, "m": 2},
}
"""Factors of each scale; the task is a, and b where there is one."""


def proposition(*, scale: str, out: Path) -> Path:
    """Write one row per pair of views: informations, regime, and what minimal encoders keep.

    Args:
        scale: ``test`` (one task factor), ``cpu`` or ``gpu`` (two; the same).
        out: The folder to write to.

    Returns:
        That folder.
    """
    sizes = SIZES[scale]
    run = run_origin(f"goodviews reproduce proposition --scale {scale}", factors=sizes)
    task = [name for name in sizes if name in "ab"]
    rows: list[dict[str, Any]] = []
    for v1 in _choices([*task, "n1", "m"]):
        for v2 in _choices([*task, "n2", "m"]):
            world = DiscreteViews.from_factors(sizes, v1=v1, v2=v2, task=task)
            audit = world.audit()
            minimal = [one for one in audit if one.minimal]
            rows.append(
                {
                    "v1": "+".join(v1),
                    "v2": "+".join(v2),
                    "shared_nats": world.shared,
                    "task_nats": world.task_information,
                    "v1_task_nats": world.task1,
                    "v2_task_nats": world.task2,
                    "admissible": world.admissible,
                    "regime": world.regime,
                    "encoders": len(audit),
                    "sufficient": sum(one.sufficient for one in audit),
                    "minimal": len(minimal),
                    "optimal": sum(one.optimal for one in audit),
                    "minimal_keeps_nats": minimal[0].kept_nats,
                    "minimal_task_nats": minimal[0].task_nats,
                    "minimal_is_optimal": all(one.optimal for one in minimal),
                    "minimal_code": "".join(map(str, minimal[0].code)),
                }
            )
    write_table(out, rows, run)
    return out


def _choices(names: list[str]) -> list[list[str]]:
    """Every non-empty choice of at most three factors."""
    return [list(some) for n in (1, 2, 3) for some in combinations(names, n)]
