"""Do scores that need no labels order views by their held-out accuracy?

Twelve views pretrain an encoder on each of several sets, some of them planted. Nine scores
without labels, alone, averaged and as a prior for a handful of labels, choose among the views;
accuracy on test images, of encoders of other seeds, judges the choice.
"""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core import Cells, run_origin, write_table
from goodviews.data import Images, draw_labels, load
from goodviews.evaluation import fit_logistic, represent, scores
from goodviews.jobs.study import label_free_scores
from goodviews.measurement import shared_nats
from goodviews.training import small_settings
from goodviews.views import parse_view
from goodviews_experiments.engine_order.run import COLOUR, GREY
from goodviews_experiments.label_free.judge import Measured, label_table, ranker_table, set_table
from goodviews_experiments.shared.parts import three_parts

_PENALTY = 1e-2
"""Penalty of the probe of few labels, which are too few to choose it."""


PLANTED = ("shapes", "moving_digits")
"""Sets that are worlds."""


@dataclass(frozen=True)
class LabelFree:
    """Settings of the run.

    Attributes:
        sets: Name of each set, the side of its images (0 keeps it) and its views.
        shown: Images shown to each encoder.
        seeds: Numbers of the runs; at least two.
        budgets: Labels per class of the choosers that have a handful.
        draws: How often those labels are drawn.
        labels: Labels that the judging probe is fitted to; a quarter as many choose its penalty.
        encoder: Backbone spec, instead of that of a study.
    """

    sets: tuple[tuple[str, int, tuple[str, ...]], ...]
    shown: int = 30_000
    seeds: tuple[int, ...] = (0, 1, 2)
    budgets: tuple[int, ...] = (2, 10)
    draws: int = 5
    labels: int = 4000
    encoder: str = ""


SCALE = {
    "test": LabelFree(
        (("digits", 0, GREY[1:3]), ("shapes", 16, COLOUR[:2])),
        shown=128,
        labels=200,
        seeds=(0, 1),
        budgets=(4,),
        draws=2,
        encoder="convnet(width=4)",
    ),
    "cpu": LabelFree(
        (
            ("MNIST", 16, GREY),
            ("imagenette96", 16, COLOUR),
            ("cifar10_exact", 16, COLOUR),
            ("digits", 0, GREY),
            ("shapes", 16, COLOUR),
            ("moving_digits", 32, COLOUR),
        )
    ),
}


def label_free(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, ``sets.csv``, ``rankers.csv`` and ``labels.csv``.

    Args:
        scale: ``test`` or ``cpu`` (about 1 core-hour); a run that is done lies in ``items``.
        out: The folder to write to.

    Returns:
        That folder.
    """
    chosen = SCALE[scale]
    command = f"goodviews reproduce label_free --scale {scale}"
    run = run_origin(command, seeds=chosen.seeds, settings=asdict(chosen))
    common = asdict(replace(chosen, sets=()))
    rows: list[dict[str, Any]] = []
    found: list[Measured] = []
    for name, size, views in chosen.sets:
        images = load(name, size=size) if size else load(name)
        cells = Cells(out / "items" / name, {**common, "size": size, "hash": images.hash})
        made = [
            [cells(f"{view} {seed}", _cell, images, view, seed, chosen) for seed in chosen.seeds]
            for view in views
        ]
        found.append(Measured.of(name, name in PLANTED, made))
        for view, runs in zip(views, made, strict=True):
            for seed, one in zip(chosen.seeds, runs, strict=True):
                plain = {key: one[key] for key in (*one["scores"], "cpu_s", "scores_cpu_s")}
                tops = zip(images.labels, one["top1"].tolist(), strict=True)
                about = {"set": name, "view": view, "seed": seed}
                rows += [{**about, "task": task, "top1": top1, **plain} for task, top1 in tops]
    sets = set_table(found)
    write_table(out, sets, run, name="sets")
    write_table(out, ranker_table(sets), run, name="rankers")
    write_table(out, label_table(found, chosen.budgets), run, name="labels")
    write_table(out, rows, run)
    return out


def _cell(images: Images, view: str, seed: int, chosen: LabelFree) -> dict[str, Any]:
    """Pretrain with a view; its scores, and for each task accuracies of few and of many labels."""
    index, held, test = three_parts(images)
    known, choosers = (
        np.random.default_rng(0).permutation(part)[:most]
        for part, most in ((index, chosen.labels), (held, chosen.labels // 4))
    )
    pair = parse_view(view)
    settings = small_settings(pair.side((images.channels, images.height, images.width)))
    epochs = -(-chosen.shown // len(index))
    settings = replace(
        settings, device="cpu", epochs=epochs, encoder=chosen.encoder or settings.encoder
    )
    some = np.random.default_rng(seed).permutation(index)[: round(chosen.shown / epochs)]
    begun = time.process_time()
    made = shared_nats(
        pair,
        images,
        settings=settings,
        seed=seed,
        candidates=min(len(held), 1024),
        pretrain_on=np.sort(some),
        held_out=held,
    )
    trained = time.process_time()
    encoders = made.encoders
    found = label_free_scores(encoders, pair, images, held, seed=seed)
    found["estimate_nats"] = made.nats
    scored = time.process_time()
    used = np.concatenate([known, held, test])
    features = torch.zeros(len(images), encoders.features)
    features[torch.from_numpy(used)] = represent(
        images, used, lambda x, _: encoders.represent(pair.plain(0, x), pair.plain(1, x))
    )
    few, top1 = [], []
    for task, labels in images.labels.items():
        classes = len(images.classes[task])
        judge = scores.Parts(known, choosers, test)
        top1.append(scores.linear(features, labels, judge, classes=classes).right.mean())
        few.append(
            [
                _few_labels(features, labels, known, held, classes, budget, chosen.draws)
                for budget in chosen.budgets
            ]
        )
    return {
        **found,
        "scores": list(found),
        "top1": np.array(top1),
        "few": np.array(few),
        "cpu_s": round(trained - begun, 2),
        "scores_cpu_s": round(scored - trained, 2),
    }


def _few_labels(
    features: Tensor,
    labels: np.ndarray,
    pool: np.ndarray,
    held: np.ndarray,
    classes: int,
    budget: int,
    draws: int,
) -> list[float]:
    """Accuracy on held-out images for each draw of a few labels, the same for every encoder."""
    accuracies = []
    for fit in draw_labels(labels, np.sort(pool), per_class=budget, draws=draws):
        probe = fit_logistic(features[fit], labels[fit], classes=classes, penalty=_PENALTY)
        guesses = probe.log_probs(features[held]).argmax(dim=1).numpy()
        accuracies.append(float((guesses == labels[held]).mean()))
    return accuracies
