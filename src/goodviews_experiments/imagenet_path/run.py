"""The ImageNet path, walked: InfoMin on ResNet-50 at 224 pixels, killed once and resumed.

A folder laid out like ImageNet is made of the pictures at hand, so this shows that the path is
there, what it takes and that it resumes to the bit. It does not measure accuracy.
"""

import csv
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from goodviews.core import InputError, run_origin, write_table
from goodviews.data import load
from goodviews.methods import method
from goodviews.training import Learner, Settings, train
from goodviews.training.diagnostics import History
from goodviews.views import parse_view
from goodviews_experiments.shared.figures import read_table

FULL = replace(
    method("infomin"),
    views="infomin(size=224)",
    encoder="resnet(depth=50, stem='imagenet')",
    batch=256,
    accumulate=8,
    epochs=3,
    device="cpu",
)
"""The paper's settings; eight parts of 32 stand for its eight devices."""

TINY = replace(
    FULL,
    views="infomin(size=24)",
    encoder="resnet(depth=18, stem='small', width=0.125)",
    head="mlp(dim=16)",
    memory="queue(size=100)",
    shuffle=4,
    jigsaw="crop(scale=(0.6, 1), size=24)|flip()|jigsaw(grid=3, cell=8, crop=6)",
    batch=16,
    accumulate=4,
)
IMAGENET = 1_281_167
"""Training images."""
KILLED = 3
"""Step in which the first process is killed, before its checkpoint."""
PUBLISHED_HOURS = 53.0
"""MoCo v2, ResNet-50, batch 256, 200 epochs on 8 V100: README of facebookresearch/moco."""
JIGSAW_PIXELS = 9 * 64**2 / 224**2
"""Pixels of the nine patches over those of a view."""


def imagenet_path(*, scale: str, out: Path) -> Path:
    """Write one row per step that was computed, the killed one twice, and what epochs would cost.

    Args:
        scale: ``test`` (drawn pictures, a small network), ``cpu`` or ``gpu`` (the paper's sizes
            on copies of the pictures in ``imagenet_sample`` of ``GOODVIEWS_DATA``).
        out: The folder to write to.

    Returns:
        That folder.

    Raises:
        InputError: The pictures are not there, or a process ended otherwise than it should.
    """
    settings = (
        TINY if scale == "test" else replace(FULL, device="auto" if scale == "gpu" else "cpu")
    )
    run = run_origin(f"goodviews reproduce imagenet_path --scale {scale}", seeds=[0])
    work = out / "work"
    shutil.rmtree(work, ignore_errors=True)
    folder, size = work / "imagenet", 32 if scale == "test" else 256
    _make(folder, settings.batch, drawn=scale == "test")
    steps = work / "steps.csv"
    spawn = multiprocessing.get_context("spawn")
    for number, ends in ((1, -signal.SIGKILL), (2, 0)):
        child = spawn.Process(target=_train, args=(folder, size, settings, work, number))
        child.start()
        child.join()
        if child.exitcode != ends:
            raise InputError(f"Process {number} ended with {child.exitcode}, not {int(ends)}.")
        rows = read_table(steps)
        more = {"settings": vars(settings), "estimates": estimates(rows, settings)}
        write_table(out, rows, {**run, **more})  # after the kill as well: steps are dear
    shutil.rmtree(work)
    return out


def estimates(rows: list[dict[str, str]], settings: Settings) -> list[dict[str, Any]]:
    """Hours that 200 and 800 epochs of ImageNet would take: arithmetic, nothing was run.

    Args:
        rows: Steps with their ``cpu_s``.
        settings: Settings of the run.

    Returns:
        Hardware, epochs, hours, and how they were reckoned.

    Example:
        >>> estimates([{"cpu_s": "3600"}], FULL)[1]["hours"]
        82
    """
    steps = IMAGENET // settings.batch
    here = float(np.median([float(row["cpu_s"]) for row in rows])) / 3600
    # Forward and backward of query and patches cost three forwards each, the key costs one.
    heavier = (3 + 1 + 3 * JIGSAW_PIXELS) / (3 + 1)
    made = []
    for epochs in (200, 800):
        made.append({
            "hardware": "one core of this processor", "epochs": epochs,
            "hours": round(epochs * steps * here),
            "reckoned": f"{epochs} x {steps} steps x the median processor time of a step here",
        })  # fmt: skip
        made.append({
            "hardware": "8 V100", "epochs": epochs,
            "hours": round(epochs / 200 * PUBLISHED_HOURS * heavier),
            "reckoned": f"published {PUBLISHED_HOURS:g} h of MoCo v2 for 200 epochs, times "
            f"{heavier:.2f} for the jigsaw branch; not run",
        })  # fmt: skip
    return made


def _make(folder: Path, count: int, *, drawn: bool) -> None:
    """``train/CLASS/*.JPEG`` with ``count`` files; pictures repeat when there are fewer."""
    names = [f"n{number:08d}" for number in range(4)]
    if drawn:
        rng = np.random.default_rng(0)
        for number in range(count):
            pixels = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
            file = folder / "train" / names[number % 4] / f"{number:05d}.JPEG"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(file, quality=95)
        return
    home = Path(os.environ.get("GOODVIEWS_DATA", ".")) / "imagenet_sample"
    files = sorted(home.glob("*.JPEG"))
    if not files:
        raise InputError(f"{home} holds no .JPEG file; name its parent in GOODVIEWS_DATA.")
    for number in range(count):
        source = files[number % len(files)]
        name = source.name.partition("_")[0]
        file = folder / "train" / name / f"{name}_{number // len(files)}.JPEG"
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, file)


def _train(folder: Path, size: int, settings: Settings, work: Path, number: int) -> None:
    """A process: the first is killed in step 3, the second resumes from its checkpoint."""
    images = load(folder, size=size, cache=work / "cache")
    index = np.arange(len(images))
    last = [time.perf_counter(), time.process_time()]

    def watch(learner: Learner, history: History) -> None:
        queue: Any = learner.get_submodule("queues.0")
        now = [time.perf_counter(), time.process_time()]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        row = {
            "process": number, "step": history.steps, "loss": repr(history.losses[-1]),
            "queue_pushed": int(queue.pushed), "queue_size": len(queue.keys),
            "seconds": round(now[0] - last[0], 2), "cpu_s": round(now[1] - last[1], 2),
            "peak_mib": round(peak / (2**20 if sys.platform == "darwin" else 2**10)),
        }  # fmt: skip
        print(json.dumps(row), file=sys.stderr, flush=True)
        _append(work / "steps.csv", row)
        if number == 1 and history.steps == KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        last[:] = now

    pair = parse_view(settings.views)
    train(
        images, index, pair,
        settings=settings, seed=0, folder=work / "run", save_every=1, watch=watch,
    )  # fmt: skip


def _append(path: Path, row: Mapping[str, Any]) -> None:
    fresh = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow(row)
