r"""Row sets of studies that never ran, with variance components measured on some that did.

A readout is right where a latent score lies above zero (a probit model), so the true accuracy
of every row is known: with total variance 1 it is :math:`\Phi(\mu_v)`. The score adds what all
rows share with a seed, a draw of labels or an item, and what each row has of its own; every
part is a standard deviation on that scale.

Letters: V rows, C candidates, S seeds, N test items, R label draws.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from goodviews.core import Row, intervals
from goodviews.jobs.study import BASELINES, Task
from goodviews.jobs.study.statistics import AboutLabel, Layout, TaskTable

RAW, RANDOM, SCRATCH = BASELINES
CLASSES = 10
_NULL_DRAWS = 4
"""Label draws that a study spends on its null."""

Normal = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Nats:
    """How a number of nats per item varies.

    Attributes:
        level: (C,) mean of each candidate.
        seed: Standard deviation of the effect of a seed on all rows.
        own: Standard deviation of its effect on one row.
        draw: Standard deviation of the effect of a draw of labels on one row.
        items: Quantiles of an item's departure from its row's mean, at equal steps.
        alike: Correlation of an item's departures between rows.
        noise: Standard deviation of an item over seeds.
    """

    level: tuple[float, ...]
    seed: float
    own: float
    draw: float
    items: tuple[float, ...]
    alike: float
    noise: float


@dataclass(frozen=True)
class Components:
    """How the rows of one real study vary; without a unit: on the probit scale.

    Attributes:
        study: Name of the study.
        accuracy: (C,) readout accuracy of the candidates, in the order of their nats.
        baselines: (3,) accuracy of raw pixels, random weights and training from scratch.
        nats: (C,) bounds on shared information.
        seed: What a seed does to all candidates.
        own: (C + 2,) what it does to one candidate, to random weights and to scratch.
        draw: What a draw of labels does to all rows.
        draw_own: What it does to one row.
        item: Hardness of an item for all rows.
        item_own: For one row.
        item_seed: For one run of one row.
        nats_seed: (C,) of a bound over seeds, nats.
        nats_error: (C,) of a bound over held-out pairs, the same for all seeds, nats.
        usable: Variation of I(h; y) - H(y), the log probability of the right class, nats.
    """

    study: str
    accuracy: tuple[float, ...]
    baselines: tuple[float, ...]
    nats: tuple[float, ...]
    seed: float
    own: tuple[float, ...]
    draw: float
    draw_own: float
    item: float
    item_own: float
    item_seed: float
    nats_seed: tuple[float, ...]
    nats_error: tuple[float, ...]
    usable: Nats


def _measured(name: str) -> Components:
    """Components of a study in ``components.json``."""
    text = Path(__file__).with_name("components.json").read_text("utf8")
    found: dict[str, Any] = _frozen(json.loads(text)[name])
    return Components(**(found | {"usable": Nats(**found["usable"])}))


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _frozen(part) for name, part in value.items()}
    return tuple(value) if isinstance(value, list) else value


STUDIES = {name: _measured(name) for name in ("digits", "mnist")}
"""Components that were measured on two studies.

``digits``: a default study of scikit-learn's digits (seven crops, three seeds, ten draws of ten
labels per class, 797 test images), by :func:`measured.from_cells`; the effect of a label draw on
usable nats (0.0536) was measured on seven of its cells. ``mnist``: levels,
seeds, draws and bounds by :func:`measured.from_rows` on ``results/study_mnist`` (nine strengths of
noise, three seeds); parts of images and of nats are those of digits.
"""


@dataclass(frozen=True, eq=False)
class Scores:
    """One simulated study at its largest size; :meth:`table` takes a smaller one out of it.

    Attributes:
        right: (V, S, R, N) bool; rows are candidates, twin, random weights, scratch.
        null: (V - 1, S, N) share of draws that were right with shuffled labels.
        usable: (C, S, N) log probability of the right class, and (C, S, R) by draw.
        raw: (R, N) bool, of raw pixels.
        bounds: (C, S, 2) bound of each run, and the error it reports; nats.
        labels: (N,) class numbers.
        nats: (C,) true bounds.
    """

    right: np.ndarray
    null: np.ndarray
    usable: tuple[np.ndarray, np.ndarray]
    raw: np.ndarray
    bounds: np.ndarray
    labels: np.ndarray
    nats: np.ndarray

    def table(self, seeds: int, items: int, draws: int) -> TaskTable:
        """The table of a study with fewer seeds, test items and label draws."""
        right = self.right[:, :seeds, :draws, :items]
        count = len(self.nats)
        views = [f"view({number})" for number in range(count)]
        rows = [*views, "twin", RANDOM, SCRATCH]
        none = np.zeros(items, dtype=bool)
        names = tuple(map(str, range(CLASSES)))
        labels = self.labels[:items]
        task = Task("label", labels, names, (), np.arange(items), none, 100, False)
        layout = Layout(right.mean(axis=2), right.mean(axis=3), pooled=count, shares=True)

        def nats(whole: tuple[np.ndarray, np.ndarray]) -> Layout:
            drawn = whole[1][:, :seeds, :draws]
            each = whole[0][:, :seeds, :items] + drawn.mean(axis=2, keepdims=True)
            return Layout(each, drawn, pooled=count)

        blank: dict[str, Any] = {
            "seed": 0,
            "task": "label",
            "at_ceiling": False,
            "candidates": 4096,
        }
        return TaskTable(
            task=task,
            views=views,
            rows=rows,
            layout=layout,
            usable=nats(self.usable),
            null=Layout(self.null[:, :seeds, :items], pooled=count, shares=True),
            about_label=AboutLabel.equal(count, items),
            choosing=np.zeros((count, seeds, 0)),
            raw=(self.raw[:draws, :items].mean(axis=0), self.raw[:draws, :items].mean(axis=1)),
            nats=intervals.seeds_intervals(self.bounds[:, :seeds, 0], self.bounds[:, :seeds, 1]),
            records={name: [Row(view=name, **blank)] for name in (*rows, RAW)},
        )


def simulate(
    parts: Components,
    rng: np.random.Generator,
    *,
    seeds: int,
    items: int,
    draws: int,
) -> Scores:
    """Draw one study.

    Args:
        parts: Its components; ``accuracy``, and ``nats`` are the truth.
        rng: Randomness.
        seeds: S.
        items: N.
        draws: R.

    Returns:
        Scores of every row, seed, draw and item.
    """
    count = len(parts.accuracy)
    levels = np.array([*parts.accuracy, parts.accuracy[0], *parts.baselines[1:]])
    own = np.array([*parts.own[:count], parts.own[0], *parts.own[count:]])
    rows = len(levels)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32)

    runs = own[:, None] * normal(rows, seeds)
    runs[:count] += parts.seed * normal(seeds)
    runs[count] += parts.seed * normal(seeds)  # a twin has seeds of its own
    common = parts.draw * normal(draws)
    drawn = common + parts.draw_own * normal(rows, draws)
    drawn[count] = drawn[0]
    hard = parts.item * normal(items)
    each = hard + parts.item_own * normal(rows, items)
    each[count] = each[0]
    shared = parts.draw**2 + parts.draw_own**2 + parts.item**2 + parts.item_own**2
    seeded = own**2 + np.where(np.arange(rows) <= count, parts.seed**2, 0.0)
    right = np.empty((rows, seeds, draws, items), dtype=bool)
    for row in range(rows):
        left = 1 - shared - seeded[row] - parts.item_seed**2
        score = float(ndtri(levels[row])) + each[row] + runs[row][:, None]
        score = score + parts.item_seed * normal(seeds, items)
        score = score[:, None] + drawn[row][:, None]
        right[row] = float(np.sqrt(left)) * normal(seeds, draws, items) > -score
    score = float(ndtri(parts.baselines[0])) + hard + parts.item_own * normal(items)
    score = score + (common + parts.draw_own * normal(draws))[:, None]
    raw = float(np.sqrt(1 - shared)) * normal(draws, items) > -score
    labels = rng.integers(0, CLASSES, items)
    error = np.array(parts.nats_error)[:, None] * normal(count, 1)
    bounds = np.array(parts.nats)[:, None] + error
    bounds = bounds + np.array(parts.nats_seed)[:, None] * normal(count, seeds)
    told = np.broadcast_to(np.array(parts.nats_error)[:, None], bounds.shape)
    return Scores(
        right=right,
        null=_null(rows - 1, seeds, items, parts, rng),
        usable=_nats(parts.usable, normal, seeds, items, draws),
        raw=raw,
        bounds=np.stack([bounds, told], axis=2),
        labels=labels,
        nats=np.array(parts.nats),
    )


def _null(
    rows: int, seeds: int, items: int, parts: Components, rng: np.random.Generator
) -> np.ndarray:
    """Shuffled labels: all rows at the share of one class, items alike, four label draws."""
    level, spread = float(ndtri(1 / CLASSES)), parts.item**2 + parts.item_own**2
    hard = parts.item * rng.standard_normal(items)
    each = level + hard + parts.item_own * rng.standard_normal((rows, items))
    chance = ndtr(each / np.sqrt(1 - spread))
    return rng.binomial(_NULL_DRAWS, chance[:, None], (rows, seeds, items)) / _NULL_DRAWS


def _nats(
    parts: Nats, normal: Normal, seeds: int, items: int, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Items (C, S, N) and label draws (C, S, R) of nats; items depart by the quantiles.

    Rows are alike by a Gaussian copula. What a draw does is added to the draws alone, so
    that a table of fewer draws can add their mean.
    """
    count = len(parts.level)
    score = np.sqrt(parts.alike) * normal(items)
    score = score + np.sqrt(1 - parts.alike) * normal(count, items)
    places = np.linspace(0, 1, len(parts.items))
    departs = np.interp(ndtr(score), places, parts.items) - _mean(parts.items)
    runs = parts.seed * normal(seeds) + parts.own * normal(count, seeds)
    runs = runs + np.array(parts.level)[:, None]
    each = departs[:, None] + parts.noise * normal(count, seeds, items)
    drawn = parts.draw * normal(count, 1, draws)
    return runs[..., None] + each, np.broadcast_to(drawn, (count, seeds, draws))


def _mean(quantiles: tuple[float, ...]) -> float:
    """Mean of values drawn uniformly between neighbouring quantiles."""
    ends = np.array(quantiles)
    return float((ends[1:] + ends[:-1]).mean() / 2)
