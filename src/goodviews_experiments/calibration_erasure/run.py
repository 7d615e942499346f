"""Does a view destroy the label? The study's answer on views that provably do, or do not.

Three views of each planted data set: noise in place of the channels of the label; in place
of those of one nuisance; and weak noise on every value, which erases nothing.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import intervals, run_origin, write_table
from goodviews.jobs.study import make_plan, view_reader
from goodviews.jobs.study.statistics import Layout, loses
from goodviews.training import small_settings
from goodviews.views import parse_view
from goodviews_experiments.calibration_worlds.planted import plant, seed_of

SENTENCE = "Sixty data sets of each world, three views of each, one answer for each."
COUNTS = {"test": {"vectors": 4}, "cpu": {"vectors": 60, "shapes": 60}}
COUNTS["gpu"] = COUNTS["cpu"]
LABELS, DRAWS, RUNS = 10, 5, 3


def calibration_erasure(*, scale: str, out: Path) -> Path:
    """Write one row per data set and view, and the share of right answers.

    Args:
        scale: ``test`` (four data sets), ``cpu`` or ``gpu`` (60 of each world; the same).
        out: The folder to write to.

    Returns:
        That folder.
    """
    todo = [
        (world, seed_of(SENTENCE, world, number))
        for world, count in COUNTS[scale].items()
        for number in range(count)
    ]
    run = run_origin(
        f"goodviews reproduce calibration_erasure --scale {scale}",
        seeds=[seed for _, seed in todo],
        sentence=SENTENCE,
        labels_per_class=LABELS,
        runs=RUNS,
    )
    rows: list[dict[str, Any]] = []
    for world, seed in todo:
        rows += erasures(world, seed)
    write_table(out, rows, run)
    made = []
    for world in COUNTS[scale]:
        for erased in ("label", "background", "nothing"):
            own = [row for row in rows if (row["world"], row["erased"]) == (world, erased)]
            right = sum(row["right"] for row in own)
            low, high = intervals.clopper_pearson(right, len(own))
            made.append(
                {"world": world, "erased": erased, "right": right, "total": len(own)}
                | {"low": low, "high": high}
            )
    write_table(out / "summary", made, run)
    return out


def erasures(world: str, seed: int) -> list[dict[str, Any]]:
    """Read three views of a planted data set as a study of three runs would.

    Args:
        world: ``vectors`` or ``shapes``.
        seed: Number of the world; the readers' seeds follow from it.

    Returns:
        A row per view: what it erases, I(v; y) less I(x; y) by usable information with its
        interval, and whether the answer was right.
    """
    planted = plant(world, seed)
    background = planted.nuisances[-1]
    views = {
        "label": planted.keep(*planted.nuisances),
        "background": planted.keep(*[name for name in planted.blocks if name != background]),
        "nothing": "noise(std=0.01)",
    }
    seeds = tuple(seed % 10**6 + number for number in range(RUNS))
    plan = make_plan(
        planted.images,
        planted.images,
        views=tuple(views.values()),
        seeds=seeds,
        settings=replace(
            small_settings(planted.images.height, device="cpu"), encoder=planted.encoder
        ),
        candidates=None,
        per_class=LABELS,
        draws=DRAWS,
    )
    task = plan.tasks[0]
    entropy = planted.world.entropy([planted.task])
    read = [
        [view_reader(plan, parse_view(view), number)(task) for number in seeds]
        for view in views.values()
    ]
    layout = Layout(
        np.array([[took.view - took.image for took in row] for row in read]),
        np.array([[took.draws for took in row] for row in read]),
    )
    rows = []
    for number, erased in enumerate(views):
        kept = layout.level(number)
        image = float(np.mean([took.image.mean() for took in read[number]])) + entropy
        lost = loses(kept, image)
        rows.append(
            {
                "world": world,
                "seed": seed,
                "erased": erased,
                "image_nats": image,
                "kept_nats": kept.value,
                "kept_low": kept.low,
                "kept_high": kept.high,
                "loses": lost,
                "right": lost == (erased == "label"),
            }
        )
    return rows
