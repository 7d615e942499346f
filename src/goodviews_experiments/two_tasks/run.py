"""One family of views, one encoder for each, two tasks: two sweet spots.

Each digit is turned by none, one, two or three quarters, exactly (no value is resampled),
and the two views turn it again by a random angle of a growing range, then add noise. The
same frozen representations are evaluated twice: which digit, and which way up. What two
views still share depends on the range alone, so both curves have the same horizontal positions.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import Interval, Verdict, run_origin, to_json, write_json, write_table
from goodviews.data import Images, content_hash, load
from goodviews.jobs.study import Plan, Store, make_plan, make_verdict, run_cells
from goodviews.jobs.study.statistics import TaskTable, tabulate
from goodviews.spec import expand
from goodviews.training import Settings


@dataclass(frozen=True)
class TwoTasks:
    """Settings of the run; see the module's words.

    Attributes:
        data: A known name or a path.
        train: Images taken at random from its training part, or from a set without parts.
        views: One family.
        epochs: Passes over the pretraining images.
        seeds: Numbers of the runs.
        per_class: Labels per class of each readout.
        draws: Label draws.
    """

    data: str = "mnist"
    train: int = 24_000
    views: str = "rotate(degrees={0, 15, 30, 60, 90, 180})|noise(0.3)"
    epochs: int = 4
    seeds: tuple[int, ...] = (0, 1, 2)
    per_class: int = 25
    draws: int = 10


SCALE = {
    "test": TwoTasks(
        data="digits",
        train=300,
        views="rotate(degrees={0, 30, 90, 180})|noise(0.1)",
        epochs=1,
        seeds=(0, 1),
        per_class=4,
        draws=1,
    ),
    "cpu": TwoTasks(),
    "gpu": TwoTasks(train=60_000, epochs=20, seeds=tuple(range(10))),
}


def two_tasks(*, scale: str, out: Path) -> Path:
    """Run the study and write ``rows.csv``, ``views.csv``, ``tasks.csv`` and a figure.

    Args:
        scale: ``test``, ``cpu`` (about 10 minutes on one thread) or ``gpu``.
        out: The folder to write to; the study itself is in its ``study``, and a
            stopped run resumes from there.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    command = f"goodviews reproduce two_tasks --scale {scale}"
    run = run_origin(command, seeds=settings.seeds, settings=asdict(settings))
    images = turned(load(settings.data, size=16), settings.train)
    family = expand(settings.views)
    assert family is not None
    plan = make_plan(
        images,
        images,
        views=family.specs,
        seeds=settings.seeds,
        settings=Settings(epochs=settings.epochs),
        candidates=None,
        per_class=settings.per_class,
        draws=settings.draws,
    )
    store = Store(out / "study", plan)
    done = run_cells(plan, store, jobs=0)
    store.write(done.results)
    verdict = make_verdict(
        plan, done.results, family=family, data=images.name, command=command, failed=done.failed
    )
    write_json(store.folder / "verdict.json", verdict.to_json())
    found = [tabulate(plan, number, done.results) for number in range(len(plan.tasks))]
    tables = [table for table in found if table is not None]
    rows = [asdict(row) for cell in plan.cells for row in done.results[cell].rows]
    run["data"] = {"name": images.name, "source": images.source, "hash": images.hash}
    run["protocol"] = plan.splits.protocol
    run["trust"] = [{"name": one.name, "ok": one.ok, "value": one.value} for one in verdict.trust]
    write_table(out, rows, run)
    write_table(out, _views(verdict), run, name="views")
    write_table(out, _curves(verdict), run, name="curves")
    write_table(out, _tasks(plan, verdict, tables), run, name="tasks")
    from goodviews_experiments.two_tasks.figure import two_figure

    two_figure(out)
    return out


def turned(images: Images, train: int, *, seed: int = 0) -> Images:
    """Turn each image by a random number of quarters, and make that number a second task.

    Args:
        images: A set of square images with one label column.
        train: Images of the training part to keep, at random; all when there are no more.
        seed: Seed of the draws.

    Returns:
        The images with the tasks ``digit`` and ``quarter turns``.
    """
    rng = np.random.default_rng(seed)
    (labels,), (classes,) = images.labels.values(), images.classes.values()
    own = np.flatnonzero(images.part == 0)
    kept = rng.choice(own, min(train, len(own)), replace=False)
    rows = np.union1d(kept, np.flatnonzero(images.part == 1))
    quarters = rng.integers(0, 4, len(rows))
    pixels = np.stack(
        [
            np.rot90(images.pixels[row], int(k), axes=(1, 2))
            for row, k in zip(rows, quarters, strict=True)
        ]
    )
    tasks = {"digit": labels[rows], "quarter turns": quarters}
    return replace(
        images,
        name=f"{images.name}, turned",
        pixels=pixels,
        labels=tasks,
        classes={"digit": classes, "quarter turns": ("0", "1", "2", "3")},
        part=images.part[rows],
        source=f"{images.source} Each was turned by 0 to 3 quarters at random (seed {seed}).",
        hash=content_hash(pixels, tasks, images.part[rows]),
        cache=None,
    )


def _views(verdict: Verdict) -> list[dict[str, Any]]:
    names = ("view", "value", "nats", "nats_low", "nats_high", "accuracy", "low", "high", "regime")
    more = ("usable", "usable_low", "usable_high", "undertrained")
    label = ("about_label", "about_label_low", "about_label_high")
    return [
        {"task": task.task, **{name: found[name] for name in names + more + label}}
        for task in verdict.tasks
        for found in map(to_json, task.views)
    ]


def _curves(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {"task": task.task, "nats": nats, "median": median, "low": low, "high": high}
        for task in verdict.tasks
        if (curve := task.curve)
        for nats, median, low, high in zip(
            curve.nats, curve.median, curve.low, curve.high, strict=True
        )
    ]


def _tasks(plan: Plan, verdict: Verdict, tables: list[TaskTable]) -> list[dict[str, Any]]:
    """Per task its peak, its winner, and the winner against the other task's winner."""
    ids = {f"v-{number + 1}": view for number, view in enumerate(plan.views)}
    winners = [ids[task.winner] for task in verdict.tasks if task.winner]
    rows = []
    for number, (task, table) in enumerate(zip(verdict.tasks, tables, strict=True)):
        own, other = winners[number], winners[number - 1]
        gap = table.over(own, other) if own != other else Interval(0.0, 0.0, 0.0)
        peak = task.peak
        rows.append(
            {
                "task": task.task,
                "peak": peak and peak.kind,
                "peak_nats": peak and peak.nats.value,
                "peak_low": peak and peak.nats.low,
                "peak_high": peak and peak.nats.high,
                "winner": own,
                "winner_of_other_task": other,
                "gain_points": 100 * gap.value,
                "gain_low": 100 * gap.low,
                "gain_high": 100 * gap.high,
                "wording": task.wording,
            }
        )
    return rows
