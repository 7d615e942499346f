"""What the runs of dense transfer compare, at each scale."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from goodviews.core import InputError
from goodviews.data import write_drawn_scenes

VIEWS = (("infomin", "infomin()"), ("simclr", "simclr()"))
"""Views of the encoders that are pretrained without labels, all else being the same."""


@dataclass(frozen=True)
class Pictures:
    """A set with targets.

    Attributes:
        name: Name in tables.
        folder: Folder in ``GOODVIEWS_DATA``; nothing for drawn scenes.
        target: ``pixels`` or ``depth``.
        ignore: Value of label images that does not count.
        drawn: Scenes to train and to test on, where they are drawn.
    """

    name: str
    folder: str = ""
    target: str = "pixels"
    ignore: int = 255
    drawn: tuple[int, int] = (0, 0)

    def place(self, home: Path) -> Path:
        """Where the set is, or is drawn to.

        Raises:
            InputError: It is not in ``GOODVIEWS_DATA``.
        """
        if not self.folder:
            train, test = self.drawn
            return write_drawn_scenes(home / f"drawn-{train}", train=train, test=test)
        found = Path(os.environ.get("GOODVIEWS_DATA", ".")) / self.folder
        if not found.is_dir():
            raise InputError(
                f"{self.name} is not in GOODVIEWS_DATA: expected the folder {self.folder} there."
            )
        return found


@dataclass(frozen=True)
class DenseClaims:
    """Settings of the run.

    Attributes:
        sets: Sets whose targets are predicted.
        sources: What encoders are pretrained on: ``own`` pictures, or a set in
            ``GOODVIEWS_DATA``.
        supervised: Set with classes whose labels the rival learns; empty for none.
        encoder: Backbone of all arms.
        pretrained_at: Side in pixels of the images in pretraining.
        shown: Images that a pretraining shows.
        size: Longer side of the images in transfer.
        steps: Optimiser steps of a fit.
        counts: Numbers of labelled images, the first of them first.
        freeze: Frozen, fine-tuned, or both.
        seeds: Number of seeds.
    """

    sets: tuple[Pictures, ...] = (
        Pictures("nuclei", "dsb2018_nuclei"),
        Pictures("camvid", "camvid240", ignore=11),
    )
    sources: tuple[str, ...] = ("imagenette96", "own")
    supervised: str = "imagenette96"
    encoder: str = "convnet(width=32)"
    pretrained_at: int = 64
    shown: int = 80_000
    size: int = 96
    steps: int = 300
    counts: tuple[str, ...] = ("30", "10", "100", "all")
    freeze: tuple[str, ...] = ("all", "none")
    seeds: int = 3


_TINY = DenseClaims(
    sets=(Pictures("drawn", drawn=(72, 8)),),
    sources=("own",),
    supervised="",
    encoder="convnet(width=4)",
    pretrained_at=16,
    shown=144,
    size=32,
    steps=2,
    counts=("5", "all"),
    seeds=2,
)

SCALE = {
    "test": _TINY,
    "cpu": DenseClaims(),
    "gpu": replace(
        DenseClaims(),
        encoder="resnet(depth=18, stem='small')",
        pretrained_at=96,
        shown=2_000_000,
        size=224,
        steps=1000,
        seeds=5,
    ),
}

_DRAWN = (2000, 500)

DRAWN_SCALE = {
    "test": replace(
        _TINY, sets=(Pictures("drawn", drawn=(72, 8)), Pictures("depth", "", "depth", 0, (72, 8)))
    ),
    "cpu": DenseClaims(
        sets=(Pictures("drawn", drawn=_DRAWN), Pictures("depth", "", "depth", 0, _DRAWN)),
        sources=("own",),
        supervised="",
        size=64,
        counts=("196", "20", "all"),
    ),
    "gpu": DenseClaims(
        sets=(
            Pictures("drawn", drawn=(20_000, 2_000)),
            Pictures("depth", "", "depth", 0, (20_000, 2_000)),
        ),
        sources=("own",),
        supervised="",
        shown=1_000_000,
        size=64,
        steps=1000,
        counts=("1996", "200", "all"),
        seeds=5,
    ),
}
"""1, 10 and 100 % of the labels: 40 of the scenes choose learning rates."""
