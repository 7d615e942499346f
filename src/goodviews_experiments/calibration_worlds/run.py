"""The study read on weights that are known: planted vectors and shapes, end to end.

Each data set is drawn, six candidate views of it are planted, and the study says what each
is: ``missing``, ``sweet_spot``, ``excess`` or ``undecided``. What it is follows from its
factors. Three nulls ride along: the study's twin, one candidate under two names, and the
study's shuffled labels on its own features.

The rules were mended on the tuning half only. Seeds of the held-out half are hashes of a
sentence in ``planted``, committed before that half was first run.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import intervals, run_origin, to_json, write_table
from goodviews.jobs.study import Store, make_plan, study
from goodviews.jobs.study.statistics import TaskTable, read, tabulate
from goodviews.training import small_settings
from goodviews_experiments.calibration_worlds.planted import (
    HELD_OUT,
    TUNING,
    Planted,
    plant,
    seed_of,
)

SCALES = {
    "test": {"vectors": (1, 0)},
    "cpu": {"vectors": (4, 20), "shapes": (2, 4)},
    "gpu": {"vectors": (40, 200), "shapes": (20, 100)},
}
"""World: how many studies in the tuning and in the held-out half."""

EPOCHS, LABELS, DRAWS, RUNS = 40, 5, 5, 3


def calibration_worlds(*, scale: str, out: Path) -> Path:
    """Write one row per planted view and per null, and a summary with intervals.

    Args:
        scale: ``test`` (one study), ``cpu`` or ``gpu``.
        out: The folder to write to; one folder per half inside.

    Returns:
        That folder.
    """
    for half, sentence in enumerate((TUNING, HELD_OUT)):
        folder = out / ("tuning", "held_out")[half]
        todo = [
            (world, seed_of(sentence, world, number))
            for world, counts in SCALES[scale].items()
            for number in range(counts[half])
        ]
        if not todo:
            continue
        run = run_origin(
            f"goodviews reproduce calibration_worlds --scale {scale}",
            seeds=[seed for _, seed in todo],
            sentence=sentence,
            epochs=EPOCHS,
            labels_per_class=LABELS,
            runs_per_study=RUNS,
        )
        rows: list[dict[str, Any]] = []
        for world, seed in todo:
            rows += one_study(world, seed)
            write_table(folder, rows, run)
            write_table(folder / "summary", summary(rows), run)
    return out


def one_study(world: str, seed: int) -> list[dict[str, Any]]:
    """Run one study of planted views and read it.

    Args:
        world: ``vectors`` or ``shapes``.
        seed: Number of the world; the study's own seeds follow from it.

    Returns:
        Rows: six of kind ``view``, then ``twin``, ``double`` and ``shuffled``.
    """
    planted = plant(world, seed)
    kept, double = _candidates(planted, seed)
    views = [planted.keep(*some) for some in kept]
    views.append(planted.keep(*kept[double], turned=True))
    kept.append(kept[double])
    seeds = tuple(seed % 10**6 + number for number in range(RUNS))
    with tempfile.TemporaryDirectory() as folder:
        found = study(
            planted.images,
            views=views,
            out=Path(folder) / "study",
            seeds=seeds,
            epochs=EPOCHS,
            per_class=LABELS,
            label_draws=DRAWS,
            encoder=planted.encoder,
            device="cpu",
            jobs=0,
            page=False,
        )
        plan = make_plan(
            planted.images,
            planted.images,
            views=tuple(views),
            seeds=seeds,
            settings=replace(
                small_settings(planted.images.height, device="cpu"),
                encoder=planted.encoder,
                epochs=EPOCHS,
            ),
            candidates=None,
            per_class=LABELS,
            draws=DRAWS,
        )
        store = Store(Path(folder) / "study", plan)
        results = {cell: done for cell in plan.cells if (done := store.load(cell))}
        table = tabulate(plan, 0, results)
    assert table is not None
    about = {"world": world, "seed": seed, "factors": len(planted.blocks)}
    said = {view.view: to_json(view) for view in found.verdict.tasks[0].views}
    rows = []
    for spec, some in zip(views, kept, strict=True):
        truth, one = planted.sharing(*some), said[spec]
        rows.append(
            {
                **about,
                "kind": "view",
                "keeps": "+".join(some),
                "truth": truth.regime,
                "said": one["regime"],
                "true_nats": truth.shared_nats,
                "nats": one["nats"],
                "accuracy": one["accuracy"],
                "accuracy_low": one["low"],
                "accuracy_high": one["high"],
                "true_label_nats": truth.first_nats,
                "label_nats": one["about_label"],
                "label_low": one["about_label_low"],
                "label_high": one["about_label_high"],
            }
        )
    return rows + [about | null for null in _nulls(table, views[double], views[-1])]


def _candidates(planted: Planted, seed: int) -> tuple[list[list[str]], int]:
    """Five sets of factors to keep, and which of them gets a second name."""
    rng = np.random.default_rng((seed, 1))
    task, others = planted.task, list(rng.permutation(planted.nuisances))
    some = others[: len(others) // 2 + 1]
    kept = [[task], [task, *some], [task, *others], some, others]
    # Keeping everything leaves no channel to turn round.
    return kept, int(rng.choice([0, 1, 3, 4]))


def _nulls(table: TaskTable, view: str, again: str) -> Iterable[dict[str, Any]]:
    twin = table.over(table.views[0], "twin")
    yield {"kind": "twin", "wrong": twin.above or twin.below, "gap": twin.value}
    gap = table.over(view, again, among=len(table.views))
    yield {"kind": "double", "wrong": gap.above or gap.below, "gap": gap.value}
    shuffled = read(table, table.null, family=False).regimes
    claims = [regime for regime in shuffled if regime != "undecided"]
    yield {"kind": "shuffled", "wrong": bool(claims), "said": "+".join(sorted(set(claims)))}


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The confusion matrix and the rate of false claims, with 95 % intervals."""
    made = []
    for world in dict.fromkeys(row["world"] for row in rows):
        own = [row for row in rows if row["world"] == world]
        for truth in ("missing", "sweet_spot", "excess"):
            views = [row for row in own if row.get("truth") == truth]
            for said in ("missing", "sweet_spot", "excess", "undecided"):
                count = sum(row["said"] == said for row in views)
                made.append(_share(world, truth, said, count, len(views)))
        for kind in ("twin", "double", "shuffled"):
            nulls = [row for row in own if row["kind"] == kind]
            count = sum(bool(row["wrong"]) for row in nulls)
            made.append(_share(world, kind, "a difference", count, len(nulls)))
    return made


def _share(world: str, truth: str, said: str, count: int, total: int) -> dict[str, Any]:
    low, high = intervals.clopper_pearson(count, total)
    return {
        "world": world,
        "truth": truth,
        "said": said,
        "count": count,
        "total": total,
        "low": low,
        "high": high,
    }
