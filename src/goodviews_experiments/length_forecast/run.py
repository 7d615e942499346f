"""Are accuracy and shared nats at 4 and 16 times the length of a study what its forecast says?

Every view of every set is trained at a quarter, half, once, twice, 4 and 16 times the default
length of a study, as branches of one run, and evaluated as a study does it. From the short lengths
the long ones are forecast, with the parameters of the other sets; what was measured at the long
lengths is compared with the 80 % intervals.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from goodviews.core import Cells, InputError, Row, run_origin, write_json, write_table
from goodviews.data import Images
from goodviews.jobs.study import Plan, make_plan, one_thread
from goodviews.jobs.study.lengths import (
    Curves,
    Forecast,
    LengthRun,
    fit_model,
    leave_one_set_out,
    measure_chain,
)
from goodviews.training import Settings, small_settings
from goodviews.views import parse_view
from goodviews_experiments.length_forecast.sets import SETS, TINY, Set

FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0, 16.0)
PATTERNS = ((0.5, 1.0), (0.5, 1.0, 2.0), (0.25, 0.5, 1.0, 2.0))
"""Lengths that count as measured, as a study measures them."""
TARGETS = (4.0, 16.0)
WHATS = ("accuracy", "nats")


@dataclass(frozen=True)
class LengthForecast:
    """Settings of the run.

    Attributes:
        sets: The sets and their views.
        presentations: Images shown to each encoder at the length of a study.
        per_class: Labels per class of a readout.
        draws: Draws of these labels.
        encoder: Backbone; that of a study where empty.
        seed: Number of the runs.
    """

    sets: tuple[Set, ...]
    presentations: int = 80_000
    per_class: int = 10
    draws: int = 10
    encoder: str = ""
    seed: int = 0


SCALE = {
    "test": LengthForecast(TINY, presentations=200, per_class=3, draws=2,
                           encoder="convnet(width=2)"),
    "cpu": LengthForecast(SETS),
    "gpu": LengthForecast(SETS, seed=1),
}  # fmt: skip


def set_plan(images: Images, one: Set, settings: LengthForecast) -> Plan:
    """The study of one set, at the default length of a study.

    Args:
        images: The images of the set.
        one: The set.
        settings: Settings of the run.
    """
    shape = (images.channels, images.height, images.width)
    own: Settings = small_settings(
        min(parse_view(view).side(shape) for view in one.views), device="cpu"
    )
    if settings.encoder:
        own = replace(own, encoder=settings.encoder)
    options: dict[str, Any] = {
        "views": one.views,
        "seeds": (settings.seed,),
        "candidates": None,
        "per_class": settings.per_class,
        "draws": settings.draws,
    }
    plan = make_plan(images, images, settings=own, **options)
    epochs = max(4, round(settings.presentations / len(plan.splits.pretrain)))
    return make_plan(images, images, settings=replace(own, epochs=epochs), **options)


def length_rows(one: Set, settings: LengthForecast, keep: Path) -> list[dict[str, Any]]:
    """Every view of a set at every length; finished runs are read from their files.

    Args:
        one: The set.
        settings: Settings of the run.
        keep: Folder of finished runs.
    """
    plan = set_plan(one.read(), one, settings)
    cells = Cells(keep, {"plan": plan.fingerprint})

    def chain(view: str) -> list[dict[str, Any]]:
        lengths = [round(factor * plan.settings.epochs) for factor in FACTORS]
        runs = [LengthRun(view, settings.seed, epochs) for epochs in lengths]
        found, why = measure_chain(plan, runs)
        if why:
            raise InputError(f"{view} on {one.name}: {why}")
        return [asdict(made.rows[0]) for made in found]

    rows = []
    for view in one.views:
        for factor, found in zip(FACTORS, cells(view, chain, view), strict=True):
            row = Row(**found)
            rows.append(
                {
                    "data": one.name,
                    "view": view,
                    "seed": settings.seed,
                    "factor": factor,
                    "epochs": row.epochs,
                    "steps": row.steps,
                    "accuracy": row.readout_top1,
                    "nats": row.estimate_nats,
                    "stderr_nats": row.stderr_nats,
                    "ceiling_nats": row.ceiling_nats,
                    "images": len(plan.images),
                    "pretrained_on": len(plan.splits.pretrain),
                    "labels": plan.tasks[0].budget,
                    "tested": len(plan.tasks[0].items),
                    "seconds": row.seconds,
                }
            )
    return rows


def forecast_of(rows: list[dict[str, Any]]) -> tuple[Forecast, list[dict[str, Any]]]:
    """Fit the forecast on all sets, and forecast each set from the others.

    Args:
        rows: Rows of :func:`length_rows` of at least four sets.

    Returns:
        What studies use, and the forecasts of the sets that were left out.
    """
    curves = []
    for name, view in dict.fromkeys((row["data"], row["view"]) for row in rows):
        own = [row for row in rows if (row["data"], row["view"]) == (name, view)]
        own.sort(key=lambda row: float(row["factor"]))
        factors, accuracy, nats = (
            tuple(float(row[key]) for row in own) for key in ("factor", "accuracy", "nats")
        )
        curves.append(
            Curves(name, view, factors, accuracy, nats, ceiling=float(own[0]["ceiling_nats"]))
        )
    models, coverage, found = {}, {}, []
    for what in WHATS:
        cases = [
            case
            for measured in PATTERNS
            for curve in curves
            for case in curve.cases(what, measured=measured, targets=TARGETS)
        ]
        known = leave_one_set_out(cases)
        models[what] = fit_model(cases)
        coverage[what] = sum(row["inside"] for row in known) / len(known)
        found += [{"what": what, **row} for row in known]
    sets = tuple(dict.fromkeys(curve.data for curve in curves))
    views = min(len({curve.view for curve in curves if curve.data == name}) for name in sets)
    return Forecast(models, coverage, len(found) // len(WHATS), views, sets), found


def coverage_rows(forecasts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many forecasts held what was measured: of all sets and of each, by the distance.

    Args:
        forecasts: Forecasts of sets that were left out.
    """
    names = ["all", *dict.fromkeys(row["data"] for row in forecasts)]
    distances = ["all", *sorted({row["doublings"] for row in forecasts})]
    found = []
    for what in WHATS:
        for name in names:
            for distance in distances if name == "all" else ["all"]:
                own = [
                    row
                    for row in forecasts
                    if row["what"] == what
                    and name in ("all", row["data"])
                    and distance in ("all", row["doublings"])
                ]
                found.append(
                    {
                        "what": what,
                        "data": name,
                        "doublings": distance,
                        "inside": sum(row["inside"] for row in own),
                        "forecasts": len(own),
                        "share": sum(row["inside"] for row in own) / len(own),
                        "mean_error": sum(row["forecast"] - row["change"] for row in own)
                        / len(own),
                        "half_width": sum((row["high"] - row["low"]) / 2 for row in own)
                        / len(own),
                    }
                )
    return found


def length_forecast(*, scale: str, out: Path) -> Path:
    """Train, forecast, compare, and write the tables.

    ``rows.csv`` holds the runs, ``forecasts.csv`` each forecast of a set that was left out (in
    logits), ``coverage.csv`` how many held what was measured, and ``calibration.json`` what
    studies use once it is copied to ``src/goodviews/jobs/study/lengths/``.

    Args:
        scale: ``test``, ``cpu`` (about two hours on one thread) or ``gpu`` (the same with another
            seed).
        out: The folder to write to; a stopped run resumes from ``items`` below it, with the
            view after the last finished one.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    about = {**asdict(settings), "sets": [[one.name, list(one.views)] for one in settings.sets]}
    Cells(out / "items", {"scale": scale, **about})
    run = run_origin(
        f"goodviews reproduce length_forecast --scale {scale}",
        seeds=(settings.seed,),
        settings={**about, "factors": list(FACTORS)},
    )
    rows: list[dict[str, Any]] = []
    with one_thread():
        for one in settings.sets:
            rows += length_rows(one, settings, out / "items" / one.name.replace(" ", "_"))
    forecast, forecasts = forecast_of(rows)
    run["seconds_of_runs"] = round(sum(row["seconds"] for row in rows), 1)
    write_table(out, rows, run)
    write_table(out, forecasts, run, name="forecasts")
    write_table(out, coverage_rows(forecasts), run, name="coverage")
    write_json(out / "calibration.json", forecast.to_json())
    return out
