"""All fits of a transfer, one after another, and the rows and differences that come from them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from goodviews.core.cells import Cells, hashed
from goodviews.core.forecast import Forecast, Kind
from goodviews.core.progress import Reporter
from goodviews.jobs.transfer.arms import Arm, open_maps, weights_hash
from goodviews.jobs.transfer.plan import Cell, Fit, Task
from goodviews.jobs.transfer.statistics import Difference, paired


def fit_all(
    task: Task,
    arms: Sequence[Arm],
    fits: Sequence[Fit],
    store: Cells,
    report: Reporter,
) -> dict[Fit, Cell]:
    """Every fit, those that are stored as they are; the first seed chooses the learning rate.

    Args:
        task: Images, labels and settings.
        arms: The encoders.
        fits: What is fitted, in this order.
        store: Finished fits.
        report: Counts what is finished.
    """
    done = [replace(fit, freeze=task.applied(fit.freeze, arms[fit.arm].drawn)) for fit in fits]
    kinds = [(fit.freeze, arms[fit.arm].name) for fit in done]
    pieces: list[Mapping[Kind, int]] = []
    for kind, fit in zip(kinds, done, strict=True):
        times = len(task.rates[fit.freeze]) if fit.first else 1
        pieces.append({kind: task.settings.steps * times + task.looks(times)})
    clock = Forecast(pieces, {kind: 20.0 if kind[0] == "none" else 1.0 for kind in kinds})
    made: dict[Fit, Cell] = {}
    rates: dict[tuple[int, str, int], float] = {}
    opened: tuple[tuple[int, int], Any, str] | None = None
    for place, fit in enumerate(fits):
        arm = arms[fit.arm]
        which = (fit.arm, fit.seed if arm.drawn else 0)
        if opened is None or opened[0] != which:
            maps = open_maps(
                arm,
                task.images["train"].cpu(),
                count=len(task.scenes),
                seed=which[1],
                device=task.device,
            )
            opened = which, task.prepare(maps), weights_hash(maps)
        key = (fit.arm, fit.freeze, fit.count)
        trained = done[place]
        tried = task.rates[trained.freeze] if fit.first else (rates[key],)
        name = hashed(arm.name, opened[2], trained.freeze, fit.count, fit.seed, list(tried))
        cell = store.load(name)
        if cell is None:
            cell = opened[1].fit(
                trained, tried, _counter(clock, place, kinds[place], report, fits)
            )
            store.save(name, cell)
        clock.closed(place)
        made[fit] = cell
        if fit.first:
            rates[key] = cell["rate"]
        report("fits finished", place + 1, len(fits), share=clock.share(), left=clock.left())
    return made


def _counter(
    clock: Forecast, place: int, kind: Kind, report: Reporter, fits: Sequence[Fit]
) -> Callable[[], None]:
    """A function that counts a step, and reports how long the rest takes."""
    last: float | None = None

    def step() -> None:
        nonlocal last
        now = time.monotonic()
        if last is not None:  # the first step of a fit waits for the maps
            clock.finished(place, kind[0], now - last)
        last = now
        report("fits finished", place, len(fits), share=clock.share(), left=clock.left())

    return step


def rows_of(task: Task, arms: Sequence[Arm], cells: Mapping[Fit, Cell]) -> list[dict[str, Any]]:
    """One row for each fit."""
    rows = []
    for fit, cell in cells.items():
        rows.append(
            {
                "encoder": arms[fit.arm].name,
                "freeze": fit.freeze,
                "labelled": fit.count,
                "seed": fit.seed,
                **task.numbers(cell),
                "tested": len(task.parts.test),
                "rate": cell["rate"],
                **task.described(cell),
                "steps": task.settings.steps,
                "batch": min(task.settings.batch, fit.count),
                "trained_weights": cell["trained_weights"],
                "normalisation": task.normalisation,
                "height": task.shape[0],
                "width": task.shape[1],
            }
        )
    return rows


def differences(
    task: Task,
    arms: Sequence[Arm],
    cells: Mapping[Fit, Cell],
    frozen: Sequence[str],
    counts: Sequence[int],
) -> list[Difference]:
    """The first encoder minus each other one, for each number of labels and what is frozen."""
    tested = len(task.parts.test)

    def of(arm: int, mode: str, count: int) -> list[Cell]:
        key = (arm, mode, count)
        return [cell for fit, cell in cells.items() if (fit.arm, fit.freeze, fit.count) == key]

    made: dict[tuple[int, str, int], Difference] = {}
    for other in range(1, len(arms)):
        for mode in frozen:
            whole = all(task.applied(mode, arms[k].drawn) == "none" for k in (0, other))
            for count in counts:
                key = (other, "none" if whole else mode, count)
                if key not in made:
                    ours, theirs = of(0, mode, count), of(other, mode, count)
                    gap = paired(ours, theirs, task.score, tested)
                    names = arms[0].name, arms[other].name
                    made[key] = Difference(
                        *names, key[1], count, task.metric, gap, len(ours), tested
                    )
    return list(made.values())
