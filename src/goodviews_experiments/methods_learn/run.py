"""Does each method learn? All of them at one small scale, against random weights and raw pixels.

Every run has a control with the same encoder, seed and weights as drawn, its normalisation
settled on images; raw pixels are the other control. Items, seeds and readouts are the same for
all, so that every difference is paired.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core import Cells, intervals, run_origin, write_table
from goodviews.data import Images, load
from goodviews.encoders import PairEncoder, build_pair
from goodviews.evaluation import raw_pixels, represent, scores, settle
from goodviews.methods import METHODS, method
from goodviews.training import Settings, train
from goodviews.views import ViewPair, parse_view
from goodviews_experiments.methods_learn.small_scale import small_scale
from goodviews_experiments.methods_learn.textures import planted_textures

CONTROLS = ("random weights", "raw pixels")
READOUTS = ("knn", "linear")


@dataclass(frozen=True)
class MethodsLearn:
    """Settings of the run; see the module's words.

    Attributes:
        data: A known name, or ``textures`` for the planted ones.
        train: Images that are pretrained on, and whose labels readouts are fitted on.
        choose: How many of them choose the penalty of the linear readout instead.
        test: Most images that report; all others there are, up to this number.
        width: Channels after the encoder's first layer.
        crop: Side of the views in pixels.
        batch: Images per step.
        epochs: Passes over the images.
        seeds: Numbers of the runs.
        views: Steps instead of each method's own; see
            :func:`goodviews_experiments.methods_learn.small_scale.small_scale`.
        neighbours: k of the nearest neighbours.
        methods: Which.
    """

    data: str = "cifar10_exact"
    train: int = 5085
    choose: int = 685
    test: int = 4000
    width: int = 12
    crop: int | None = 24
    batch: int = 64
    epochs: int = 8
    seeds: tuple[int, ...] = (0, 1, 2)
    views: str = ""
    neighbours: int = 20
    methods: tuple[str, ...] = tuple(METHODS)


SCALE = {
    "test": MethodsLearn(
        data="textures",
        train=256,
        choose=64,
        test=200,
        width=4,
        crop=None,
        batch=64,
        epochs=1,
        seeds=(0, 1),
        methods=("cmc", "simclr", "supervised"),
    ),
    "cpu": MethodsLearn(),
    "gpu": MethodsLearn(width=64, batch=256, epochs=200),
}


@dataclass(frozen=True, eq=False)
class Outcome:
    """A run, its control and raw pixels on the same items.

    Attributes:
        right: (readouts, 3, n) whether each item was right, for the run, its random weights
            and raw pixels.
        steps: Optimiser steps.
        loss_first: Mean loss in the first epoch.
        loss_last: Mean loss in the last epoch.
        seconds: Wall time of training.
    """

    right: np.ndarray
    steps: int
    loss_first: float
    loss_last: float
    seconds: float


def learn(
    settings: Settings,
    images: Images,
    parts: scores.Parts,
    *,
    seed: int,
    read: Callable[[Tensor, np.ndarray], np.ndarray],
    raw: np.ndarray | None = None,
) -> Outcome:
    """Train once, and compare a readout with both controls.

    Args:
        settings: How; :func:`small_scale` makes them.
        images: With one label column.
        parts: Who is pretrained on (``pool`` and ``choose``) and who is tested.
        seed: Number of the run.
        read: Takes features (N, F) of all images and their labels (N,), gives (readouts, n)
            right or wrong for the tested ones.
        raw: What it gives for raw pixels, where that is known already.

    Returns:
        What each tested item got.
    """
    pair = parse_view(settings.views)
    index = np.sort(np.concatenate([parts.pool, parts.choose]))
    (labels,) = images.labels.values()
    taught = settings.objective.startswith(("supcon", "cross_entropy"))
    given = labels[index] if taught else None
    begun = time.perf_counter()
    trained = train(images, index, pair, settings=settings, seed=seed, labels=given)
    seconds = time.perf_counter() - begun
    losses, per = trained.history.losses, trained.history.per_epoch
    every = np.arange(len(images))
    drawn = _drawn(settings, images, index, pair, seed)
    right = [
        read(represent(images, every, _embed(encoders, pair)), labels)
        for encoders in (trained.encoders, drawn)
    ]
    right.append(read(represent(images, every, raw_pixels), labels) if raw is None else raw)
    return Outcome(
        np.stack(right, axis=1),
        trained.history.steps,
        float(np.mean(losses[:per])),
        float(np.mean(losses[-per:])),
        seconds,
    )


def _learned(
    settings: Settings, images: Images, parts: scores.Parts, seed: int, read: Any, raw: Any
) -> dict[str, Any]:
    return vars(learn(settings, images, parts, seed=seed, read=read, raw=raw))


def methods_learn(*, scale: str, out: Path, methods: Sequence[str] = ()) -> Path:
    """Write ``rows.csv``, one per run and control, and ``differences.csv``, the table.

    A run that is done lies in ``items`` and is not made again, so that the methods can be
    worked off in parts, in any order or on several machines, and the last call finds them all.

    Args:
        scale: ``test``, ``cpu`` (about 20 minutes on one thread) or ``gpu``.
        out: The folder to write to.
        methods: Only these, without tables.

    Returns:
        That folder.
    """
    chosen = SCALE[scale]
    run = run_origin(
        f"goodviews reproduce methods_learn --scale {scale}",
        seeds=chosen.seeds,
        settings=asdict(chosen),
    )
    images, parts = _data(chosen)
    classes = len(next(iter(images.classes.values())))

    def read(features: Tensor, labels: np.ndarray) -> np.ndarray:
        near = scores.knn(features, labels, parts, classes=classes, neighbours=chosen.neighbours)
        probe = scores.linear(features, labels, parts, classes=classes)
        return np.stack([near.right, probe.right])

    cells = Cells(out / "items", asdict(chosen))
    spelt, done, raw = {}, {}, None
    for name in methods or chosen.methods:
        settings, _ = small_scale(
            method(name),
            images,
            len(parts.pool) + len(parts.choose),
            width=chosen.width,
            batch=chosen.batch,
            epochs=chosen.epochs,
            crop=chosen.crop,
            views=chosen.views,
        )
        spelt[name] = asdict(settings)
        for seed in chosen.seeds:
            made = (settings, images, parts, seed, read, raw)
            done[name, seed] = Outcome(**cells(f"{name}-{seed}", _learned, *made))
            raw = done[name, seed].right[:, 2]
    if methods:
        return out
    run["data"] = {"name": images.name, "hash": images.hash, "tested": len(parts.test)}
    run["methods"] = spelt
    run["training_s"] = round(sum(one.seconds for one in done.values()), 1)
    rows = [row for (name, seed), one in done.items() for row in _rows(name, seed, one)]
    write_table(out, rows, run)
    table = []
    for name in chosen.methods:
        table += compare(name, [done[name, seed] for seed in chosen.seeds])
    write_table(out, table, run, name="differences")
    return out


def compare(name: str, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Paired differences of a method to its controls, with 95 % intervals.

    Seeds and items both vary: the variance over seeds shrinks with their number, that over
    items does not, and Student's t has Satterthwaite's degrees of freedom
    (:func:`goodviews.core.intervals.seeds_interval`).

    Args:
        name: Name of the method.
        outcomes: One per seed, on the same items.

    Returns:
        A row for each readout and control.

    Example:
        >>> right = np.zeros((2, 3, 100))
        >>> right[:, 0, :50] = 1
        >>> row = compare("perfect half", [Outcome(right, 1, 0.0, 0.0, 0.0)] * 3)[0]
        >>> row["difference"], row["low"] > 0.3, row["learns"]
        (0.5, True, True)
    """
    right_SRCN = np.stack([one.right for one in outcomes])
    table = []
    for readout, kind in enumerate(READOUTS):
        for control, against in enumerate(CONTROLS, start=1):
            gap_SN = right_SRCN[:, readout, 0] - right_SRCN[:, readout, control]
            error = gap_SN.mean(axis=0).std(ddof=1) / gap_SN.shape[1] ** 0.5
            found = intervals.seeds_interval(gap_SN.mean(axis=1), np.full(len(gap_SN), error))
            table.append(
                {
                    "method": name,
                    "readout": kind,
                    "control": against,
                    "top1": float(right_SRCN[:, readout, 0].mean()),
                    "control_top1": float(right_SRCN[:, readout, control].mean()),
                    "difference": found.value,
                    "low": found.low,
                    "high": found.high,
                    "spread": float(gap_SN.mean(axis=1).std(ddof=1)),
                    "learns": found.above,
                }
            )
    return table


def _data(chosen: MethodsLearn) -> tuple[Images, scores.Parts]:
    if chosen.data == "textures":
        images = planted_textures(chosen.train + chosen.test, seed=0)
    else:
        images = load(chosen.data)
    order = np.random.default_rng(0).permutation(len(images))
    own, test = np.split(order[: chosen.train + chosen.test], [chosen.train])
    pool, choose = np.split(own, [chosen.train - chosen.choose])
    return images, scores.Parts(np.sort(pool), np.sort(choose), np.sort(test))


def _drawn(
    settings: Settings, images: Images, index: np.ndarray, pair: ViewPair, seed: int
) -> PairEncoder:
    """The encoders as the run began with them, normalisation settled."""
    some = torch.from_numpy(index[:512])
    pixels = images.batch(some)
    v1, v2 = pair(pixels, seed=seed, samples=some, epoch=0)
    if v1.ndim == 5:
        v1, v2 = v1.flatten(0, 1), v2.flatten(0, 1)
    head = settings.head if settings.objective != "cross_entropy()" else "identity()"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoders = build_pair(settings.encoder, v1, v2, shared=pair.alike, head=head, seed=seed)
    embed = _embed(encoders, pair)
    encoders.eval()
    settle(encoders.backbones, lambda x: embed(x, some), pixels)
    return encoders


def _embed(encoders: PairEncoder, pair: ViewPair) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda x, _: encoders.represent(pair.plain(0, x), pair.plain(1, x))


def _rows(name: str, seed: int, one: Outcome) -> list[dict[str, Any]]:
    rows = []
    for place, role in enumerate(("learned", *CONTROLS)):
        scores = dict(zip(READOUTS, one.right[:, place].mean(axis=1), strict=True))
        row = {"method": name, "seed": seed, "role": role}
        row |= {f"{kind}_top1": float(value) for kind, value in scores.items()}
        if not place:
            row |= {"steps": one.steps, "seconds": one.seconds}
            row |= {"loss_first": one.loss_first, "loss_last": one.loss_last}
        rows.append(row)
    return rows
