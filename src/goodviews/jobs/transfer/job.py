"""The job ``transfer``: an encoder and images with targets in; paired differences out."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from goodviews.core.cells import Cells
from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import default_folder
from goodviews.core.errors import MOST_SEED, InputError, check_whole, unknown
from goodviews.core.files import read_json, write_text
from goodviews.core.origin import run_origin, write_table
from goodviews.core.progress import Report, as_report, draws_progress
from goodviews.data import Scenes, read_scenes
from goodviews.encoders.maps import Maps
from goodviews.jobs.transfer.arms import read_arms, trained_whole, with_supervised
from goodviews.jobs.transfer.boxes import BoxTask
from goodviews.jobs.transfer.dense import DenseTask
from goodviews.jobs.transfer.fits import differences, fit_all, rows_of
from goodviews.jobs.transfer.pictures import pictures
from goodviews.jobs.transfer.plan import (
    FREEZE,
    Fit,
    Task,
    common_shape,
    parts_of,
    read_counts,
)
from goodviews.jobs.transfer.statistics import Difference
from goodviews.jobs.transfer.words import headline, sentence, summary
from goodviews.pages.transfer.page import transfer_page
from goodviews.training.dense import Dense
from goodviews.training.detection.build import DETECTORS, build_detector
from goodviews.training.detection.build import freeze as freeze_maps
from goodviews.training.detection.fit import Detector
from goodviews.training.machine import check_device

SIZE = {False: 128, True: 160}
"""Longer side of the images by default on a CPU, of boxes and masks or not; 224 elsewhere."""


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
    detector: str | None = None,
    neck: str | None = None,
    against: Sequence[Any] = ("random",),
    freeze: Sequence[str] = ("all",),
    label_counts: Sequence[int | str] = (),
    seeds: int = 3,
    seed: int = 0,
    size: int | None = None,
    steps: int = 300,
    batch: int | None = None,
    ignore: int = 255,
    out: str | Path | None = None,
    device: str = "auto",
    command: str = "",
    progress: bool | Report | None = None,
) -> Transferred:
    """Judge an encoder by boxes, masks, or a class or depth for each pixel, as paired differences.

    A detector or a linear head is trained on the feature maps of the encoder and of what it is
    compared with: the same labelled images, head, order and steps for each. Everything finished
    is stored, so that the same call resumes.

    Args:
        encoder: The folder of a pretraining run, ``"timm:NAME"``, ``"torchvision:NAME"``, the
            spec of a backbone or a module; see
            :func:`goodviews.evaluation.openers.open_encoder`.
        data: Folder of images with targets; see :func:`goodviews.data.read_scenes`.
        target: ``boxes``, ``masks``, ``pixels`` or ``depth`` (default: what the layout holds;
            objects with masks are read as a map of their classes).
        detector: ``faster-rcnn`` for boxes or ``mask-rcnn`` for masks (default: that of
            ``target``).
        neck: ``fpn``: a feature pyramid (default); ``c4``: the last stage of a residual network
            is the head of boxes.
        against: ``"random"`` for the same network with drawn weights; ``"supervised"`` for it
            pretrained on the labels of imagenette96 in ``GOODVIEWS_DATA``, or
            ``"supervised:DATA"`` on those of other images, for as long as the encoder was; or
            other encoders.
        freeze: ``"all"``: the encoder is frozen; ``"none"``: it is fine-tuned, so that
            ``random`` is training from scratch; ``"stem"``: all but the weights of its finest
            map. A detector never freezes random weights. Running statistics of every encoder are
            measured on training images.
        label_counts: Numbers of labelled images, or ``"all"`` (default: for boxes and masks all;
            otherwise those of 10, 30 and 100 that fit, and all).
        seeds: Number of seeds: labelled images, head, order and random weights.
        seed: The first of them.
        size: Longer side of the images in pixels (default: 224; on a CPU 160 for boxes and
            masks, otherwise 128); scores are computed at the size of the labels.
        steps: Optimiser steps of a fit.
        batch: Images per step (default: 4 for boxes and masks, otherwise 8).
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
        ("batch", 1 if batch is None else batch, 1, 10**5),
        ("size", 64 if size is None else size, 32, 8192),
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
    scenes = _read(data, target, detector, ignore)
    boxes = scenes.kind in DETECTORS
    if neck is not None and not boxes:
        raise InputError(f"neck is an option for boxes and masks, but target is {scenes.kind}.")
    parts = parts_of(scenes)
    counts = read_counts(label_counts or (["all"] if boxes else []), len(parts.train))
    classes = max(len(scenes.classes), 1)
    settings: Any = (
        Detector(scenes.kind, classes, neck or "fpn", steps=steps, batch=batch or 4)
        if boxes
        else Dense(scenes.kind, classes, steps=steps, batch=batch or 8)
    )
    shape = common_shape(scenes, size or (SIZE[boxes] if where.type == "cpu" else 224))
    rivals = [against] if isinstance(against, str) else list(against)
    check = partial(_check_maps, settings, frozen)
    read = partial(read_arms, encoder, rivals, count=len(scenes))
    try:
        arms = read(image=(3, *shape), check=partial(check, shape))
    except InputError:
        if shape[0] == shape[1]:
            raise
        shape = max(shape), max(shape)  # as vision transformers of a fixed size need them
        arms = read(image=(3, *shape), check=partial(check, shape))
        note = "An encoder takes square images only, so all encoders are given square ones."
        scenes = replace(scenes, notes=(*scenes.notes, note))
    task: Task = (BoxTask if boxes else DenseTask)(scenes, parts, settings, shape, where)
    if boxes:
        arms, notes = trained_whole(arms)
        scenes = replace(scenes, notes=(*scenes.notes, *notes))
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
        fits = [
            Fit(arm, mode, count, number, number == seed)
            for arm in range(len(arms))
            for number in range(seed, seed + seeds)
            for mode in frozen
            for count in counts
        ]
        cells = fit_all(task, arms, fits, store, report)
        rows = rows_of(task, arms, cells)
        gaps = differences(task, arms, cells, frozen, counts)
        origin = {
            **run,
            "encoder": arms[0].name,
            "arms": {arm.name: arm.detail for arm in arms},
            "data": {"name": scenes.name, "hash": scenes.hash, "count": len(scenes)},
            "target": scenes.kind,
            **({"detector": DETECTORS[scenes.kind]} if boxes else {}),
            "classes": list(scenes.classes),
            "parts": {name: len(getattr(parts, name)) for name in ("train", "choose", "test")},
            "settings": {**asdict(settings), "shape": list(shape), "rates": task.rates},
            "normalisation": task.normalisation,
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


def _check_maps(
    settings: Dense | Detector, frozen: Sequence[str], shape: tuple[int, int], maps: Maps
) -> None:
    """Check that feature maps fit the detector and what is frozen of them."""
    for how in frozen:
        if isinstance(settings, Dense) and how == "stem":
            raise InputError(
                f"freeze stem is an option for boxes and masks, but target is {settings.kind}; "
                f"use --freeze all or --freeze none."
            )
        if isinstance(settings, Detector):
            freeze_maps(maps, how, (3, *shape))
    if isinstance(settings, Detector):
        build_detector(maps, settings.outputs, shape=shape, kind=settings.kind, neck=settings.neck)


def _read(data: str | Path, target: str | None, detector: str | None, ignore: int) -> Scenes:
    """The images with targets of the kind that is given, or else of that of the layout.

    Objects with masks are read as a map of their classes where neither the kind nor a detector
    is named.

    Raises:
        InputError: The detector is unknown, or finds no targets of this kind.
    """
    found_by = {name: kind for kind, name in DETECTORS.items()}
    if detector is not None and detector not in found_by:
        raise unknown("detector", detector, tuple(found_by))
    kind = target or (found_by[detector] if detector else None)
    if detector and kind != found_by[detector]:
        raise InputError(
            f"{detector} finds {found_by[detector]}, but target is {kind}; leave one of them out."
        )
    scenes = read_scenes(data, target=kind, ignore=ignore)
    if kind is None and scenes.kind == "masks":
        return read_scenes(data, target="pixels", ignore=ignore)
    return scenes


def _write_page(
    folder: Path,
    run: dict[str, Any],
    rows: list[dict[str, Any]],
    gaps: list[Difference],
    shown: list[dict[str, Any]],
) -> None:
    lines = [{**one.row(), "text": sentence(one)} for one in gaps]
    write_text(folder / "index.html", transfer_page(run, rows, lines, shown))
