"""Learned views against raw channels and fixed colour spaces, as the InfoMin paper judges them.

A generator is learned, then frozen; new encoders learn on its views, and a linear readout of
both says what the views were good for. imagenette96 stands in for STL-10, at a small scale.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.files import write_json
from goodviews.core.origin import origin, write_table
from goodviews.data import Images, load
from goodviews.evaluation.intervals import half_width
from goodviews.recipes.learned_judge import judge
from goodviews.training import Settings
from goodviews.training.view_learning import Game, learn_views
from goodviews.views.learned import save_generator

__all__ = ["ABLATED", "ARMS", "SCALE", "Arm", "LearnedTable", "learned_views", "run_arm"]


@dataclass(frozen=True)
class Arm:
    """One row of the table.

    Attributes:
        name: Of the row.
        space: Colour space the generator is given; ``rgb`` as the images are.
        mode: Of the game; empty for none, when the channels of the space are the views.
        game: Settings of the game that differ.
        group: ``table``, ``many`` (unsupervised generators for the curve) or ``ablation``.
    """

    name: str
    space: str = "rgb"
    mode: str = ""
    game: dict[str, Any] = field(default_factory=dict)
    group: str = "table"


_MODES = ("unsupervised", "supervised", "semi")
ARMS = (
    Arm("raw RGB"),
    Arm("raw YDbDr", "ydbdr"),
    Arm("raw Lab", "lab"),
    *(Arm(f"{mode} RGB", "rgb", mode) for mode in _MODES),
    *(Arm(f"{mode} YDbDr", "ydbdr", mode) for mode in _MODES),
    Arm("unsupervised linear RGB", "rgb", "unsupervised", {"generator": "orthogonal()"}),
    Arm("semi linear RGB", "rgb", "semi", {"generator": "orthogonal()"}),
)
"""The table. Lab and the linear spaces are ours."""

_FAST = {"generator_rate": 6e-4}
MANY = (
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

ABLATED = (
    Arm("semi RGB, no average", "rgb", "semi", {"average": 0.0}, "ablation"),
    Arm("semi RGB, no clipping", "rgb", "semi", {"clip": 0.0}, "ablation"),
    Arm("semi RGB, no warm-up", "rgb", "semi", {"warm_up": 0}, "ablation"),
    Arm("semi RGB, no stop at lost labels", "rgb", "semi", {"give": 0.0}, "ablation"),
    Arm("semi RGB, encoders restarted", "rgb", "semi", {"restart": 50}, "ablation"),
    Arm(
        "semi RGB, rates turned round", "rgb", "semi",
        {"generator_rate": 6e-4, "encoder_rate": 2e-4}, "ablation",
    ),
)  # fmt: skip
"""The semi-supervised game with one stabiliser switched."""


@dataclass(frozen=True)
class LearnedTable:
    """Settings of the run.

    Attributes:
        data: A known name; ``imagenette96`` lies in ``GOODVIEWS_DATA``.
        size: Pixels the images are loaded at.
        crop: Pixels of what encoders see.
        labelled: Training images whose labels are known, for the game and for the readout.
        held_out: Training images for the bound; none of them trains.
        candidates: K of the bound.
        game: Of every learned arm.
        pretraining: Of the encoders that judge.
        seeds: Of the table and of ``many``.
        ablation_seeds: Of the ablation.
    """

    data: str = "imagenette96"
    size: int = 32
    crop: int = 24
    labelled: int = 1000
    held_out: int = 1024
    candidates: int = 512
    game: Game = Game(
        generator="nvp(blocks=4, width=16)", steps=200, labelled_batch=64, device="cpu"
    )
    pretraining: Settings = Settings(epochs=8, device="cpu")
    seeds: tuple[int, ...] = (0, 1, 2)
    ablation_seeds: tuple[int, ...] = (0, 1)


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


def learned_views(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv`` (one row per arm and seed), ``table.csv``, ``orders.csv`` and a figure.

    Args:
        scale: ``test``, ``cpu`` (about 40 minutes on one thread) or ``gpu``.
        out: The folder to write to; arms that stand in its ``cells`` are not run again.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    data = _Data.read(settings)
    cells = []
    for arm, seed in plan(settings, short=scale == "test"):
        cells.append(run_arm(data, settings, arm, seed, out))
    rows = [cell["row"] for cell in cells]
    right = {
        (cell["row"]["arm"], cell["row"]["seed"]): np.array(list(cell["right"]), float)
        for cell in cells
    }
    run = origin(
        f"goodviews reproduce learned_views --scale {scale}",
        seeds=settings.seeds,
        settings=asdict(settings),
        data={"name": data.images.name, "source": data.images.source, "hash": data.images.hash},
        cells=sorted({cell["commit"] for cell in cells}),
    )
    write_table(out, rows, run)
    write_table(out, _table(rows, right), run, name="table")
    write_table(out, _orders(right), run, name="orders")
    from goodviews.recipes.learned_figure import learned_figure

    learned_figure(out)
    return out


def plan(settings: LearnedTable, *, short: bool = False) -> list[tuple[Arm, int]]:
    """Arms and seeds, in the order they are run; a ``short`` plan has one of each group."""
    arms = [arm for arm in (ARMS[0], ARMS[5], MANY[0], ABLATED[0])] if short else None
    made = [(arm, seed) for seed in settings.seeds for arm in (arms[:2] if arms else ARMS)]
    made += [(arm, seed) for arm in (arms[2:3] if arms else MANY) for seed in settings.seeds[:2]]
    ablated = arms[3:] if arms else ABLATED
    return made + [(arm, seed) for seed in settings.ablation_seeds for arm in ablated]


@dataclass(frozen=True)
class _Data:
    """Images and who does what with them; the same for all arms and seeds."""

    images: Images
    labels: np.ndarray
    pretrain_on: np.ndarray
    held_out: np.ndarray
    labelled: np.ndarray
    test: np.ndarray

    @classmethod
    def read(cls, settings: LearnedTable) -> "_Data":
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


def run_arm(data: _Data, settings: LearnedTable, arm: Arm, seed: int, out: Path) -> dict[str, Any]:
    """One arm with one seed: play, freeze, judge; or what stands in the folder already.

    Returns:
        ``row``, ``right`` (a text of 0 and 1, one per tested image) and ``commit``.
    """
    name = f"{arm.name}-{seed}".replace(" ", "_").replace(",", "")
    path = out / "cells" / f"{name}.json"
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text("utf8"))
        return kept
    before = f"crop(scale=(0.3, 1), size={settings.crop})|flip()"
    if arm.space != "rgb":
        before += f"|{arm.space}()"
    told: dict[str, Any] = {}
    view = f"{before}|split(1)"
    if arm.mode:
        game = replace(settings.game, mode=arm.mode, views=before, **arm.game)
        learned = learn_views(
            data.images,
            data.pretrain_on,
            game=game,
            seed=seed,
            labelled=data.labelled,
            labels=data.labels[data.labelled],
            held_out=data.held_out,
        )
        file = out / "generators" / f"{name}.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        save_generator(file, learned.generator, {"arm": arm.name, "seed": seed})
        view = f"{before}|learned('{file.resolve()}')|split(1)"
        last = learned.history.looks[-1]
        told = {
            "in_game_nats": last.shared_nats,
            "first_nats": last.first_nats,
            "second_nats": last.second_nats,
            "image_nats": last.image_nats,
            "redundancy": last.redundancy,
            "verdict": learned.verdict,
            "game_steps": learned.history.steps,
        }
    found = judge(
        data.images,
        view,
        pretrain_on=data.pretrain_on,
        held_out=data.held_out,
        labelled=data.labelled,
        test=data.test,
        labels=data.labels,
        settings=settings.pretraining,
        candidates=settings.candidates,
        seed=seed,
    )
    row = {
        "arm": arm.name, "group": arm.group, "space": arm.space, "mode": arm.mode or "raw",
        "seed": seed, "shared_nats": found.bound.nats, "stderr_nats": found.bound.stderr_nats,
        "ceiling_nats": found.bound.ceiling_nats, "linear_top1": float(found.right.mean()),
        "knn_top1": float(found.knn.mean()), "undertrained": found.undertrained,
        "steps": found.steps, "changed": json.dumps(arm.game, sort_keys=True), **{
            key: told.get(key) for key in (
                "in_game_nats", "first_nats", "second_nats", "image_nats", "redundancy",
                "verdict", "game_steps",
            )
        },
    }  # fmt: skip
    cell = {
        "row": row,
        "right": "".join(str(int(one)) for one in found.right),
        "commit": origin("", seeds=[seed])["commit"],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, cell)
    return cell


Right = dict[tuple[str, int], np.ndarray]


def _table(rows: Sequence[dict[str, Any]], right: Right) -> list[dict[str, Any]]:
    """Each arm's mean over seeds, its spread, and the interval over seeds and tested images."""
    made = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        own = [row for row in rows if row["arm"] == arm]
        runs = np.stack([right[arm, row["seed"]] for row in own])
        low, high = _interval(runs)
        nats = np.array([row["shared_nats"] for row in own])
        top1 = runs.mean(axis=1)
        made.append({
            "arm": arm, "group": own[0]["group"], "runs": len(own),
            "top1": 100 * top1.mean(), "low": 100 * low, "high": 100 * high,
            "spread_runs": 100 * top1.std(ddof=1) if len(own) > 1 else None,
            "knn": 100 * np.mean([row["knn_top1"] for row in own]),
            "shared_nats": nats.mean(),
            "shared_spread": nats.std(ddof=1) if len(own) > 1 else None,
        })  # fmt: skip
    return made


ORDERS = (
    ("semi RGB", "raw RGB"),
    ("semi RGB", "supervised RGB"),
    ("semi RGB", "unsupervised RGB"),
    ("unsupervised RGB", "raw RGB"),
    ("semi YDbDr", "raw YDbDr"),
    ("semi YDbDr", "supervised YDbDr"),
    ("semi RGB", "raw YDbDr"),
    ("semi RGB", "raw Lab"),
    ("semi RGB", "semi linear RGB"),
    *((arm.name, "semi RGB") for arm in ABLATED),
)
"""Paired differences that are reported; the first two are the orders to reproduce."""


def _orders(right: Right) -> list[dict[str, Any]]:
    """Differences of two arms on the same images, paired by seed, in points."""
    made = []
    for one, other in ORDERS:
        seeds = [seed for arm, seed in right if arm == one and (other, seed) in right]
        if not seeds:
            continue
        gap = np.stack([right[one, seed] - right[other, seed] for seed in seeds])
        low, high = _interval(gap)
        made.append({
            "arm": one, "over": other, "runs": len(seeds),
            "points": 100 * gap.mean(), "low": 100 * low, "high": 100 * high,
        })  # fmt: skip
    return made


def _interval(runs: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean of (seeds, images), both counted as samples."""
    mean, items = float(runs.mean()), runs.mean(axis=0)
    sources = [(float(items.var(ddof=1)) / len(items), len(items) - 1)]
    if len(runs) > 1:
        sources.append((float(runs.mean(axis=1).var(ddof=1)) / len(runs), len(runs) - 1))
    half = half_width(*sources)
    return mean - half, mean + half
