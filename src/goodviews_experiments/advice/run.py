"""Is the view that a study recommends the best one to pretrain with for long?

Of each set, 20 labels a class are kept and the others hidden; a study names a view from those. The
truth is a panel of compositions, the named views and training from scratch, pretrained ten times
longer with a wider encoder, and scored on all hidden labels.

Letters: V views, S seeds of the truth, D draws of labels.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core import Cells, intervals, run_origin, write_table
from goodviews.data import Images, draw_labels
from goodviews.evaluation import LabelDraw, evaluate_readout, represent
from goodviews.jobs.study import one_thread, study
from goodviews.training import (
    light_augmentation,
    scratch_encoder,
    small_settings,
    train,
    train_supervised,
)
from goodviews.views import parse_view
from goodviews_experiments.advice.panel import PANELS
from goodviews_experiments.length_forecast.sets import SETS, TINY, Set

KINDS = {"imagenette": "natural", "cifar10": "natural", "bccd cells": "topdown"}
"""Panel of a set; ``symbols`` for the others."""
PRESET, OLD = "simclr()", "crop(scale=(0.35, 1))"
"""What is compared with the named view: SimCLR's preset (the preset for documents where images are
grey), and the middle of the crops that studies swept before."""


@dataclass(frozen=True)
class Advice:
    """Settings of the run.

    Attributes:
        sets: Names of the sets.
        per_class: Labels per class that are kept.
        draws: D.
        seeds: S.
        minutes: Time of a study on one processor.
        shown: Images shown in a run of the truth.
        width: Width of its encoder.
        panel: V of the panel; 0 takes all.
    """

    sets: tuple[str, ...]
    per_class: int = 20
    draws: int = 3
    seeds: tuple[int, ...] = (0, 1, 2)
    minutes: float = 20.0
    shown: int = 400_000
    width: int = 24
    panel: int = 0


SCALE = {
    "test": Advice((TINY[0].name,), per_class=2, draws=1, seeds=(0, 1), minutes=0.001, shown=160,
                   width=4, panel=2),
    "cpu": Advice(tuple(one.name for one in SETS)),
}  # fmt: skip


def advice(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv`` (the truth), ``studies.csv`` and ``regret.csv``.

    Args:
        scale: ``test`` or ``cpu`` (about 20 core-hours); a run that is done lies in ``items``.
        out: The folder to write to.

    Returns:
        That folder.
    """
    chosen = SCALE[scale]
    run = run_origin(f"goodviews reproduce advice --scale {scale}", seeds=chosen.seeds)
    cells = Cells(out / "items", asdict(replace(chosen, sets=())))
    rows: list[dict[str, Any]] = []
    studies: list[dict[str, Any]] = []
    regrets: list[dict[str, Any]] = []
    for one in (*SETS, *TINY):
        if one.name in chosen.sets:
            made = _of_set(one, chosen, cells, out)
            for table, own in zip((rows, studies, regrets), made, strict=True):
                table.extend(own)
            write_table(out, studies, run, name="studies")
            write_table(out, regrets, run, name="regret")
            write_table(out, rows, run)
    return out


def regret(truth: np.ndarray, named: int) -> float:
    """Accuracy that a view lacks to the best, which is selected on other seeds than it is scored.

    Args:
        truth: (V, S) accuracies.
        named: Place of the view.

    Example:
        >>> regret(np.array([[0.5, 0.6], [0.9, 0.8]]), 0)
        0.30000000000000004
    """
    found = []
    for seed in range(truth.shape[1]):
        best = int(np.delete(truth, seed, axis=1).mean(axis=1).argmax())
        found.append(truth[best, seed] - truth[named, seed])
    return float(np.mean(found))


def draws_of(images: Images, chosen: Advice) -> list[np.ndarray]:
    """(D, n) images whose labels are kept."""
    labels = next(iter(images.labels.values()))
    known = np.flatnonzero(labels >= 0)
    return draw_labels(labels, known, per_class=chosen.per_class, draws=chosen.draws,
                       groups=images.groups)  # fmt: skip


def few(images: Images, kept: np.ndarray) -> Images:
    """The same images with the labels of some of them only."""
    name, labels = next(iter(images.labels.items()))
    shown = np.full(len(labels), -1)
    shown[kept] = labels[kept]
    return replace(images, labels={name: shown})


def _of_set(
    one: Set, chosen: Advice, cells: Cells, out: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    images = one.read()
    kind = KINDS.get(one.name, "symbols")
    panel = [repr(parse_view(spec)) for spec in PANELS[kind][: chosen.panel or None]]
    kept = draws_of(images, chosen)
    preset = repr(parse_view(PRESET if images.channels == 3 else "documents()"))
    old = repr(parse_view(OLD))
    studies = []
    for number, part in enumerate(kept):
        folder = out / "studies" / f"{one.name}-{number}".replace(" ", "_")
        options = (few(images, part), folder, chosen.minutes)
        made = cells(f"study-{one.name}-{number}", _study, *options)
        studies.append({"data": one.name, "draw": number} | made)
    named = [row["view"] for row in studies]
    views = list(dict.fromkeys([*panel, preset, old, *named]))
    truth = np.zeros((len(views), len(chosen.seeds), len(kept)))
    rows = []
    for place, view in enumerate(views):
        for number, seed in enumerate(chosen.seeds):
            found = cells(
                f"truth-{one.name}-{view}-{seed}", _truth, images, kept, view, seed, chosen
            )
            truth[place, number] = found["top1"]
            about = {"data": one.name, "view": view, "seed": seed, "panel": view in panel}
            rows += [
                about | {"draw": draw, "top1": value} for draw, value in enumerate(found["top1"])
            ]
    regrets = []
    for number, view in enumerate(named):
        scratch = cells(f"scratch-{one.name}-{number}", _scratch, images, kept[number])["top1"]
        mine = views.index(view)
        score = truth[:, :, number]
        gains = {
            "over_preset": score[mine] - score[views.index(preset)],
            "over_old": score[mine] - score[views.index(old)],
            "over_scratch": score[mine] - scratch,
        }
        about = {"data": one.name, "draw": number, "view": view, "scratch": scratch,
                 "top1": float(score[mine].mean()), "regret": regret(score, mine)}  # fmt: skip
        regrets.append(about | _ends(gains))
    return rows, studies, regrets


def _ends(gains: dict[str, np.ndarray]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, values in gains.items():
        gap = intervals.student_interval(values)
        found |= {name: gap.value, f"{name}_low": gap.low, f"{name}_high": gap.high}
    return found


def _study(images: Images, place: Path, minutes: float) -> dict[str, Any]:
    made = study(images, out=place, minutes=minutes, jobs=0, page=False)
    task = made.verdict.tasks[0]
    return {
        "view": made.best_view or "",
        "recommended": made.recommended,
        "wording": task.wording,
        "candidates": " ; ".join(view.view for view in task.views),
    }


def _truth(
    images: Images, kept: Sequence[np.ndarray], view: str, seed: int, chosen: Advice
) -> dict[str, Any]:
    """Pretrain for long on all images but those with labels; score on all hidden labels."""
    labels = next(iter(images.labels.values()))
    classes = len(next(iter(images.classes.values())))
    pair = parse_view(view)
    settings = small_settings(min(images.height, images.width), device="cpu")
    wide = settings.encoder.replace("width=16", f"width={chosen.width}")
    every = np.arange(len(images))
    settings = replace(settings, encoder=wide, epochs=max(1, round(chosen.shown / len(every))))
    with one_thread():
        made = train(images, every, pair, settings=settings, seed=seed).encoders
        features = represent(
            images, every, lambda x, _: made.represent(pair.plain(0, x), pair.plain(1, x))
        ).numpy()
        draws = [LabelDraw(part, np.setdiff1d(every[labels >= 0], part)) for part in kept]
        found = [
            evaluate_readout(features, labels, [draw], classes=classes, knn=False)
            for draw in draws
        ]
    return {"top1": np.array([float(one.by_draw[0]) for one in found])}


def _scratch(images: Images, part: np.ndarray) -> dict[str, Any]:
    """Train on the kept labels alone, as a study compares it; test on the hidden ones."""
    labels = next(iter(images.labels.values()))
    classes = len(next(iter(images.classes.values())))
    settings = small_settings(min(images.height, images.width), device="cpu")
    settings = replace(settings, encoder=scratch_encoder(settings.encoder))
    light = light_augmentation(images.channels)
    test = np.setdiff1d(np.flatnonzero(labels >= 0), part)
    top1 = []
    with one_thread():
        for seed in range(3):
            model = train_supervised(
                images,
                part,
                labels[part],
                parse_view(light),
                classes=classes,
                settings=settings,
                seed=seed,
            )

            def logits(x: torch.Tensor, _: torch.Tensor, model: Any = model) -> torch.Tensor:
                made: torch.Tensor = model(x)
                return made

            guess = represent(images, test, logits).argmax(dim=1).numpy()
            top1.append(float((guess == labels[test]).mean()))
    return {"top1": float(np.mean(top1))}
