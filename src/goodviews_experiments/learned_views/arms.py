"""What learned views are compared with, at which scale: arms, settings and who does what.

imagenette96 replaces STL-10: the same picture size and number of classes, no unlabelled part.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goodviews.data import Images, load
from goodviews.information import Estimate
from goodviews.jobs.learn_views import Judgement, judge
from goodviews.measurement import Draws, shared_nats
from goodviews.training import Settings
from goodviews.training.view_learning import Game
from goodviews.views import ViewPair


@dataclass(frozen=True)
class Arm:
    """One row of the table.

    Attributes:
        name: Name of the row.
        space: Colour space the generator is given; ``rgb`` as the images are.
        mode: Mode of the game; empty where the channels of the space are the views.
        game: Settings of the game that differ.
        group: ``table``, ``many`` (unsupervised generators for the curve) or ``ablation``.
    """

    name: str
    space: str = "rgb"
    mode: str = ""
    game: dict[str, Any] = field(default_factory=dict)
    group: str = "table"


_MODES = ("unsupervised", "supervised", "semi")
ARMS: tuple[Arm, ...] = (
    Arm("raw RGB"),
    Arm("raw YDbDr", "ydbdr"),
    Arm("raw Lab", "lab"),
    *(Arm(f"{mode} RGB", "rgb", mode) for mode in _MODES),
    *(Arm(f"{mode} YDbDr", "ydbdr", mode) for mode in _MODES),
    Arm("unsupervised linear RGB", "rgb", "unsupervised", {"generator": "orthogonal()"}),
    Arm("semi linear RGB", "rgb", "semi", {"generator": "orthogonal()"}),
    Arm("unsupervised matrix RGB", "rgb", "unsupervised", {"generator": "linear()"}),
    Arm("semi matrix RGB", "rgb", "semi", {"generator": "linear()"}),
)
"""The table. Lab and the linear spaces are ours."""

_FAST = {"generator_rate": 6e-4}
MANY: tuple[Arm, ...] = (
    Arm("unsupervised, half the rate", "rgb", "unsupervised", {"generator_rate": 1e-4}, "many"),
    Arm("unsupervised, three times the rate", "rgb", "unsupervised", _FAST, "many"),
    Arm(
        "unsupervised, three times the rate, twice the steps",
        "rgb", "unsupervised", {**_FAST, "steps": 400}, "many",
    ),
    Arm("unsupervised, volume preserving", "rgb", "unsupervised",
        {"generator": "vp(blocks=4, width=16)"}, "many"),
)  # fmt: skip
"""More unsupervised generators, which share more or less: is there an inverted U?"""

ABLATED: tuple[Arm, ...] = (
    Arm("semi RGB, no average", "rgb", "semi", {"average": 0.0}, "ablation"),
    Arm("semi RGB, no clipping", "rgb", "semi", {"clip": 0.0}, "ablation"),
    Arm("semi RGB, no warm-up", "rgb", "semi", {"warm_up": 0}, "ablation"),
    Arm("semi RGB, no stop at lost labels", "rgb", "semi", {"give": 0.0}, "ablation"),
    Arm("semi RGB, encoders restarted", "rgb", "semi", {"restart": 50}, "ablation"),
    Arm("semi RGB, rate that settles", "rgb", "semi", {"settle": True}, "ablation"),
    Arm(
        "semi RGB, rates turned round", "rgb", "semi",
        {"generator_rate": 6e-4, "encoder_rate": 2e-4}, "ablation",
    ),
)  # fmt: skip
"""The semi-supervised game with one stabiliser switched."""


_GAME = Game(generator="nvp(blocks=4, width=16)", steps=200, labelled_batch=64, device="cpu")
_PRETRAINING = Settings(epochs=8, device="cpu")


@dataclass(frozen=True)
class LearnedTable:
    """Settings of the run.

    Attributes:
        data: A known name; ``imagenette96`` is a folder of ``GOODVIEWS_DATA``.
        size: Pixels the images are loaded at.
        crop: Pixels of what encoders see.
        labelled: Training images whose labels are known, for the game and for the readout.
        held_out: Training images for the bound; none of them trains.
        candidates: K of the bound.
        game: Game of every learned arm.
        pretraining: How the new encoders are pretrained.
        seeds: Numbers of the runs of the table and of ``many``.
        ablation_seeds: Numbers of the runs of the ablation.
    """

    data: str = "imagenette96"
    size: int = 32
    crop: int = 24
    labelled: int = 1000
    held_out: int = 1024
    candidates: int = 512
    game: Game = _GAME
    pretraining: Settings = _PRETRAINING
    seeds: tuple[int, ...] = (0, 1, 2)
    ablation_seeds: tuple[int, ...] = (0, 1, 2)


_TINY = Game(
    generator="nvp(blocks=2, width=4)", encoder="convnet(width=4)", head="projector(dim=8)",
    steps=4, batch=32, labelled_batch=16, warm_up=1, look_every=2, candidates=32, device="cpu",
)  # fmt: skip
SCALE = {
    "test": LearnedTable(
        data="shapes", size=16, crop=16, labelled=60, held_out=64, candidates=32, game=_TINY,
        pretraining=Settings(
            epochs=1, encoder="convnet(width=4)", head="projector(dim=8)", device="cpu"
        ),
        seeds=(0,), ablation_seeds=(0,),
    ),
    "cpu": LearnedTable(),
    "gpu": LearnedTable(
        size=96, crop=64, held_out=1024,
        game=Game(steps=2000, encoder="convnet(width=32)", labelled_batch=256),
        pretraining=Settings(epochs=200, encoder="convnet(width=64)"),
        seeds=tuple(range(5)), ablation_seeds=tuple(range(3)),
    ),
}  # fmt: skip


def plan(settings: LearnedTable, *, short: bool = False) -> list[tuple[Arm, int]]:
    """Arms and seeds, in the order they are run; a ``short`` plan has a few of each group."""
    table, many, ablated = ARMS, MANY, ABLATED
    if short:
        table, many, ablated = (ARMS[0], ARMS[5]), MANY[:1], ABLATED[:1]
    made = [(arm, seed) for seed in settings.seeds for arm in table]
    made += [(arm, seed) for arm in many for seed in settings.seeds[:1]]
    return made + [(arm, seed) for seed in settings.ablation_seeds for arm in ablated]


@dataclass(frozen=True)
class Parts:
    """Images and who does what with them; the same for all arms and seeds.

    Attributes:
        images: The data.
        labels: Classes of all of them.
        pretrain_on: Places that train without labels.
        held_out: Places for the bound.
        labelled: Places whose labels are known, as many of each class; among ``pretrain_on``.
        test: Places that are tested.
    """

    images: Images
    labels: np.ndarray
    pretrain_on: np.ndarray
    held_out: np.ndarray
    labelled: np.ndarray
    test: np.ndarray

    def judged(
        self, view: str | ViewPair, settings: Settings, candidates: int, seed: int
    ) -> Judgement:
        """What new encoders find in a pair of views; see :func:`judge`."""
        return judge(
            self.images, view, pretrain_on=self.pretrain_on, held_out=self.held_out,
            labelled=self.labelled, test=self.test, labels=self.labels,
            settings=settings, candidates=candidates, seed=seed,
        )  # fmt: skip

    def bound(self, view: str, settings: Settings, candidates: int, seed: int) -> Estimate:
        """What new encoders find that both views share."""
        return shared_nats(
            view, self.images, pretrain_on=self.pretrain_on, held_out=self.held_out,
            settings=settings, candidates=candidates, seed=seed,
            draws=Draws(temperature=9, first=0, looks=0, floats=True),
        ).estimate  # fmt: skip

    @classmethod
    def read(cls, settings: LearnedTable) -> "Parts":
        """Load the data and share it out, always in the same way."""
        images = load(settings.data, size=settings.size)
        task = next(iter(images.labels))
        labels, rng = images.labels[task], np.random.default_rng(0)
        train, test = (np.flatnonzero(images.part == part) for part in (0, 1))
        if not len(test):  # a world without a test part
            order = rng.permutation(train)[:1200]
            test, train = np.sort(order[:200]), np.sort(order[200:])
        each = settings.labelled // len(images.classes[task])
        labelled = np.concatenate(
            [rng.permutation(train[labels[train] == one])[:each] for one in np.unique(labels)]
        )
        rest = rng.permutation(np.setdiff1d(train, labelled))
        held_out = rest[: settings.held_out]
        return cls(images, labels, np.setdiff1d(train, held_out), held_out, labelled, test)
