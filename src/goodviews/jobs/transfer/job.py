"""The job ``transfer``: an encoder and images with targets in; paired differences out."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from goodviews.core.cells import Cells, hashed
from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import default_folder
from goodviews.core.errors import MOST_SEED, InputError, check_whole, unknown
from goodviews.core.files import read_json, write_text
from goodviews.core.forecast import Forecast, Kind
from goodviews.core.origin import run_origin, write_table
from goodviews.core.progress import Report, Reporter, as_report, draws_progress
from goodviews.data import Scenes, read_scenes
from goodviews.jobs.transfer.arms import (
    NORMALISATION,
    Arm,
    open_maps,
    read_arms,
    weights_hash,
    with_supervised,
)
from goodviews.jobs.transfer.dense import DenseTask
from goodviews.jobs.transfer.pictures import pictures
from goodviews.jobs.transfer.plan import (
    FREEZE,
    Fit,
    common_shape,
    parts_of,
    read_counts,
)
from goodviews.jobs.transfer.statistics import Difference, paired
from goodviews.jobs.transfer.words import headline, sentence, summary
from goodviews.pages.transfer.page import transfer_page
from goodviews.training.dense import RATES, Dense
from goodviews.training.machine import check_device

SIZE = {"cpu": 128}
"""Longer side of the images by default; 224 on other devices."""


@dataclass(frozen=True)
class Transferred:
    """What a pretrained backbone is worth for boxes, pixels or depth.

    Attributes:
        folder: ``rows.csv``, ``differences.csv``, ``run.json`` and the page ``index.html``.
        rows: One for each encoder, number of labels and seed.
        differences: The encoder minus each other one, paired by seed and image.
        notes: What was decided or left out of the data.

    Example:
        >>> Transferred(Path("t"), [], [], []).differences
        []
    """

    folder: Path
    rows: list[dict[str, Any]]
    differences: list[Difference]
    notes: list[str]

    def __str__(self) -> str:
        return "\n".join(summary(self.differences, self.rows, self.notes))


@draws_progress
def transfer(
    encoder: Any,
    data: str | Path,
    *,
    target: str | None = None,
    against: Sequence[Any] = ("random",),
    freeze: Sequence[str] = ("all",),
    label_counts: Sequence[int | str] = (),
    seeds: int = 3,
    seed: int = 0,
    size: int | None = None,
    steps: int = 300,
    batch: int = 8,
    ignore: int = 255,
    out: str | Path | None = None,
    device: str = "auto",
    command: str = "",
    progress: bool | Report | None = None,
) -> Transferred:
    """Judge an encoder by a class or a depth for each pixel, as paired differences.

    A linear head is fitted on the feature maps of the encoder and of what it is compared with:
    the same labelled images, head, order and steps for each. Everything finished is stored, so
    that the same call resumes.

    Args:
        encoder: The folder of a pretraining run, ``"timm:NAME"``, ``"torchvision:NAME"``, the
            spec of a backbone or a module; see
            :func:`goodviews.evaluation.openers.open_encoder`.
        data: Folder of images with targets; see :func:`goodviews.data.read_scenes`.
        target: ``pixels`` or ``depth`` (default: what the layout holds; objects with masks are
            read as a map of their classes).
        against: ``"random"`` for the same network with drawn weights; ``"supervised"`` for it
            pretrained on the labels of imagenette96 in ``GOODVIEWS_DATA``, or
            ``"supervised:DATA"`` on those of other images, for as long as the encoder was; or
            other encoders.
        freeze: ``"all"``: the encoder is frozen; ``"none"``: it is fine-tuned, so that
            ``random`` is training from scratch. Random weights are never used with running
            statistics as they were drawn: those of every encoder are measured on training images.
        label_counts: Numbers of labelled images, or ``"all"`` (default: those of 10, 30 and 100
            that fit, and all).
        seeds: Number of seeds: labelled images, head, order and random weights.
        seed: The first of them.
        size: Longer side of the images in pixels (default: 128 on a CPU, 224 otherwise); scores
            are computed at the size of the labels.
        steps: Optimiser steps of a fit.
        batch: Images per step.
        ignore: Value of label images that does not count.
        out: Folder for the results (default: ``transfer-``, the encoder and the data).
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or another that torch knows.
        command: The original command, for the record.
        progress: True draws a progress bar; a function is called with what is counted, how many
            are done and how many there are.

    Returns:
        Rows and differences; printed, sentences and a small table.

    Raises:
        InputError: Something given cannot be used; the message says what to type.

    Example:
        >>> import numpy as np
        >>> from tempfile import TemporaryDirectory
        >>> from PIL import Image
        >>> with TemporaryDirectory() as place:
        ...     for k in range(8):
        ...         image = np.random.default_rng(k).integers(0, 255, (32, 32), dtype=np.uint8)
        ...         for folder, made in (("images", image), ("labels", image // 128)):
        ...             (Path(place) / "set" / folder).mkdir(parents=True, exist_ok=True)
        ...             Image.fromarray(made).save(f"{place}/set/{folder}/{k}.png")
        ...     found = transfer(
        ...         "convnet(width=4)", f"{place}/set", steps=2, seeds=2, out=f"{place}/out"
        ...     )
        >>> [(one.labelled, one.against) for one in found.differences]
        [(5, 'random weights')]
    """
    check_device(device)
    for name, value, least, most in (
        ("seeds", seeds, 1, 1000), ("seed", seed, 0, MOST_SEED), ("steps", steps, 1, 10**7),
        ("batch", batch, 1, 10**5), ("size", 64 if size is None else size, 32, 8192),
        ("ignore", ignore, 0, 2**31),
    ):  # fmt: skip
        check_whole(name, value, least, most)
    frozen = [freeze] if isinstance(freeze, str) else list(freeze)
    for one in frozen or [""]:
        if one not in FREEZE:
            raise unknown("value of freeze", str(one), FREEZE)
    check_owner(Path(out or "."), "transfer", own=is_transfer if out else lambda _: True)
    found_gpu = "cuda" if torch.cuda.is_available() else "cpu"
    where = torch.device(found_gpu if device == "auto" else device)
    scenes = _dense_scenes(read_scenes(data, target=target, ignore=ignore), data, target, ignore)
    parts = parts_of(scenes)
    counts = read_counts(label_counts, len(parts.train))
    shape = common_shape(scenes, size or SIZE.get(where.type, 224))
    rivals = [against] if isinstance(against, str) else list(against)
    try:
        arms = read_arms(encoder, rivals, image=(3, *shape), count=len(scenes))
    except InputError:
        if shape[0] == shape[1]:
            raise
        shape = max(shape), max(shape)  # as vision transformers of a fixed size need them
        arms = read_arms(encoder, rivals, image=(3, *shape), count=len(scenes))
        note = "An encoder takes square images only, so all encoders are given square ones."
        scenes = replace(scenes, notes=(*scenes.notes, note))
    settings = Dense(scenes.kind, max(len(scenes.classes), 1), steps=steps, batch=batch)
    folder = (
        Path(out) if out is not None else default_folder("transfer", arms[0].name, scenes.name)
    )
    run = run_origin(command, seeds=range(seed, seed + seeds))
    report = as_report(progress)
    with claimed(folder, "transfer", own=is_transfer, say=report.note):
        depends = {
            "data": scenes.hash,
            "shape": list(shape),
            "settings": asdict(settings),
            "encoder": arms[0].name,
            "first_seed": seed,
        }
        store = Cells(folder / "cells", depends)
        for note in scenes.notes:
            report.note(note)
        arms = with_supervised(arms, folder, report)
        task = DenseTask(scenes, parts, settings, shape, where)
        fits = [
            Fit(arm, mode, count, number, number == seed)
            for arm in range(len(arms))
            for number in range(seed, seed + seeds)
            for mode in frozen
            for count in counts
        ]
        cells = _fit_all(task, arms, fits, store, report)
        rows = _rows(task, arms, cells, batch)
        gaps = _differences(task, arms, cells, frozen, counts)
        origin = {
            **run,
            "encoder": arms[0].name,
            "arms": {arm.name: arm.detail for arm in arms},
            "data": {"name": scenes.name, "hash": scenes.hash, "count": len(scenes)},
            "target": scenes.kind,
            "classes": list(scenes.classes),
            "parts": {name: len(getattr(parts, name)) for name in ("train", "choose", "test")},
            "settings": {**asdict(settings), "shape": list(shape), "rates": RATES},
            "normalisation": NORMALISATION,
            "finding": headline(gaps),
            "notes": list(scenes.notes),
        }
        write_table(folder, [one.row() for one in gaps], origin, name="differences")
        write_table(folder, rows, origin)
        _write_page(folder, origin, rows, gaps, pictures(task, arms, cells))
        notes = [*scenes.notes, f"Page: {folder / 'index.html'}"]
        return Transferred(folder, rows, gaps, notes)


def is_transfer(folder: Path) -> bool:
    """Whether a folder is that of a transfer."""
    if (folder / "cells" / "settings.json").is_file():
        return True
    with suppress(InputError):
        found = read_json(folder / "run.json")
        return isinstance(found, dict) and {"arms", "target"} <= found.keys()
    return False


def _dense_scenes(scenes: Scenes, data: Any, target: str | None, ignore: int) -> Scenes:
    """The set as pixels or depth: objects with masks as a map of their classes.

    Raises:
        InputError: It holds boxes only, or boxes or masks were asked for.
    """
    if target in ("boxes", "masks") or scenes.kind == "boxes":
        raise InputError(
            f"transfer cannot train detectors yet, and {scenes.name} holds {scenes.kind}; use "
            f"data with a label image for each image, or masks with --target pixels."
        )
    if scenes.kind == "masks":
        return read_scenes(data, target="pixels", ignore=ignore)
    return scenes


def _fit_all(
    task: DenseTask,
    arms: Sequence[Arm],
    fits: Sequence[Fit],
    store: Cells,
    report: Reporter,
) -> dict[Fit, dict[str, Any]]:
    """Every fit, those that are stored as they are; the first seed chooses the learning rate."""
    kinds = [_kind(arms, fit) for fit in fits]
    pieces: list[Mapping[Kind, int]] = [
        {kind: task.settings.steps * (len(RATES[fit.freeze]) if fit.first else 1)}
        for kind, fit in zip(kinds, fits, strict=True)
    ]
    clock = Forecast(pieces, {kind: 20.0 if kind[0] == "none" else 1.0 for kind in kinds})
    made: dict[Fit, dict[str, Any]] = {}
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
        tried = RATES[fit.freeze] if fit.first else (rates[key],)
        name = hashed(arm.name, opened[2], fit.freeze, fit.count, fit.seed, list(tried))
        cell = store.load(name)
        if cell is None:
            cell = opened[1].fit(fit, tried, _counter(clock, place, kinds[place], report, fits))
            store.save(name, cell)
        clock.closed(place)
        made[fit] = cell
        if fit.first:
            rates[key] = cell["rate"]
        report("fits finished", place + 1, len(fits), share=clock.share(), left=clock.left())
    return made


def _kind(arms: Sequence[Arm], fit: Fit) -> Kind:
    return (fit.freeze, arms[fit.arm].name)


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


def _rows(
    task: DenseTask, arms: Sequence[Arm], cells: Mapping[Fit, dict[str, Any]], batch: int
) -> list[dict[str, Any]]:
    rows = []
    for fit, cell in cells.items():
        rows.append(
            {
                "encoder": arms[fit.arm].name,
                "freeze": fit.freeze,
                "labelled": fit.count,
                "seed": fit.seed,
                **task.numbers(cell["sums"].sum(axis=0)),
                "tested": len(task.parts.test),
                "rate": cell["rate"],
                "steps": task.settings.steps,
                "batch": min(batch, fit.count),
                "trained_weights": cell["trained_weights"],
                "normalisation": NORMALISATION,
                "height": task.shape[0],
                "width": task.shape[1],
            }
        )
    return rows


def _differences(
    task: DenseTask,
    arms: Sequence[Arm],
    cells: Mapping[Fit, dict[str, Any]],
    frozen: Sequence[str],
    counts: Sequence[int],
) -> list[Difference]:
    tested = len(task.parts.test)

    def of(arm: int, mode: str, count: int) -> list[dict[str, Any]]:
        key = (arm, mode, count)
        return [cell for fit, cell in cells.items() if (fit.arm, fit.freeze, fit.count) == key]

    return [
        Difference(
            arms[0].name,
            arms[other].name,
            mode,
            count,
            task.metric,
            paired(ours := of(0, mode, count), of(other, mode, count), task.score, tested),
            len(ours),
            tested,
        )
        for other in range(1, len(arms))
        for mode in frozen
        for count in counts
    ]


def _write_page(
    folder: Path,
    run: dict[str, Any],
    rows: list[dict[str, Any]],
    gaps: list[Difference],
    shown: list[dict[str, Any]],
) -> None:
    lines = [{**one.row(), "text": sentence(one)} for one in gaps]
    write_text(folder / "index.html", transfer_page(run, rows, lines, shown))
