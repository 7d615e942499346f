"""How much of the label does a view keep? The study's answer where the truth is known.

Four views of each planted data set, whose label has two halves: noise in place of the channels of
the whole label, of one half of it, of one nuisance; and weak noise on every value, which erases
nothing.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import intervals, run_origin, write_table
from goodviews.jobs.study import make_plan, view_reader
from goodviews.jobs.study.statistics import AboutLabel
from goodviews.training import small_settings
from goodviews.views import parse_view
from goodviews_experiments.calibration_worlds.planted import plant, seed_of

SENTENCE = (
    "Planted labels of two halves, four views of each data set, ten to forty labels a class."
)
COUNTS = {
    "test": {"vectors": 2},
    "cpu": {"vectors": 60, "shapes": 60},
    "gpu": {"vectors": 400, "shapes": 400},
}
LABELS = {"vectors": (10, 20, 40), "shapes": (10, 20)}
"""Labels a class, in turn."""
ERASED = ("nothing", "background", "half", "label")


def calibration_erasure(*, scale: str, out: Path) -> Path:
    """Write one row per data set and view, and shares of what holds.

    Args:
        scale: ``test`` (two data sets), ``cpu`` (60 of each world) or ``gpu`` (400 of each).
        out: The folder to write to.

    Returns:
        That folder.
    """
    todo = [
        (world, number, LABELS[world][number % len(LABELS[world])])
        for world, count in COUNTS[scale].items()
        for number in range(count)
    ]
    run = run_origin(
        f"goodviews reproduce calibration_erasure --scale {scale}",
        seeds=[seed_of(SENTENCE, world, number) for world, number, _ in todo],
        sentence=SENTENCE,
        labels_per_class=LABELS,
    )
    rows: list[dict[str, Any]] = []
    for world, number, labels in todo:
        rows += erasures(world, seed_of(SENTENCE, world, number), labels)
    write_table(out, rows, run)
    write_table(out / "summary", summary(rows), run)
    return out


def erasures(world: str, seed: int, labels: int) -> list[dict[str, Any]]:
    """Read four views of a planted data set as a study does.

    Args:
        world: ``vectors`` or ``shapes``.
        seed: Number of the world.
        labels: Labelled images a class, on average.

    Returns:
        A row per view: what it erases, the true I(v; y), the measured bound with its interval, and
        whether it keeps less than one that erases nothing: by the interval, and by the
        rule of a study.
    """
    planted = plant(world, seed, halves=True)
    first, second = planted.parts
    *others, background = planted.nuisances
    sets = {
        "nothing": [*planted.blocks],
        "background": [first, second, *others],
        "half": [first, *others, background],
        "label": planted.nuisances,
    }
    views = {name: planted.keep(*kept) for name, kept in sets.items()}
    views["nothing"] = "noise(std=0.01)"
    plan = make_plan(
        planted.images,
        planted.images,
        views=tuple(views.values()),
        seeds=(0,),
        settings=replace(
            small_settings(planted.images.height, device="cpu"), encoder=planted.encoder
        ),
        candidates=None,
        per_class=1,
        draws=1,
    )
    (task,) = plan.tasks
    task = replace(task, items=task.items[: labels * len(task.classes)])
    told = [
        view_reader(plan, parse_view(view), seed % 10**6)(task).view for view in views.values()
    ]
    kept = AboutLabel(
        np.array([one.items for one in told]),
        np.array([one.rise for one in told]),
        told[0].folds,
    )
    rows = []
    for number, erased in enumerate(ERASED):
        level, truth = kept.level(number), planted.sharing(*sets[erased]).first_nats
        rows.append(
            {
                "world": world,
                "seed": seed,
                "labels": labels,
                "erased": erased,
                "true_nats": truth,
                "nats": level.value,
                "low": level.low,
                "high": level.high,
                "ceiling_nats": told[number].ceiling_nats,
                "above": level.low > truth,
                "near": abs(level.value - truth) < 0.1,
                "apart": number > 0 and kept.gap(number, 0).below,
                "less": number > 0 and kept.less(number, 0),
            }
        )
    return rows


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Shares with 95 % intervals: lower ends above the truth, values near it, losses found."""
    made = []
    for world, labels, erased in dict.fromkeys(
        (row["world"], row["labels"], row["erased"]) for row in rows
    ):
        own = [
            row
            for row in rows
            if (row["world"], row["labels"], row["erased"]) == (world, labels, erased)
        ]
        for what in ("above", "near", "apart", "less"):
            count = sum(row[what] for row in own)
            low, high = intervals.clopper_pearson(count, len(own))
            made.append(
                {"world": world, "labels": labels, "erased": erased, "what": what}
                | {"count": count, "total": len(own), "low": low, "high": high}
            )
    return made
