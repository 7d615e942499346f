"""One study, two tasks: the class of each pixel, and a label of the whole image.

The same frozen encoders are evaluated on both. Colour spaces, split in two with an encoder for
each part, have mIoU as a second axis beside accuracy, as in paper A.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import Verdict, run_origin, to_json, write_table
from goodviews.data import read_scenes
from goodviews.jobs.study import study
from goodviews_experiments.dense_transfer.settings import Pictures

_CAMVID = Pictures("camvid", "camvid240", ignore=11)
_SPACES = ("rgb", "ydbdr", "yiq", "lab", "luv", "hsv")


@dataclass(frozen=True)
class DenseViews:
    """Settings of the run.

    Attributes:
        pictures: Images with a class for each pixel.
        present: The class whose presence is the label of an image.
        size: Height, width and fit of the images.
        views: Specs of the candidates.
        epochs: Passes over the pretraining images.
        seeds: Number of seeds.
        encoder: Backbone.
    """

    pictures: Pictures = _CAMVID
    present: str = "10"
    size: str = "72x96"
    views: tuple[str, ...] = (
        "crop(scale=(0.6, 1))|flip()",
        "crop(scale=(0.2, 1))|flip()",
        "crop(scale=(0.08, 1))|flip()",
        "crop(scale=(0.2, 1))|flip()|jitter(0.5, p=0.8)",
        "simclr()",
        "infomin()",
        *(f"crop(scale=(0.3, 1))|flip()|colour('{space}')|split(1)" for space in _SPACES),
    )
    epochs: int = 60
    seeds: int = 3
    encoder: str = "convnet(width=16)"


SCALE = {
    "test": DenseViews(
        Pictures("drawn", drawn=(64, 32)),
        present="1",
        size="16x16",
        views=("crop(scale=(0.6, 1))", "noise(std=0.2)", "colour('lab')|split(1)"),
        epochs=1,
        seeds=2,
        encoder="convnet(width=2)",
    ),
    "cpu": DenseViews(),
    "gpu": DenseViews(size="144x192", epochs=400, seeds=5, encoder="convnet(width=64)"),
}


def dense_views(*, scale: str, out: Path) -> Path:
    """Run the study and write ``rows.csv``, ``views.csv`` and ``tasks.csv``.

    Args:
        scale: ``test``, ``cpu`` (see the README) or ``gpu``.
        out: The folder to write to; the study is in its ``study``, and a stopped run resumes.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    command = f"goodviews reproduce dense_views --scale {scale}"
    run = run_origin(command, seeds=range(settings.seeds), settings=asdict(settings))
    place = settings.pictures.place(out)
    result = study(
        place,
        target="pixels",
        ignore=settings.pictures.ignore,
        labels={f"class {settings.present}": presence(settings, place)},
        views=settings.views,
        size=settings.size,
        epochs=settings.epochs,
        seeds=settings.seeds,
        encoder=settings.encoder,
        out=out / "study",
        jobs=0,
        command=command,
        progress=False,
    )
    write_table(out, [asdict(row) for row in result.rows], run)
    write_table(out, view_table(result.verdict), run, name="views")
    write_table(out, task_table(result.verdict), run, name="tasks")
    return out


def presence(settings: DenseViews, place: Path) -> np.ndarray:
    """(N,) whether a class occurs in each image, in the order in which they are read."""
    scenes = read_scenes(place, target="pixels", ignore=settings.pictures.ignore)
    number = scenes.classes.index(settings.present)
    return np.array([int((scenes.pixels(k) == number).any()) for k in range(len(scenes))])


def view_table(verdict: Verdict) -> list[dict[str, Any]]:
    """One row for each view and task: shared nats and what decides, with intervals."""
    names = ("view", "nats", "nats_low", "nats_high", "accuracy", "low", "high", "regime")
    return [
        {"task": task.task, "measure": task.measure, **{name: found[name] for name in names}}
        for task in verdict.tasks
        for found in map(to_json, task.views)
    ]


def task_table(verdict: Verdict) -> list[dict[str, Any]]:
    """Per task its best view, and what one view for both gives up there."""
    shared = verdict.compromise
    rows = []
    for number, task in enumerate(verdict.tasks):
        best = next((view for view in task.views if view.id == task.winner), None)
        row = {"task": task.task, "best": best.view if best else "", "wording": task.wording}
        if shared is not None:
            told = to_json(shared.tasks[number])
            row |= {"one_for_both": shared.view}
            row |= {f"both_{name}": told[name] for name in told if name != "task"}
        rows.append(row)
    return rows
