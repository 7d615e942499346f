"""Is an encoder trained by goodviews as good as one trained by lightly's loss in a plain loop?

Same images, initial weights, views, order and number of steps; runs are paired by seed and by test
image, and the question is whether the difference of nearest-neighbour accuracy is surely within
1.5 points: an equivalence test.
"""

import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core import Cells, Progress, duration, intervals, run_origin, write_table
from goodviews.data import Images, load
from goodviews.encoders import PairEncoder
from goodviews.evaluation import represent, scores
from goodviews.methods import method
from goodviews.training import Settings, train
from goodviews.views import parse_view
from goodviews_experiments.methods_learn.small_scale import small_scale
from goodviews_experiments.methods_learn.textures import planted_textures
from goodviews_experiments.training_parity.peer import MakeLoss, lightly_loss, peer_version
from goodviews_experiments.training_parity.plain import DECAY, FLOOR, RATE, train_plain

METHODS = ("simclr", "mocov2", "byol", "barlow", "vicreg")
ARMS = ("goodviews", "plain")
MARGIN = 1.5
"""Points of accuracy within which two ways to train count as equal."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Parity:
    """Settings of the run.

    Attributes:
        data: A known name, or ``textures`` for the planted ones.
        train: Images that are trained on, and whose labels the neighbours have.
        test: Images that report.
        width: Channels after the encoder's first layer.
        crop: Side of the views in pixels.
        batch: Images per step.
        epochs: Passes over the images.
        seeds: Numbers of the runs.
        neighbours: k of the nearest neighbours.
        methods: Which.
    """

    data: str = "cifar10_exact"
    train: int = 5000
    test: int = 4000
    width: int = 12
    crop: int | None = 24
    batch: int = 64
    epochs: int = 8
    seeds: tuple[int, ...] = tuple(range(8))
    neighbours: int = 20
    methods: tuple[str, ...] = METHODS


SCALE = {
    "test": Parity(
        data="textures", train=192, test=128, width=4, crop=None, batch=64, epochs=2, seeds=(0, 1)
    ),
    "cpu": Parity(),
    "gpu": Parity(train=40_000, test=10_000, width=64, batch=256, epochs=200, seeds=(0, 1, 2)),
}


def training_parity(*, scale: str, out: Path, make_loss: MakeLoss | None = None) -> Path:
    """Write ``rows.csv``, one per run, and ``differences.csv``, one per method.

    Args:
        scale: ``test``, ``cpu`` (the first lines of the run forecast its time) or ``gpu``.
        out: The folder to write to; runs are kept in ``items``, and a stopped run resumes.
        make_loss: The other side's losses (default: those of lightly).

    Returns:
        That folder.

    Raises:
        InputError: lightly is not installed.
    """
    chosen = SCALE[scale]
    peer = "given losses" if make_loss else peer_version()
    make_loss = make_loss or lightly_loss
    images, index, test = _data(chosen)
    settings = {name: _settings(name, chosen, images) for name in chosen.methods}
    command = f"goodviews reproduce training_parity --scale {scale}"
    run = run_origin(command, seeds=chosen.seeds, settings=asdict(chosen))
    run |= {"peer": peer, "margin_points": MARGIN}
    run["data"] = {"name": images.name, "hash": images.hash, "tested": len(test)}
    run["methods"] = {name: asdict(one) for name, one in settings.items()}
    cells = Cells(out / "items", asdict(chosen) | {"peer": peer})
    plan = [  # the first seed of all methods first: an early table is whole
        (name, seed, arm) for seed in chosen.seeds for name in chosen.methods for arm in ARMS
    ]
    found: dict[tuple[str, int, str], Row] = {}
    with Progress(quiet=scale == "test", file=sys.stderr) as progress:
        for done, (name, seed, arm) in enumerate(plan, start=1):
            made = (settings[name], images, index, test, seed, arm, chosen, make_loss)
            found[name, seed, arm] = cells(f"{name}-{seed}-{arm}", _trained, *made)
            left = sum(one["seconds"] for one in found.values()) / done * (len(plan) - done)
            if done in (1, len(chosen.methods) * len(ARMS)):
                progress.note(f"About {duration(left)} left: {len(plan) - done} runs.")
            progress("runs", done, len(plan), left=left)
    rows = [
        {
            "method": name,
            "seed": seed,
            "arm": arm,
            "knn_top1": float(np.mean(one["right"])),
            **{key: one[key] for key in ("loss_first", "loss_last", "seconds")},
        }
        for (name, seed, arm), one in found.items()
    ]
    write_table(out, rows, run)
    table = []
    for name in chosen.methods:
        right = [[found[name, seed, arm]["right"] for arm in ARMS] for seed in chosen.seeds]
        table.append(difference(name, np.array(right, dtype=float)))
    write_table(out, table, run, name="differences")
    return out


def difference(name: str, right_SAN: np.ndarray) -> Row:
    """Difference of our accuracy to the plain loop's in points, with a 95 % interval.

    Seeds and items both vary, as in :func:`goodviews.core.intervals.seeds_interval`. That the
    interval lies within the margin is stricter than two one-sided tests at 5 %.

    Args:
        name: The method.
        right_SAN: (seeds, 2, items) whether each item was right, by goodviews and by the plain
            loop.

    Returns:
        The row; ``verdict`` is ``equal`` where the interval is within 1.5 points, ``different``
        where it is beyond, else ``undecided``.

    Example:
        >>> right = np.zeros((4, 2, 1000))
        >>> right[:, :, :500] = 1
        >>> difference("simclr", right)["verdict"]
        'equal'
    """
    gap_SN = 100 * (right_SAN[:, 0] - right_SAN[:, 1])
    error = gap_SN.mean(axis=0).std(ddof=1) / gap_SN.shape[1] ** 0.5
    each = gap_SN.mean(axis=1)
    found = intervals.seeds_interval(each, np.full(len(each), error))
    verdict = "undecided"
    if found.low >= -MARGIN and found.high <= MARGIN:
        verdict = "equal"
    elif found.low > MARGIN or found.high < -MARGIN:
        verdict = "different"
    return {
        "method": name,
        "goodviews_top1": float(right_SAN[:, 0].mean()),
        "plain_top1": float(right_SAN[:, 1].mean()),
        "points": found.value,
        "low": found.low,
        "high": found.high,
        "spread": float(each.std(ddof=1)) if len(each) > 1 else None,
        "verdict": verdict,
    }


def _trained(
    settings: Settings,
    images: Images,
    index: np.ndarray,
    test: np.ndarray,
    seed: int,
    arm: str,
    chosen: Parity,
    make_loss: MakeLoss,
) -> Row:
    """One run of one arm: its losses, and which test images its neighbours get right."""
    begun = time.perf_counter()
    if arm == "goodviews":
        made = train(images, index, parse_view(settings.views), settings=settings, seed=seed)
        encoders, losses = made.encoders, made.history.losses
    else:
        encoders, losses = train_plain(settings, images, index, seed=seed, make_loss=make_loss)
    seconds = time.perf_counter() - begun
    per = len(index) // settings.batch
    return {
        "right": _neighbours(encoders, images, index, test, chosen.neighbours).astype(np.uint8),
        "loss_first": losses[0],
        "loss_last": float(np.mean(losses[-per:])),
        "seconds": seconds,
    }


def _neighbours(
    encoders: PairEncoder, images: Images, index: np.ndarray, test: np.ndarray, count: int
) -> np.ndarray:
    def embed(x: Tensor, _: Tensor) -> Tensor:
        return encoders.represent(x)

    with torch.no_grad():
        features = represent(images, np.arange(len(images)), embed)
    (labels,) = images.labels.values()
    parts = scores.Parts(index, np.arange(0), test)
    classes = len(next(iter(images.classes.values())))
    return scores.knn(features, labels, parts, classes=classes, neighbours=count).right


def _settings(name: str, chosen: Parity, images: Images) -> Settings:
    """A method at the small scale; both arms take the same."""
    made, _ = small_scale(
        method(name),
        images,
        chosen.train,
        width=chosen.width,
        batch=chosen.batch,
        epochs=chosen.epochs,
        crop=chosen.crop,
    )
    return replace(
        made,
        optimiser=f"adamw(lr={RATE}, weight_decay={DECAY})",
        schedule=f"cosine(warmup=1, floor={FLOOR})",
    )


def _data(chosen: Parity) -> tuple[Images, np.ndarray, np.ndarray]:
    """Images, and the places of those to train on and of those to test."""
    if chosen.data == "textures":
        images = planted_textures(chosen.train + chosen.test, seed=0)
    else:
        images = load(chosen.data)
    order = np.random.default_rng(0).permutation(len(images))
    first, second = np.split(order[: chosen.train + chosen.test], [chosen.train])
    return images, np.sort(first), np.sort(second)
