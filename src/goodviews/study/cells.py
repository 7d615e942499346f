"""One cell: a view (or baseline) and a seed become rows and per-item results.

Letters: M tested items, R label draws, F representation.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core.records import Row
from goodviews.encoders import PairEncoder, build_pair
from goodviews.evaluation import LabelDraw, fit_temperature, read_out, represent, shared_nats
from goodviews.information import Estimate, effective_rank
from goodviews.objectives import alignment, uniformity
from goodviews.study.plan import BASELINES, Cell, Plan, Task
from goodviews.training import pretrain
from goodviews.training.monitor import collapsed, levelled_off
from goodviews.training.supervised import train_supervised
from goodviews.views import ViewPair, parse_view

__all__ = ["CellResult", "run_cell"]

_TWIN = 1_000_003
"""Added to a twin's seed: another initialisation, order and draws."""
_READER_DRAWS = 4
_READER_PENALTY = 1e-3
_SIDE = 3072
"""Raw values above which raw pixels are averaged down for the baseline."""


@dataclass(frozen=True)
class CellResult:
    """What a cell leaves.

    Attributes:
        rows: One per task (one with an empty task when there are no labels).
        arrays: Per task ``right``, ``nats``, ``knn``, ``null`` (M,), ``kept`` (M,) for
            candidates, and ``draws`` (R,); keys are ``<task number>.<name>``.
    """

    rows: list[Row]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def run_cell(plan: Plan, cell: Cell, tick: Callable[[], None] | None = None) -> CellResult:
    """Run one cell; the same plan and cell give the same result anywhere.

    Args:
        plan: The study.
        cell: Which part of it.
        tick: Called after each epoch.

    Returns:
        Rows and arrays.

    Raises:
        InputError: The view does not fit the images, or the loss stopped being a number.
    """
    start = time.perf_counter()
    seed = cell.seed + (_TWIN if cell.role == "twin" else 0)
    if cell.role == "baseline":
        common, features = {}, _baseline(plan, cell, seed)
        kept = None
    else:
        pair = parse_view(cell.view)
        common, encoders = _pretrained(plan, pair, seed, tick)
        features = _features(plan, encoders)
        kept = _reader(plan, pair, cell.seed)
    rows, arrays = [], {}
    for number, task in enumerate(plan.tasks):
        made = features(task)
        usable = made["nats"].mean() + _entropy(task)
        extra: dict[str, Any] = {}
        if kept is not None:
            view_nats, image_nats = kept(task)
            made["kept"] = view_nats - image_nats
            extra = {
                "view_nats": float(view_nats.mean() + _entropy(task)),
                "image_nats": float(image_nats.mean() + _entropy(task)),
            }
        report = ~task.choose
        draws = made["draws"]
        rows.append(
            Row(
                view=cell.view,
                seed=cell.seed,
                task=task.name,
                role=cell.role,
                readout_top1=float(made["right"][report].mean()),
                readout_spread=float(draws.std(ddof=1)) if len(draws) > 1 else None,
                usable_nats=float(usable),
                knn_top1=float(made["knn"][report].mean()) if "knn" in made else None,
                **extra,
                **common,
            )
        )
        arrays |= {f"{number}.{name}": value for name, value in made.items()}
    if not plan.tasks:
        rows = [Row(view=cell.view, seed=cell.seed, task="", role=cell.role, **common)]
    seconds = time.perf_counter() - start
    return CellResult([_timed(row, seconds) for row in rows], arrays)


def _pretrained(
    plan: Plan, pair: ViewPair, seed: int, tick: Callable[[], None] | None
) -> tuple[dict[str, Any], PairEncoder]:
    images, held = plan.images, plan.splits.held_out
    count = min(len(plan.splits.pretrain), 1024)

    @torch.no_grad()
    def embed(encoders: PairEncoder, rows: np.ndarray, draw: int) -> tuple[Tensor, Tensor]:
        device = next(encoders.parameters()).device
        parts: tuple[list[Tensor], list[Tensor]] = ([], [])
        for begin in range(0, len(rows), 1024):
            some = rows[begin : begin + 1024]
            x = images.batch(some, device)
            for which in (0, 1):
                view = pair.view(
                    which, x, seed=seed, samples=torch.from_numpy(some), epoch=-1 - draw
                )
                parts[which].append(encoders.embed(which, view))
        return torch.cat(parts[0]), torch.cat(parts[1])

    def bound(encoders: PairEncoder, draws: int = 1) -> Estimate:
        temperature = fit_temperature(*embed(encoders, plan.splits.pretrain[:count], 0))
        return shared_nats(
            lambda rows, draw: embed(encoders, rows, draw + 1),
            held,
            candidates=plan.candidates,
            temperature=temperature,
            draws=draws,
        )

    def look(encoders: PairEncoder) -> tuple[float, float]:
        found = bound(encoders)
        return found.nats, found.stderr_nats

    trained = pretrain(
        images, plan.splits.pretrain, pair, settings=plan.settings, seed=seed, look=look, tick=tick
    )
    encoders, history = trained.encoders, trained.history
    found = bound(encoders, draws=2)
    z1, z2 = embed(encoders, held[: min(len(held), 2048)], 1)
    rows = held[: min(len(held), 256)]
    x = images.batch(rows)
    key = pair.key(0, x, seed, torch.from_numpy(rows), -1)
    params = pair.first.sample((images.channels, images.height, images.width), key)
    common = {
        "estimate_nats": found.nats,
        "stderr_nats": found.stderr_nats,
        "ceiling_nats": found.ceiling_nats,
        "candidates": found.candidates,
        "at_ceiling": found.at_ceiling,
        "effective_rank": effective_rank(z1),
        "alignment": float(alignment(z1, z2).mean()),
        "uniformity": float(uniformity(z1).mean()),
        "clipped_share": pair.first.clipped(x, params),
        "loss_first": history.losses[0],
        "loss_last": history.losses[-1],
        "undertrained": not levelled_off(history),
        "collapsed": collapsed(z1),
        "epochs": plan.settings.epochs,
        "steps": history.steps,
    }
    return common, encoders


def _features(plan: Plan, encoders: PairEncoder) -> Callable[[Task], dict[str, np.ndarray]]:
    device = next(encoders.parameters()).device

    def read(task: Task) -> dict[str, np.ndarray]:
        index, draws = _compact(task)
        made = represent(
            plan.task_images, index, lambda x, _: encoders.represent(x), device=device
        )
        return _read(task, index, draws, made.numpy())

    return read


def _read(
    task: Task, index: np.ndarray, draws: list[LabelDraw], features: np.ndarray
) -> dict[str, np.ndarray]:
    """Read out, and again with shuffled labels: the null of every study."""
    labels, classes = task.labels[index], len(task.classes)
    found = read_out(features, labels, draws, classes=classes)
    shuffled = np.random.default_rng(0).permutation(labels)
    null = read_out(
        features,
        shuffled,
        draws if task.crossed else draws[:_READER_DRAWS],
        classes=classes,
        penalty=found.penalty,
        knn=False,
    )
    made = {
        "right": found.right,
        "nats": found.log_prob,
        "knn": found.knn_right,
        "draws": found.by_draw,
        "null": null.right,
    }
    return made


def _reader(
    plan: Plan, pair: ViewPair, seed: int
) -> Callable[[Task], tuple[np.ndarray, np.ndarray]]:
    """What a fixed reader takes from one view, and from the whole image, about a task.

    The reader is an untrained encoder under a linear readout: it owes nothing to any view.
    Of two different views the one that says less counts.
    """
    images = plan.task_images

    def read(task: Task) -> tuple[np.ndarray, np.ndarray]:
        index, draws = _compact(task)
        draws = draws[: _READER_DRAWS if not task.crossed else len(draws)]
        count, classes = len(index), len(task.classes)
        labels = np.tile(task.labels[index], 2)
        twice = [
            LabelDraw(np.r_[d.fit, d.fit + count], np.r_[d.test, d.test + count]) for d in draws
        ]

        def score(which: int | None) -> np.ndarray:
            x = images.batch(index[:256])
            if which is None:
                made, parts = x, 1
            else:
                made = pair.view(
                    which, x, seed=seed, samples=torch.from_numpy(index[:256]), epoch=0
                )
                parts = 2
            encoder = build_pair(
                plan.settings.encoder, made, made, shared=True, embedding=8, seed=seed
            ).eval()
            both = []
            for draw in range(parts):

                def embed(pixels: Tensor, rows: Tensor, draw: int = draw) -> Tensor:
                    if which is not None:
                        pixels = pair.view(which, pixels, seed=seed, samples=rows, epoch=-9 - draw)
                    return encoder.represent(pixels)

                both.append(represent(images, index, embed).numpy())
            features = np.concatenate(both if parts == 2 else both * 2)
            found = read_out(
                features, labels, twice, classes=classes, penalty=_READER_PENALTY, knn=False
            )
            total = np.zeros(2 * count)
            total[found.items] = found.log_prob
            place = np.searchsorted(index, task.items)
            return (total[place] + total[place + count]) / 2

        sides = [score(0)] if pair.same else [score(0), score(1)]
        return min(sides, key=lambda side: float(side.mean())), score(None)

    return read


def _baseline(plan: Plan, cell: Cell, seed: int) -> Callable[[Task], dict[str, np.ndarray]]:
    images = plan.task_images
    if cell.view == BASELINES[0]:

        def pixels(task: Task) -> dict[str, np.ndarray]:
            index, draws = _compact(task)
            made = represent(images, index, lambda x, _: _raw(x))
            return _read(task, index, draws, made.numpy())

        return pixels
    some = images.batch(np.arange(min(len(images), 1024)))
    if cell.view == BASELINES[1]:
        encoders = build_pair(
            plan.settings.encoder,
            some,
            some,
            shared=True,
            embedding=plan.settings.embedding,
            seed=seed,
        )
        return _features(plan, encoders.eval())

    augment = parse_view("translate(0.1)|flip()" if images.channels == 3 else "translate(0.1)")

    def scratch(task: Task) -> dict[str, np.ndarray]:
        total = np.zeros((4, len(images)))
        by_draw = []
        for number, draw in enumerate(task.draws):
            model = train_supervised(
                images,
                draw.fit,
                task.labels[draw.fit],
                augment,
                classes=len(task.classes),
                settings=plan.settings,
                seed=seed + number,
                steps=max(150, min(10 * len(draw.fit) // 64, 1000)),
            )
            device = next(model.parameters()).device
            logits = represent(images, draw.test, lambda x, _, m=model: m(x), device=device)
            logs = logits.log_softmax(dim=1).numpy()
            truth = task.labels[draw.test]
            right = logs.argmax(axis=1) == truth
            total[:3, draw.test] += [
                np.ones(len(truth)),
                right,
                logs[np.arange(len(truth)), truth],
            ]
            by_draw.append(right.mean())
        done = total[:, task.items]
        return {"right": done[1] / done[0], "nats": done[2] / done[0], "draws": np.array(by_draw)}

    return scratch


def _raw(x: Tensor) -> Tensor:
    while x[0].numel() > _SIDE and min(x.shape[-2:]) > 1:
        x = torch.nn.functional.avg_pool2d(x, 2)
    return x.flatten(1)


def _compact(task: Task) -> tuple[np.ndarray, list[LabelDraw]]:
    """Only the images that a draw uses, and the draws as places among them."""
    index = np.unique(np.concatenate([task.items, *(draw.fit for draw in task.draws)]))
    return index, [
        LabelDraw(np.searchsorted(index, draw.fit), np.searchsorted(index, draw.test))
        for draw in task.draws
    ]


def _entropy(task: Task) -> float:
    share = np.bincount(task.labels[task.items]) / len(task.items)
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())


def _timed(row: Row, seconds: float) -> Row:
    values = {name: getattr(row, name) for name in Row.__dataclass_fields__}
    finite = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }
    return Row(**{**finite, "seconds": round(seconds, 2)})
