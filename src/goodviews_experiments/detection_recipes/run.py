"""Detection on VOC and COCO as in the InfoMin paper: the schedules, and tiny runs of them.

The full size needs VOC or COCO, weights from ImageNet and eight accelerators for hours. What runs
here has the detector and the neck of each recipe on drawn scenes, for a few steps, so it shows
that the path is there; it measures no accuracy worth reading.
"""

import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from goodviews import transfer
from goodviews.core import run_origin, write_table
from goodviews.data import write_drawn_scenes

NOTE = "not run at full size"

TINY = {
    "test": {"encoder": "resnet18(width=0.1, stem='imagenet')", "size": 64, "steps": 1},
    "cpu": {"encoder": "resnet18(stem='imagenet')", "size": 96, "steps": 30},
    "gpu": {"encoder": "resnet(depth=50, stem='imagenet')", "size": 224, "steps": 300},
}
"""What runs at each scale, on scenes of that side."""

_TRAINED = {"test": 6, "cpu": 30, "gpu": 300}


@dataclass(frozen=True)
class Recipe:
    """A schedule of detection with a ResNet-50, all of whose layers are fine-tuned.

    Attributes:
        name: Name of the recipe.
        train: Images to train on.
        test: Images that are scored.
        target: ``boxes`` or ``masks``.
        neck: ``c4`` or ``fpn``.
        iterations: Steps of the optimiser.
        drops: Steps at which the learning rate falls to a tenth.
        warm_up: Steps in which it rises.
        smallest: Shorter side in pixels in training, drawn between both, and in testing.
        batch: Images per step.
        rate: Largest learning rate of SGD.
        side: Longest side in pixels.
    """

    name: str
    train: str
    test: str
    target: str
    neck: str
    iterations: int
    drops: tuple[int, int]
    warm_up: int
    smallest: tuple[int, int, int]
    batch: int = 16
    rate: float = 0.02
    side: int = 1333

    def smaller(self, steps: int, batch: int, side: int) -> float:
        """How many times as many pixels the full size trains on as a run of square images.

        Args:
            steps: Its steps.
            batch: Its images per step.
            side: Their side in pixels.

        Example:
            >>> round(RECIPES[0].smaller(24_000, 16, 800), 2)
            1.33
        """
        tall = self.smallest[2]
        return self.iterations * self.batch * tall * tall * 4 / 3 / (steps * batch * side**2)


def _coco(target: str, neck: str, times: int) -> Recipe:
    steps, drops = 90_000 * times, (60_000 * times, 80_000 * times)
    name, sides = f"COCO {neck.upper()} {times}x", (640, 800, 800)
    return Recipe(name, "train2017", "val2017", target, neck, steps, drops, 1_000, sides)


RECIPES = (
    Recipe(
        "VOC C4 24k", "trainval2007+2012", "test2007", "boxes", "c4", 24_000, (18_000, 22_000),
        100, (480, 800, 800),
    ),
    *(_coco("masks", neck, times) for neck in ("fpn", "c4") for times in (1, 2)),
)  # fmt: skip
"""Schedules of Tian et al., 2020 (arXiv:2005.10243), which are those of detectron2 and, for VOC,
of He et al., 2020 (arXiv:1911.05722)."""


def detection_recipes(*, scale: str, out: Path) -> Path:
    """Write one row for each recipe and encoder: the full schedule, and what was run of it.

    Args:
        scale: ``test`` (one step), ``cpu`` (30 steps) or ``gpu`` (300 steps of a ResNet-50).
        out: The folder to write to.

    Returns:
        That folder.
    """
    run = run_origin(f"goodviews reproduce detection_recipes --scale {scale}", seeds=[0])
    tiny: dict[str, Any] = TINY[scale]
    trained = _TRAINED[scale]
    data = write_drawn_scenes(
        out / "work" / "scenes", train=trained, test=max(trained // 3, 2), side=tiny["size"]
    )
    rows: list[dict[str, Any]] = []
    done: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for recipe in RECIPES:
        key = recipe.target, recipe.neck
        if key not in done:  # schedules differ in length only
            done[key] = transfer(
                tiny["encoder"],
                data,
                target=recipe.target,
                neck=recipe.neck,
                freeze="none",
                size=tiny["size"],
                steps=tiny["steps"],
                batch=2,
                seeds=1,
                out=out / "work" / f"{recipe.target}-{recipe.neck}",
            ).rows
        factor = recipe.smaller(tiny["steps"], 2, tiny["size"])
        print(f"{recipe.name}: {NOTE} ({factor:,.0f} times as many pixels).", file=sys.stderr)
        full = {f"full_{name}": value for name, value in asdict(recipe).items() if name != "name"}
        rows += [
            {"recipe": recipe.name, "note": NOTE, **row, "full_over_this": round(factor), **full}
            for row in done[key]
        ]
    write_table(out, rows, {**run, "note": NOTE, "settings": tiny})
    shutil.rmtree(out / "work")
    return out
