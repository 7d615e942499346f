"""Does a faster engine choose the same views? Two engines in short, and a long reference.

Letters: V views, S seeds, n tested items.
"""

import time
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core import Cells, intervals, run_origin, write_table
from goodviews.data import Images, load
from goodviews.evaluation import represent, scores
from goodviews.training import Settings, train
from goodviews.views import parse_view
from goodviews_experiments.shared.parts import three_parts

COLOUR = (
    "crop(scale=(0.08, 1))",
    "crop(scale=(0.35, 1))",
    "crop(scale=(0.8, 1))",
    "crop(scale=(0.2, 1))|flip()",
    "crop(scale=(0.2, 1))|flip()|jitter(0.5)",
    "crop(scale=(0.2, 1))|flip()|jitter(1)|grey()",
    "crop(scale=(0.2, 1))|flip()|jitter(0.5)|grey()|blur()",
    "crop(scale=(0.2, 1))|flip()|grey(p=0.5)",
    "crop(scale=(0.2, 1))|rotate(30)",
    "flip()|jitter(1)|grey()",
    "crop(scale=(0.35, 1))|flip()|randaugment()",
    "crop(scale=(0.2, 1))|flip()|noise(0.1)",
)
GREY = (
    "crop(scale=(0.08, 1))",
    "crop(scale=(0.35, 1))",
    "crop(scale=(0.6, 1))",
    "crop(scale=(0.8, 1))",
    "rotate(10)",
    "rotate(30)",
    "crop(scale=(0.35, 1))|rotate(15)",
    "crop(scale=(0.35, 1))|flip()",
    "crop(scale=(0.35, 1))|noise(0.2)",
    "crop(scale=(0.35, 1))|blur()",
    "noise(0.3)",
    "crop(scale=(0.35, 1))|cutout()",
)

LANDED = Settings(device="cpu")
"""The default of a study since the first release."""
NEW = Settings(
    encoder="convnet(width=16, stem='patches')",
    objective="ntxent(temperature=0.1)",
    optimiser="muon(lr=0.05, weight_decay=0.0)",
    batch=128,
    device="cpu",
    precision="auto",
)
WIDE = replace(NEW, encoder="convnet(width=24, stem='patches')")


@dataclass(frozen=True)
class World:
    """One set of images.

    Attributes:
        data: Name of the data.
        size: Side of the images; None keeps it.
        views: Candidates.
        landed: Images shown by the landed engine.
        new: Images shown by the new engine, less than a third of the CPU time.
        long: Images shown by the reference.
    """

    data: str
    size: int | None
    views: tuple[str, ...]
    landed: int = 80_000
    new: int = 30_000
    long: int = 300_000


@dataclass(frozen=True)
class EngineOrder:
    """Settings of the run."""

    worlds: tuple[World, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    budget: str = "20"
    draws: int = 5
    encoder: str = ""


SCALE = {
    "test": EngineOrder(
        (World("digits", None, GREY[1:4], 800, 400, 1600),),
        seeds=(0, 1),
        budget="4",
        draws=2,
        encoder="convnet(width=4)",
    ),
    "cpu": EngineOrder(
        (
            World("MNIST", 16, GREY),
            World("imagenette96", 16, COLOUR),
            World("cifar10_exact", 16, COLOUR),
        )
    ),
}


def engine_order(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, one per run, ``pairs.csv`` and ``regret.csv``, after each set of images.

    Args:
        scale: ``test`` or ``cpu`` (about 4 core-hours); a run that is done lies in ``items``.
        out: The folder to write to.

    Returns:
        That folder.
    """
    chosen = SCALE[scale]
    command = f"goodviews reproduce engine_order --scale {scale}"
    run = run_origin(command, seeds=chosen.seeds, settings=asdict(chosen))
    common = asdict(replace(chosen, worlds=()))
    rows: list[dict[str, Any]] = []
    regret: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for world in chosen.worlds:
        cells = Cells(out / "items" / world.data, common | asdict(world))
        found, own = _world(world, chosen, cells)
        rows += own
        for engine in ("landed", "new"):
            about = {"data": world.data, "engine": engine}
            regret.append(about | lost(found[engine], found["reference"]))
            pairs.append(about | ordered(found[engine], found["reference"]))
        write_table(out, regret, run, name="regret")
        write_table(out, pairs, run, name="pairs")
        write_table(out, rows, run)
    return out


def lost(short: np.ndarray, long: np.ndarray) -> dict[str, Any]:
    """Accuracy that the view chosen by each short run lacks to the best of the reference.

    The best is chosen on one seed of the reference and scored on the others, in turn.

    Args:
        short: (V, S) accuracies of short runs.
        long: (V, S) accuracies of the reference.

    Example:
        >>> lost(np.array([[0.1, 0.1], [0.2, 0.3]]), np.array([[0.5, 0.5], [0.4, 0.4]]))["regret"]
        0.1
    """
    values = []
    for left in range(long.shape[1]):
        others = np.delete(long, left, axis=1).mean(axis=1)
        best = int(long[:, left].argmax())
        values.append([others[best] - others[int(one.argmax())] for one in short.T])
    found = intervals.student_interval(np.mean(values, axis=0))
    return {"regret": round(found.value, 6), "low": found.low, "high": found.high}


def ordered(short: np.ndarray, long: np.ndarray) -> dict[str, Any]:
    """Number of pairs of views that differ significantly in the reference, and share ordered so.

    A pair differs where the 95 % interval of the paired difference over seeds excludes 0.

    Args:
        short: (V, S) accuracies of short runs.
        long: (V, S) accuracies of the reference.

    Example:
        >>> long = np.array([[0.1, 0.1, 0.1], [0.5, 0.5, 0.5]])
        >>> ordered(long, long)
        {'different': 1, 'ordered': 1, 'share': 1.0}
    """
    mean, right, total = short.mean(axis=1), 0, 0
    for one, other in combinations(range(len(long)), 2):
        gap = intervals.student_interval(long[one] - long[other])
        if gap.low <= 0 <= gap.high:
            continue
        total += 1
        right += bool((mean[one] > mean[other]) == (gap.value > 0))
    return {"different": total, "ordered": right, "share": right / total if total else 0.0}


def _world(
    world: World, chosen: EngineOrder, cells: Cells
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Accuracies (V, S) by engine, and the rows; every seed of a view before the next view."""
    images = load(world.data, size=world.size) if world.size else load(world.data)
    lengths = {
        "landed": (LANDED, world.landed),
        "new": (NEW, world.new),
        "reference": (WIDE, world.long),
    }
    found = {name: np.zeros((len(world.views), len(chosen.seeds))) for name in lengths}
    rows = []
    for engine, (settings, shown) in lengths.items():
        if chosen.encoder:
            settings = replace(settings, encoder=chosen.encoder)
        for place, view in enumerate(world.views):
            for number, seed in enumerate(chosen.seeds):
                options = (images, view, settings, shown, seed, engine == "reference", chosen)
                made = cells(f"{world.data}-{engine}-{view}-{seed}", _run, *options)
                found[engine][place, number] = made["top1"]
                about = {"data": world.data, "engine": engine, "view": view, "seed": seed}
                rows.append(about | made)
    return found, rows


def _run(
    images: Images,
    view: str,
    settings: Settings,
    shown: int,
    seed: int,
    long: bool,
    chosen: EngineOrder,
) -> dict[str, Any]:
    """Pretrain on three quarters of the train part and read; the reference reads the test part."""
    labels = next(iter(images.labels.values()))
    classes = len(next(iter(images.classes.values())))
    index, held, test = three_parts(images)
    epochs = -(-shown // len(index))
    settings = replace(settings, epochs=epochs)
    some = np.random.default_rng(seed).permutation(index)[: round(shown / epochs)]
    begun = time.process_time()
    made = train(images, np.sort(some), parse_view(view), settings=settings, seed=seed)
    seconds = time.process_time() - begun

    def embed(pixels: Tensor, _: Tensor) -> Tensor:
        return made.encoders.represent(pixels)

    features = torch.zeros(len(images), made.encoders.features)
    used = np.concatenate([index, test]) if long else np.concatenate([index, held])
    features[torch.from_numpy(used)] = represent(images, used, embed)
    if long:
        parts = scores.Parts(index, held[:0], test)
        top1 = scores.linear(features, labels, parts, classes=classes).right.mean()
    else:
        parts = scores.Parts(index, held[:0], held)
        judged = scores.few_labels(
            features, labels, parts, classes=classes, budget=chosen.budget, draws=chosen.draws
        )
        top1 = judged.right.mean()
    shown = made.history.steps * min(settings.batch, len(some))
    return {"top1": float(top1), "cpu_s": round(seconds, 2), "shown": shown}
