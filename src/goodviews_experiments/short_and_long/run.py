"""Does a short study select the view that a long one would?

The same views are trained with the same seeds for the default budget of a study and for five
times that budget (and for a fifth of it), each with a schedule of its own length. They are
evaluated as in any study, and the order of the views is compared: by accuracy, by shared nats, and
by the accuracy lost when the short run selects the view.
"""

from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from goodviews.core import run_origin, write_table
from goodviews.data import load
from goodviews.jobs.study import Cell, CellResult, Plan, Store, make_plan, one_thread, run_cell
from goodviews.training import small_settings
from goodviews.views import parse_view
from goodviews_experiments.short_and_long.tables import (
    Budget,
    agreement,
    choices,
    swaps,
    view_rows,
)


@dataclass(frozen=True)
class World:
    """One set of images and how long its encoders are trained.

    Attributes:
        data: A known name or a path.
        size: Side of the images in pixels; nothing keeps the study's.
        views: Candidates, from those that share most to those that share least.
        epochs: Passes over the pretraining images, ascending; each is compared with the next.
        default: Which of them a study would take by default.
        per_class: Labels per class of each readout.
        draws: Label draws.
    """

    data: str
    size: int | None
    views: tuple[str, ...]
    epochs: tuple[int, ...]
    default: int
    per_class: int = 10
    draws: int = 10


@dataclass(frozen=True)
class ShortAndLong:
    """Settings of the run; see the module's words."""

    worlds: tuple[World, ...]
    seeds: tuple[int, ...] = (0, 1)


_DIGITS = World(
    data="digits",
    size=None,
    views=(
        "noise(0.05)",
        "translate(0.1)",
        "crop(scale=(0.5, 1))",
        "crop(scale=(0.2, 1))|rotate(15)",
        "crop(scale=(0.05, 1))",
        "crop(scale=(0.05, 1))|noise(1.0)",
    ),
    epochs=(16, 80, 400),
    default=80,
)
_CIFAR = World(
    data="cifar10_exact",
    size=32,
    views=(
        "crop(scale=(0.9, 1), size=24)",
        "crop(scale=(0.2, 1), size=24)|flip()",
        "crop(scale=(0.2, 1), size=24)|flip()|noise(0.2)",
        "crop(scale=(0.2, 1), size=24)|flip()|grey(p=0.5)",
        "crop(scale=(0.2, 1), size=24)|flip()|jitter(0.5)|grey(p=0.2)",
        "crop(scale=(0.05, 1), size=24)|flip()|jitter(1.0)|grey(p=0.2)|noise(0.2)",
    ),
    epochs=(2, 10, 50),
    default=10,
    per_class=25,
    draws=4,
)

SCALE = {
    "test": ShortAndLong(
        worlds=(
            World(
                data="digits",
                size=8,
                views=("noise(0.05)", "translate(0.1)", "translate(0.1)|noise(2.0)"),
                epochs=(1, 2),
                default=1,
                per_class=4,
                draws=2,
            ),
        ),
    ),
    "cpu": ShortAndLong(worlds=(_DIGITS, _CIFAR)),
    "gpu": ShortAndLong(
        worlds=(
            World("mnist", 16, _DIGITS.views, (2, 10, 50), 2),
            World("cifar10_exact", 32, _CIFAR.views, (10, 50, 250), 10, 100),
            World("imagenette96", 32, _CIFAR.views, (8, 40, 200), 8, 100),
        ),
        seeds=tuple(range(5)),
    ),
}


def trained(
    world: World, epochs: int, seeds: tuple[int, ...], keep: Path
) -> tuple[Plan, dict[Cell, CellResult]]:
    """Train and evaluate every view for one budget; finished runs are read from their files.

    Args:
        world: The data and its views.
        epochs: The budget.
        seeds: Numbers of the runs.
        keep: Where runs are kept, in a folder for each budget.

    Returns:
        The plan, and what each of its candidates gave.

    Raises:
        InputError: The data are not there, or a view does not fit them.
    """
    images = load(world.data, size=world.size)
    shape = (images.channels, images.height, images.width)
    side = min(parse_view(view).side(shape) for view in world.views)
    plan = make_plan(
        images,
        images,
        views=world.views,
        seeds=seeds,
        settings=replace(small_settings(side), epochs=epochs),
        candidates=None,
        per_class=world.per_class,
        draws=world.draws,
    )
    store = Store(keep / f"{images.name}-{epochs}", plan)
    found = {}
    with one_thread():
        for cell in plan.cells:
            if cell.role != "candidate":
                continue
            result = store.load(cell)
            if result is None:
                result = run_cell(plan, cell)
                store.save(cell, result)
            found[cell] = result
    return plan, found


def short_and_long(*, scale: str, out: Path, only: tuple[str, ...] = ()) -> Path:
    """Compare every budget with the next and write the tables and a figure.

    ``rows.csv`` holds the runs, ``views.csv`` each view at each budget, ``agreement.csv`` rank
    correlations, ``choices.csv`` what is lost by choosing early, ``swaps.csv`` every pair of
    views that changed places.

    Args:
        scale: ``test``, ``cpu`` (about 75 minutes on one thread) or ``gpu``.
        out: The folder to write to; runs are kept in ``runs`` below it, and a stopped run
            resumes from there.
        only: Names of the sets to use; all of the scale when left out.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    if only:
        kept = tuple(world for world in settings.worlds if world.data in only)
        settings = replace(settings, worlds=kept)
    run = run_origin(
        f"goodviews reproduce short_and_long --scale {scale}",
        seeds=settings.seeds,
        settings=asdict(settings),
    )
    run["data"] = []
    rows: list[dict[str, Any]] = []
    tables: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("views", "agreement", "choices", "swaps")
    }
    for world in settings.worlds:
        budgets = []
        for epochs in world.epochs:
            plan, found = trained(world, epochs, settings.seeds, out / "runs")
            name = plan.images.name
            rows += [{"data": name, **asdict(r)} for one in found.values() for r in one.rows]
            budgets.append(Budget.of(plan, found))
        images = plan.images
        run["data"].append({"name": images.name, "source": images.source, "hash": images.hash})
        for budget in budgets:
            tables["views"] += view_rows(budget)
        for short, long in pairwise(budgets):
            about = {
                "data": name,
                "short": short.epochs,
                "long": long.epochs,
                "default": world.default,
            }
            tables["agreement"] += [about | row for row in agreement(short, long)]
            tables["choices"] += [about | row for row in choices(short, long)]
            tables["swaps"] += [about | row for row in swaps(short, long)]
    run["seconds_of_runs"] = round(sum(row["seconds"] for row in rows), 1)
    write_table(out, rows, run)
    for name, table in tables.items():
        write_table(out, table, run, name=name)
    from goodviews_experiments.short_and_long.figure import short_figure

    short_figure(out)
    return out
