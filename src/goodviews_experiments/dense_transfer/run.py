"""Pretrained encoders against supervised ones, random weights and training from scratch.

A linear head on feature maps predicts the class (or depth) of each pixel, the encoder frozen or
fine-tuned, with few and many labelled pictures. Encoders differ in their views (InfoMin, SimCLR)
and in the images they were pretrained on; all else is the same, also the jigsaw and the queue of
InfoMin are left out. The rival of the paper's tables, the same network pretrained on labels,
sees as many images.
"""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from goodviews.core import run_origin, write_table
from goodviews.data import load, read_scenes
from goodviews.jobs.pretrain import pretrain
from goodviews.jobs.transfer import Transferred, transfer
from goodviews_experiments.dense_transfer.settings import (
    DRAWN_SCALE,
    SCALE,
    VIEWS,
    DenseClaims,
    Pictures,
)

_SLOWER = 20.0
"""How much longer fine-tuning is expected to take than a frozen fit, until it was measured."""


def dense_transfer(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, ``differences.csv`` and ``forecast.csv`` for nuclei and CamVid.

    Args:
        scale: ``test``, ``cpu`` (see the README) or ``gpu``.
        out: The folder to write to; finished pretrainings and fits are not done again.

    Returns:
        That folder.
    """
    return measure("dense_transfer", SCALE[scale], scale, out)


def drawn_scenes(*, scale: str, out: Path) -> Path:
    """Write the same tables for drawn scenes, with 1, 10 and 100 % of thousands of exact labels.

    Args:
        scale: ``test``, ``cpu`` (see the README) or ``gpu``.
        out: The folder to write to.

    Returns:
        That folder.
    """
    return measure("drawn_scenes", DRAWN_SCALE[scale], scale, out)


@dataclass(frozen=True)
class Stage:
    """A part of the run that has a meaning by itself; each holds the one before.

    Attributes:
        freeze: Frozen, fine-tuned, or both.
        counts: Numbers of labelled images.
        seeds: Number of seeds.
    """

    freeze: tuple[str, ...]
    counts: tuple[str, ...]
    seeds: int


def stages(settings: DenseClaims) -> list[Stage]:
    """The order of the run: one label count before several, frozen before fine-tuned.

    A run that is stopped has then compared all arms, on all sets, at the first count.
    """
    first, every = settings.counts[:1], settings.counts
    found = [
        Stage(settings.freeze[:1], first, 1),
        Stage(settings.freeze[:1], first, settings.seeds),
    ]
    found.append(Stage(settings.freeze[:1], every, settings.seeds))
    if len(settings.freeze) > 1:
        found += [Stage(settings.freeze, some, settings.seeds) for some in (first, every)]
    return found


def measure(name: str, settings: DenseClaims, scale: str, out: Path) -> Path:
    """Pretrain, and compare stage by stage; all tables are written after each stage.

    Args:
        name: Name of the experiment.
        settings: What is compared.
        scale: Its scale.
        out: The folder to write to.
    """
    run = run_origin(
        f"goodviews reproduce {name} --scale {scale}",
        seeds=range(settings.seeds),
        settings=asdict(settings),
    )
    places = {one.name: one.place(out) for one in settings.sets}
    arms = {one.name: encoders(settings, one, places[one.name], out) for one in settings.sets}
    plan, pace = stages(settings), dict[str, float]()
    found: dict[str, Transferred] = {}
    fits = dict.fromkeys(places, 0)
    for number, stage in enumerate(plan):
        for one in settings.sets:
            begun = time.perf_counter()
            found[one.name] = made = compare(settings, stage, one, places, arms, out)
            new = len(made.rows) - fits[one.name]
            fits[one.name] = len(made.rows)
            if new:
                pace[stage.freeze[-1]] = (time.perf_counter() - begun) / new
            _write(out, run, found)
            write_table(out, forecast(settings, plan, number, pace), run, name="forecast")
    return out


def encoders(settings: DenseClaims, one: Pictures, place: Path, out: Path) -> list[Path]:
    """The encoders that are pretrained without labels, the best expected first.

    Args:
        settings: What is compared.
        one: The set.
        place: Its folder.
        out: Where their runs are.
    """
    found = []
    for source in settings.sources:
        for name, views in VIEWS:
            of = place.name if source == "own" else source
            folder = out / "encoders" / f"{name}-{of}"
            if not (folder / "encoder.safetensors").is_file():
                _pretrain(settings, one, place, source, views, folder)
            found.append(folder)
    return found


def _pretrain(
    settings: DenseClaims, one: Pictures, place: Path, source: str, views: str, folder: Path
) -> None:
    """Pretrain with the settings of a study on as many images as all others are shown."""
    size = settings.pretrained_at
    if source == "own":  # without the pictures that are tested
        scenes = read_scenes(place, target=one.target, ignore=one.ignore)
        pictures = [scenes.scene(int(k))[0].transpose(1, 2, 0) for k in scenes.of("train")]
        images = load(pictures, size=size, name=f"{one.name}, training part")
    else:
        images = load(Pictures(source, source).place(folder), size=size)
    count = int((images.part == 0).sum())
    pretrain(
        images,
        method="small",
        backbone=settings.encoder,
        views=views,
        epochs=max(round(settings.shown / count), 1),
        out=folder,
        progress=False,
    )


def compare(
    settings: DenseClaims,
    stage: Stage,
    one: Pictures,
    places: dict[str, Path],
    arms: dict[str, list[Path]],
    out: Path,
) -> Transferred:
    """One stage of one set; what is stored is not fitted again."""
    first, *others = arms[one.name]
    against: list[Any] = [*others]
    if settings.supervised:
        against.append(f"supervised:{settings.supervised}")
    return transfer(
        first,
        places[one.name],
        target=one.target,
        against=[*against, "random"],
        freeze=stage.freeze,
        label_counts=stage.counts,
        seeds=stage.seeds,
        size=settings.size,
        steps=settings.steps,
        ignore=one.ignore,
        out=out / "items" / one.name,
        progress=False,
    )


def forecast(
    settings: DenseClaims, plan: list[Stage], done: int, pace: dict[str, float]
) -> list[dict[str, Any]]:
    """Fits of each stage, and the seconds that they take by what was measured until now.

    Args:
        settings: What is compared.
        plan: All stages.
        done: Place of the stage that is finished.
        pace: Seconds of a fit, by the way of freezing, as far as they were measured.
    """
    arms = len(settings.sources) * len(VIEWS) + bool(settings.supervised) + 1
    rows, before = [], dict[str, int]()
    for number, stage in enumerate(plan):
        seconds, fits = 0.0, 0
        for how in stage.freeze:
            total = len(settings.sets) * arms * len(stage.counts) * stage.seeds
            new = max(total - before.get(how, 0), 0)
            before[how] = max(total, before.get(how, 0))
            each = pace.get(how) or _SLOWER * pace.get(settings.freeze[0], 0.0)
            fits, seconds = fits + new, seconds + new * each
        rows.append(
            {
                "stage": number + 1,
                "freeze": "+".join(stage.freeze),
                "label_counts": "+".join(stage.counts),
                "seeds": stage.seeds,
                "fits": fits,
                "seconds": round(seconds, 1),
                "finished": number <= done,
            }
        )
    return rows


def _write(out: Path, run: dict[str, Any], found: dict[str, Transferred]) -> None:
    rows = [{"set": name, **row} for name, one in found.items() for row in one.rows]
    gaps = [{"set": name, **one.row()} for name, made in found.items() for one in made.differences]
    columns = {name: None for row in rows for name in row}
    write_table(out, [{name: row.get(name) for name in columns} for row in rows], run)
    write_table(out, gaps, run, name="differences")
