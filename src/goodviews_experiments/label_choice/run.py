"""How many labels does it take to select the view?

Every candidate view pretrains an encoder once per seed, which represents 10,000 test images. Then
10, 30, 100 or 300 of those images are labelled at random, 200 times; cross-validation on these
labels alone selects a view, and the selection is good if its accuracy is within one point of the
best view's. It is compared with scores that need no labels. The truth is known from all 10,000
labels.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from goodviews.core import Cells, intervals, run_origin, write_table
from goodviews.data import Images, load, splits
from goodviews.spec import expand
from goodviews_experiments.label_choice.encoders import SURROGATES, pretrained
from goodviews_experiments.label_choice.scores import all_labels, few_labels, label_draws

NEAR = 0.01
"""Accuracy within which a view is as good as the best: one point."""


@dataclass(frozen=True)
class LabelChoice:
    """Settings of the run; see the module's words.

    Attributes:
        data: A known name or a path; its own test images are the items.
        size: Side of the images in pixels.
        families: Name to a family of views.
        epochs: Passes over the pretraining images.
        seeds: Numbers of the runs.
        labels: How many labels are drawn.
        draws: How often.
    """

    data: str = "mnist"
    size: int = 16
    families: tuple[tuple[str, str], ...] = (
        ("noise", "noise({0.05, 0.2, 0.3, 0.5, 0.8, 1.2, 2.5})"),
    )
    epochs: int = 1
    seeds: tuple[int, ...] = (0, 1, 2)
    labels: tuple[int, ...] = (10, 30, 100, 300)
    draws: int = 200


SCALE = {
    "test": LabelChoice(
        data="digits",
        families=(("noise", "noise({0.1, 3.0})"),),
        seeds=(0, 1),
        labels=(10, 40),
        draws=8,
    ),
    "cpu": LabelChoice(),
    "gpu": LabelChoice(
        families=(
            ("noise", "noise({0.05, 0.2, 0.3, 0.5, 0.8, 1.2, 2.5})"),
            ("crop", "crop(scale=({0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8}, 1))|noise(0.2)"),
        ),
        epochs=20,
        seeds=tuple(range(6)),
    ),
}


def label_choice(*, scale: str, out: Path) -> Path:
    """Run the choosers and write ``rows.csv``, ``views.csv`` and a figure.

    Args:
        scale: ``test``, ``cpu`` (about 20 minutes on one thread) or ``gpu``.
        out: The folder to write to; runs are kept in ``runs`` below it, and a stopped run
            resumes from there.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    run = run_origin(
        f"goodviews reproduce label_choice --scale {scale}",
        seeds=settings.seeds,
        settings=asdict(settings),
    )
    images = load(settings.data, size=settings.size)
    run["data"] = {"name": images.name, "source": images.source, "hash": images.hash}
    cells = Cells(out / "runs", {**asdict(settings), "hash": images.hash})
    views, rows = [], []
    for name, template in settings.families:
        found = list(_runs(settings, images, template, cells))
        views += [{"family": name, **row} for row, _ in found]
        rows += [{"family": name, **row} for row in _choosers(settings, found)]
    write_table(out, rows, run)
    write_table(out, views, run, name="views")
    from goodviews_experiments.label_choice.figure import label_figure

    label_figure(out)
    return out


Found = tuple[dict[str, Any], dict[int, np.ndarray]]


def _runs(settings: LabelChoice, images: Images, template: str, cells: Cells) -> Iterator[Found]:
    """Per view and seed its row, and the number of labels to what few_labels gave."""
    family = expand(template)
    assert family is not None
    parts = splits(images)
    items, labels = parts.held_out, next(iter(images.labels.values()))[parts.held_out]
    classes = int(labels.max()) + 1
    draws = {n: label_draws(len(items), n, settings.draws) for n in settings.labels}
    for view, value in zip(family.specs, family.values, strict=True):
        for seed in settings.seeds:
            run = f"{view} seed {seed}"
            made = (images, parts.pretrain, items, view, seed, settings.epochs)
            found = cells(run, pretrained, *made)
            features = found["features"]
            scores = {
                n: cells(f"{run} {n} labels", few_labels, features, labels, draws_Dn, classes)
                for n, draws_Dn in draws.items()
            }
            row = {"view": view, "value": value, "seed": seed}
            row |= {name: found[name] for name in SURROGATES}
            row["all_labels"] = all_labels(features, labels, classes)
            row |= {f"readout_{n}": float(score[2].mean()) for n, score in scores.items()}
            yield row, scores


def _choosers(settings: LabelChoice, found: list[Found]) -> Iterator[dict[str, Any]]:
    views = [list(group) for _, group in groupby(found, key=lambda one: one[0]["view"])]
    truths = {"all labels": _table(views, "all_labels")}
    for n in settings.labels:
        truths[f"{n} labels"] = _table(views, f"readout_{n}")
    for n in settings.labels:
        score = np.array([[scores[n] for _, scores in view] for view in views])  # V, S, 3, D
        for truth in ("all labels", f"{n} labels"):
            for which, name in enumerate(("accuracy", "log probability")):
                for runs in sorted({1, len(settings.seeds)}):
                    given = score[:, :, which]
                    yield _row(f"labels, {name}", given, truths[truth], runs, truth, n)
    for name, sign in SURROGATES.items():
        given = sign * _table(views, name)[:, :, None]
        for truth in truths:
            for runs in sorted({1, len(settings.seeds)}):
                yield _row(name, given, truths[truth], runs, truth, 0)


def _table(views: list[list[Found]], name: str) -> np.ndarray:
    return np.array([[row[name] for row, _ in view] for view in views], dtype=float)


def _row(
    chooser: str, score: np.ndarray, truth: np.ndarray, runs: int, judged: str, labels: int
) -> dict[str, Any]:
    """How often a chooser, seeing one run of each view or all, takes a good view."""
    if runs > 1:
        score = score.mean(axis=1, keepdims=True)
    level = truth.mean(axis=1)
    good, lost = chance_of_good(score, level)
    draws = score.shape[2]
    hits = good.mean(axis=0).sum()  # of the draws; runs of one draw are averaged
    ends = intervals.clopper_pearson(hits, draws)
    order = spearmanr(score.mean(axis=(1, 2)), level).statistic if len(level) > 2 else None
    return {
        "chooser": chooser,
        "labels": labels,
        "runs": runs,
        "judged_by": judged,
        "good": float(hits / draws),
        "good_low": ends[0] if draws > 1 else None,
        "good_high": ends[1] if draws > 1 else None,
        "lost_points": 100 * float(lost.mean()),
        "good_views": int((level >= level.max() - NEAR).sum()),
        "views": len(level),
        "rank_correlation": order,
    }


def chance_of_good(score: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether the view with the highest score is good, and what is lost with it.

    Args:
        score: (V, S, D) of each view, run and draw; ties are broken by a fair draw, taken in
            its mean.
        truth: (V,) accuracy of each view.

    Returns:
        (S, D) chance that the chosen view is within one point of the best, and (S, D)
        accuracy lost against the best.

    Example:
        >>> score, truth = np.array([[[0.5]], [[0.5]], [[0.1]]]), np.array([0.9, 0.8, 0.95])
        >>> good, lost = chance_of_good(score, truth)
        >>> good.item(), round(lost.item(), 3)
        (0.0, 0.1)
    """
    share = picked(score)
    best = truth.max()
    good = np.tensordot((truth >= best - NEAR - 1e-12).astype(float), share, axes=1)
    return good, np.tensordot(best - truth, share, axes=1)


def picked(score: np.ndarray) -> np.ndarray:
    """Share of the choice that falls on each view: 1 for the highest, halves for a tie of two.

    Args:
        score: (V, ...).
    """
    top = score >= score.max(axis=0, keepdims=True) - 1e-9
    return top / top.sum(axis=0, keepdims=True)
