"""Does a search name a better view than a grid of the same cost, and than the default screening?

Each repeat has images of its own. A search and a grid over four ranges have as many trials of the
same length; the default screening is a study without views. The view that each names, and that
of SimCLR, are then trained for longer with new seeds, and evaluated on labels that none of them
used.

Letters: V views, S seeds.
"""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import Cells, Progress, run_origin, write_table
from goodviews.data import Images
from goodviews.jobs.study import Store, make_plan, run_cells, study
from goodviews.jobs.study.search import choosing_tasks, search_views
from goodviews.spec import Space, read_space
from goodviews.training import small_settings
from goodviews.views import parse_view
from goodviews_experiments.advice.run import regret
from goodviews_experiments.length_forecast.sets import some

SPACE = read_space(
    "crop(scale=({0.05: 1.0}, 1))|flip()|jitter({0.0: 1.0})|blur(p={0.0: 1.0})|rotate({0.0: 45.0})"
)
PRESET = "simclr()"


@dataclass(frozen=True)
class Setup:
    """Settings of the run.

    Attributes:
        data: Known name of the images.
        size: Their height and width.
        count: Images of a repeat.
        repeats: How many.
        trials: Trials of the search, and of the grid.
        shown: Images shown in each.
        minutes: Time of the default screening on one processor.
        longer: Images shown in a run of the truth.
        seeds: S.
        jobs: Worker processes.
        space: What is searched.
        encoder: Backbone; empty for that of a study.
        screened: Whether the default screening is an arm.
    """

    data: str = "imagenette96"
    size: int = 32
    count: int = 3000
    repeats: int = 3
    trials: int = 40
    shown: int = 10_000
    minutes: float = 20.0
    longer: int = 100_000
    seeds: tuple[int, ...] = (0, 1, 2)
    jobs: int = 2
    encoder: str = ""
    screened: bool = True


SCALE = {
    "test": Setup(data="digits", size=8, count=160, repeats=1, trials=4, shown=128, longer=128,
                  seeds=(0, 1), jobs=0, encoder="convnet(width=4)", screened=False),
    "cpu": Setup(),
    "gpu": Setup(),
}  # fmt: skip


def view_search(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, one row per repeat and arm with its regret, and ``truth.csv``.

    Args:
        scale: ``test``, or ``cpu`` and ``gpu`` (the same); finished runs are kept in ``items``.
        out: The folder to write to.

    Returns:
        That folder.
    """
    chosen = SCALE[scale]
    run = run_origin(f"goodviews reproduce view_search --scale {scale}", seeds=chosen.seeds)
    cells = Cells(out / "items", asdict(replace(chosen, repeats=0, jobs=0)))
    rows: list[dict[str, Any]] = []
    truths: list[dict[str, Any]] = []
    for repeat in range(chosen.repeats):
        images = some(
            chosen.data, size=chosen.size, count=chosen.count, begin=chosen.count * repeat
        )
        place = out / "runs" / f"{repeat}"
        named = {"search": cells(f"search-{repeat}", _named, images, chosen, place / "search", ())}
        grid = grid_points(SPACE, chosen.trials, seed=repeat)
        named["grid"] = cells(f"grid-{repeat}", _named, images, chosen, place / "grid", grid)
        if chosen.screened:
            named["screening"] = cells(f"screening-{repeat}", _screened, images, chosen, place)
        named["simclr"] = repr(parse_view(PRESET if images.channels == 3 else "documents()"))
        views = tuple(dict.fromkeys(named.values()))
        truth = cells(f"truth-{repeat}", _truth, images, views, chosen, place / "truth")
        truths += [
            {"repeat": repeat, "view": view, "seed": seed, "top1": float(truth[place_, number])}
            for place_, view in enumerate(views)
            for number, seed in enumerate(chosen.seeds)
        ]
        for arm, view in named.items():
            mine = views.index(view)
            rows.append({"repeat": repeat, "arm": arm, "view": view, "regret": regret(truth, mine),
                         "top1": float(truth[mine].mean()),
                         "over_simclr": float((truth[mine] - truth[-1]).mean())})  # fmt: skip
        write_table(out, truths, run, name="truth")
        write_table(out, rows, run)
    return out


def grid_points(space: Space, count: int, *, seed: int) -> tuple[tuple[Any, ...], ...]:
    """Points of a grid of three values per parameter, some of them in random order.

    Example:
        >>> len(grid_points(SPACE, 40, seed=0)), len(set(grid_points(SPACE, 81, seed=0)))
        (40, 81)
    """
    values = [[one.at(place) for place in (1 / 6, 1 / 2, 5 / 6)] for one in space.parameters]
    points = list(itertools.product(*values))
    order = np.random.default_rng(seed).permutation(len(points))
    return tuple(points[place] for place in order[:count])


def _plan(images: Images, chosen: Setup, views: tuple[str, ...], seeds: tuple[int, ...]) -> Any:
    settings = small_settings(chosen.size, device="cpu")
    settings = replace(settings, encoder=chosen.encoder or settings.encoder)
    return make_plan(images, images, views=views, seeds=seeds, settings=settings, candidates=None,
                     per_class=10, draws=10, chosen=True)  # fmt: skip


def _progress(chosen: Setup) -> Progress:
    """Stages with the time left; nothing in the smallest run."""
    return Progress(quiet=chosen.jobs == 0)


def _named(images: Images, chosen: Setup, place: Path, given: Sequence[tuple[Any, ...]]) -> str:
    plan = _plan(images, chosen, ("identity()",), (0,))
    _, found = search_views(
        plan, choosing_tasks(plan), SPACE, chosen.trials, shown=chosen.shown, folder=place,
        jobs=chosen.jobs, progress=_progress(chosen), given=given,
    )  # fmt: skip
    whole = [one for one in found.trials if one.state == "finished"]
    return max(whole, key=lambda one: one.score or 0.0).view


def _screened(images: Images, chosen: Setup, place: Path) -> str:
    minutes = chosen.minutes / max(chosen.jobs, 1)
    made = study(images, out=place / "screening", minutes=minutes, jobs=chosen.jobs, page=False)
    return made.best_view or ""


def _truth(images: Images, views: tuple[str, ...], chosen: Setup, place: Path) -> np.ndarray:
    """(V, S) accuracy of each view, on labels that were not used for selection."""
    seeds = tuple(100 + seed for seed in chosen.seeds)
    plan = _plan(images, chosen, views, seeds)
    epochs = max(1, round(chosen.longer / len(plan.splits.pretrain)))
    plan = replace(plan, settings=replace(plan.settings, epochs=epochs))
    done = run_cells(plan, Store(place, plan), jobs=chosen.jobs, progress=_progress(chosen))
    read = {(row.view, row.seed): row.readout for cell, one in done.results.items()
            for row in one.rows if cell.role == "candidate"}  # fmt: skip
    return np.array([[read[view, seed] for seed in seeds] for view in views], dtype=float)
