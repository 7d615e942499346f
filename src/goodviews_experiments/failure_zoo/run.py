"""Does the monitor distinguish failures? Failures made on purpose, and their healthy twins.

Handwritten digits, a small network, some hundred steps. The thresholds of the monitor were set
with the half ``tuning``; the half ``held out`` has other methods, views and seeds, and was run
afterwards.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core import InputError, intervals, run_origin, write_table
from goodviews.data import Images, digits
from goodviews.encoders import PairEncoder
from goodviews.evaluation import knn_predict, represent
from goodviews.training import Batch, Learner, Settings, train
from goodviews.training.diagnostics import HEALTHY, Health, History, Monitor
from goodviews.views import ViewPair, parse_view

_USUAL = Settings(
    encoder="convnet(width=8)",
    head="projector(dim=32)",
    optimiser="adamw(lr=0.006, weight_decay=0.001)",
    schedule="cosine(warmup=0.5, floor=0.001)",
    batch=64,
    epochs=13,
    device="cpu",
)
_BOOTSTRAP = replace(
    _USUAL,
    head="simsiam(dim=64)",
    predictor="predictor(hidden=16)",
    optimiser="sgd(lr=0.2, momentum=0.9, weight_decay=0.0001)",
)
METHODS = {
    "tuning": {
        "ntxent": replace(_USUAL, objective="ntxent(temperature=0.15)"),
        "vicreg": replace(_USUAL, objective="vicreg(scale='code')"),
        "simsiam": replace(_BOOTSTRAP, objective="simsiam()"),
    },
    "held out": {
        "infonce": replace(_USUAL, objective="infonce(temperature=0.1)"),
        "barlow": replace(_USUAL, objective="barlow()"),
        "byol": replace(_BOOTSTRAP, head="projector(dim=64)", objective="byol()", momentum=0.95),
    },
}
VIEWS = {
    "tuning": "crop(scale=(0.4, 1))|noise(std=0.1)",
    "held out": "crop(scale=(0.3, 1))|rotate(degrees=15)|noise(std=0.15)",
}
SEEDS = {"tuning": (0, 1, 2), "held out": (100, 101, 102)}
"""Of the healthy twins; failures take the first."""

_COLLAPSE = ("complete collapse", "dimensional collapse")
_EASY = ("shortcut or saturation",)
EXPECTED = {
    HEALTHY: (HEALTHY,),
    "no stop-gradient": _COLLAPSE,
    "no variance term": _COLLAPSE[:1],
    "no covariance term": _COLLAPSE[1:],
    "no augmentation": _EASY,
    "watermark": _EASY,
    "temperature 0.01": _EASY,
    "batch 8": _EASY,
    "lr x 10": (*_COLLAPSE, "NaN ahead", "not learning"),
    "lr x 1000": (*_COLLAPSE, "NaN ahead", "not learning"),
    "nothing shared": ("not learning", *_COLLAPSE),
}
"""What was done, and the verdicts that would name it."""

_INSTEAD = {"no augmentation": "identity()", "nothing shared": "noise(std=100)"}

COUNT = 1000
"""Images that are trained on; the others are tested."""


@dataclass(frozen=True)
class Specimen:
    """A run of the zoo.

    Attributes:
        half: ``tuning`` or ``held out``.
        method: Its objective.
        failure: What was broken; ``healthy`` for a twin.
        settings: How it is trained.
        views: Spec of the views.
        seed: Number of the run.
    """

    half: str
    method: str
    failure: str
    settings: Settings
    views: str
    seed: int


def specimens() -> Iterator[Specimen]:
    """All of them, twins first."""
    for half, methods in METHODS.items():
        views, seeds = VIEWS[half], SEEDS[half]
        for name, usual in methods.items():
            for seed in seeds:
                yield Specimen(half, name, HEALTHY, usual, views, seed)
            for failure, changed in _failures(name, usual):
                seen = _INSTEAD.get(failure, views)
                yield Specimen(half, name, failure, changed, seen, seeds[0])


def _failures(name: str, usual: Settings) -> Iterator[tuple[str, Settings]]:
    """What can go wrong with a method."""
    rate = usual.optimiser.partition("lr=")[2].partition(",")[0]
    for times in (10, 1000):
        more = usual.optimiser.replace(f"lr={rate}", f"lr={times * float(rate):g}")
        yield f"lr x {times}", replace(usual, optimiser=more)
    for same in ("no augmentation", "nothing shared", "watermark"):
        yield same, usual
    yield "batch 8", replace(usual, batch=8, epochs=2)
    if name in ("ntxent", "infonce"):
        yield "temperature 0.01", replace(usual, objective=f"{name}(temperature=0.01)")
    elif name == "vicreg":
        yield "no variance term", replace(usual, objective="vicreg(scale='code', variance=0.0)")
        yield (
            "no covariance term",
            replace(usual, objective="vicreg(scale='code', covariance=0.0)"),
        )
    elif name == "barlow":
        yield "no covariance term", replace(usual, objective="barlow(redundancy=0.0)")
    else:
        yield "no stop-gradient", usual


def induce(specimen: Specimen) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Train a specimen and watch.

    Returns:
        Its row, with the first verdict other than "healthy", and a row for each look.
    """
    images = _images(watermark=specimen.failure == "watermark", seed=specimen.seed)
    pair = parse_view(specimen.views)
    monitor = Monitor(specimen.settings, every=10)
    said: list[tuple[int, Health]] = []

    def watch(learner: Learner, history: History) -> None:
        if specimen.failure == "no stop-gradient" and history.steps == 1:
            setattr(learner, "forward", _open(learner))  # noqa: B010 - from here on
        if monitor(learner, history) and monitor.health.verdict != HEALTHY:
            said.append((history.steps, monitor.health))

    about: dict[str, Any] = {
        "half": specimen.half,
        "method": specimen.method,
        "failure": specimen.failure,
    }
    about |= {"seed": str(specimen.seed)}
    accuracy = float("nan")
    try:
        trained = train(
            images,
            np.arange(COUNT),
            pair,
            settings=specimen.settings,
            seed=specimen.seed,
            watch=watch,
        )
        accuracy = _knn(trained.encoders, pair)
        ended = "finished"
    except InputError as error:
        ended = type(error).__name__
    first, health = said[0] if said else (0, Health(HEALTHY, ""))
    row = about | {
        "expected": " or ".join(EXPECTED[specimen.failure]),
        "verdict": health.verdict,
        "last": said[-1][1].verdict if said and said[-1][0] == monitor.looks[-1].step else HEALTHY,
        "step": first or None,
        "knn_top1": accuracy,
        "ended": ended,
    }
    looks = [about | {"step": look.step, "loss": look.loss} | look.row() for look in monitor.looks]
    return row, looks


def _open(learner: Any) -> Callable[[Batch], Tensor]:
    """The loss of BYOL and SimSiam whose gradient reaches its targets too."""

    def forward(batch: Batch) -> Tensor:
        z1, z2 = learner.encoders(batch.v1, batch.v2)
        learner.record_embeddings(z1, z2)
        p1, p2 = learner.predictor(torch.cat([z1, z2])).chunk(2)
        both = F.cosine_similarity(p1, z2) + F.cosine_similarity(p2, z1)
        return -both.mean() / 2

    return forward


def _images(*, watermark: bool, seed: int) -> Images:
    """The digits in three equal channels; with a watermark, each image has a tint of its own."""
    images = digits()
    pixels = images.pixels.repeat(3, axis=1)
    if watermark:
        tint = np.random.default_rng(seed).random((len(images), 3, 1, 1))
        pixels = (pixels + images.scale[1] * tint).astype(np.float32) / 2
    return replace(images, pixels=pixels)


def _knn(encoders: PairEncoder, pair: ViewPair) -> float:
    """Top-1 on the images that were not trained on, without their watermark."""
    clean = _images(watermark=False, seed=0)
    features = represent(
        clean,
        np.arange(len(clean)),
        lambda x, _: encoders.represent(pair.plain(0, x), pair.plain(1, x)),
    ).numpy()
    labels = clean.labels[next(iter(clean.labels))]
    guess = knn_predict(
        features[:COUNT], labels[:COUNT], features[COUNT:], classes=10, neighbours=10
    )
    return float((guess == labels[COUNT:]).mean())


def rates(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Detections and false alarms of each half, with 95 % intervals (Clopper and Pearson)."""
    made = []
    for half in dict.fromkeys(row["half"] for row in rows):
        own = [row for row in rows if row["half"] == half]
        failed = [row for row in own if row["failure"] != HEALTHY]
        for failure in ["any failure", *dict.fromkeys(row["failure"] for row in failed)]:
            some = [row for row in failed if failure in ("any failure", row["failure"])]
            alarms = [row["verdict"] != HEALTHY for row in some]
            made.append(_rate(half, failure, "alarm", alarms))
            named = [row["verdict"] in EXPECTED[row["failure"]] for row in some]
            made.append(_rate(half, failure, "alarm of the right name", named))
        twins = [row["verdict"] != HEALTHY for row in own if row["failure"] == HEALTHY]
        made.append(_rate(half, HEALTHY, "false alarm", twins))
    return made


def _rate(half: str, failure: str, what: str, hits: list[bool]) -> dict[str, Any]:
    low, high = intervals.clopper_pearson(sum(hits), len(hits))
    counts = {"count": sum(hits), "of": len(hits), "low": low, "high": high}
    return {"half": half, "failure": failure, "what": what} | counts


def failure_zoo(*, scale: str, out: Path) -> Path:
    """Write a row per run, a row per look, and the rates.

    Args:
        scale: ``test`` (one method, three runs), ``cpu`` or ``gpu`` (all; the same).
        out: The folder to write to.

    Returns:
        That folder.
    """
    chosen = list(specimens())
    if scale == "test":
        few = (HEALTHY, "no augmentation", "no variance term")
        chosen = [one for one in chosen if one.method == "vicreg" and one.failure in few][2:]
    run = run_origin(
        f"goodviews reproduce failure_zoo --scale {scale}",
        seeds=sorted({one.seed for one in chosen}),
    )
    rows: list[dict[str, Any]] = []
    looks: list[Mapping[str, Any]] = []
    for one in chosen:
        row, seen = induce(one)
        rows.append(row)
        looks += seen
    for row in rows:
        twins = [
            r["knn_top1"] for r in rows if (r["method"], r["failure"]) == (row["method"], HEALTHY)
        ]
        row["below_twins"] = sum(twins) / len(twins) - row["knn_top1"]
    write_table(out, rows, run)
    write_table(out / "looks", looks, run)
    write_table(out / "rates", rates(rows), run)
    return out
