"""Tables of studies that never ran, where every view's true accuracy is known.

A score is the view's accuracy plus what a seed does to all candidates, what a run adds, the
hardness of an item, what a view makes of it, noise, and what a draw of labels does. Spreads are of
the size that was measured on digits and MNIST (``calibration/components.json``).

Letters: V rows, C candidates, S seeds, N items, R label draws.
"""

from typing import Any, Literal

import numpy as np

from goodviews.core import Row, intervals
from goodviews.jobs.study import BASELINES, Task
from goodviews.jobs.study.statistics import AboutLabel, Layout, TaskTable

World = Literal["equal", "unequal", "heavy", "ladder"]
RAW, RANDOM, SCRATCH = BASELINES
ITEMS, DRAWS, LEVEL = 150, 10, 0.7
_SEED, _RUN, _ITEM, _OWN, _NOISE, _DRAW = 0.02, 0.03, 0.3, 0.1, 0.3, 0.01
_NATS, _NATS_RUN, _NATS_ERROR = 4.0, 0.05, 0.05
_CLASSES = 5


def truths(world: World, views: int) -> np.ndarray:
    """(C,) true accuracy of each candidate; baselines are at :data:`LEVEL`."""
    if world == "ladder":  # a few views may be the best, the others are not
        return LEVEL - 0.06 * np.linspace(0, 1, views) ** 2
    return np.full(views, LEVEL)


def simulate(world: World, views: int, seeds: int, rng: np.random.Generator) -> TaskTable:
    """Draw one study.

    Args:
        world: ``equal``: all views and baselines are the same; ``unequal``: their runs scatter
            from half to twice as much; ``heavy``: runs scatter by Student's t of three degrees of
            freedom; ``ladder``: views from the baselines' accuracy down to six points less.
        views: C.
        seeds: S.
        rng: Randomness.
    """
    rows = views + 3  # a twin, random weights, from scratch
    level = np.array([*truths(world, views), *[LEVEL] * 3])
    level[views] = level[0]
    spread = np.full(rows, _RUN)
    if world == "unequal":
        spread[:views] *= rng.permutation(np.geomspace(0.5, 2, views))
        spread[views] = spread[0]
        spread[views + 1 :] *= np.exp(rng.uniform(np.log(0.5), np.log(2), 2))
    runs = rng.standard_normal((rows, seeds))
    if world == "heavy":
        runs = rng.standard_t(3, (rows, seeds)) / 3**0.5
    means = level[:, None] + spread[:, None] * runs
    means[:views] += _SEED * rng.standard_normal(seeds)
    hard, own = _ITEM * rng.standard_normal(ITEMS), _OWN * rng.standard_normal((rows, ITEMS))
    drawn = _DRAW * (rng.standard_normal(DRAWS) + rng.standard_normal((rows, DRAWS)))
    own[views], drawn[views] = own[0], drawn[0]
    noise = _NOISE * rng.standard_normal((rows, seeds, ITEMS))
    items = means[:, :, None] + (hard + own)[:, None] + noise + drawn.mean(axis=1)[:, None, None]
    by_draw = means[:, :, None] + drawn[:, None] + (hard + own).mean(axis=1)[:, None, None]
    logs = items + _NOISE * rng.standard_normal(items.shape)
    raw = LEVEL + hard + _OWN * rng.standard_normal(ITEMS)
    raw_draws = _DRAW * rng.standard_normal(DRAWS)
    errors = _NATS_ERROR * rng.standard_normal((views, 1))
    bounds = _NATS + errors + _NATS_RUN * rng.standard_normal((views, seeds))
    return _table(
        views,
        Layout(items, by_draw, pooled=views),
        Layout(logs, by_draw, pooled=views),
        (raw + raw_draws.mean(), raw.mean() + raw_draws),
        intervals.seeds_intervals(bounds, np.full(bounds.shape, _NATS_ERROR)),
        rng.integers(0, _CLASSES, ITEMS),
    )


def _table(
    views: int,
    layout: Layout,
    usable: Layout,
    raw: tuple[np.ndarray, np.ndarray],
    nats: list[Any],
    labels: np.ndarray,
) -> TaskTable:
    names = [f"view({number})" for number in range(views)]
    rows = [*names, "twin", RANDOM, SCRATCH]
    none = np.zeros(ITEMS, dtype=bool)
    classes = tuple(map(str, range(_CLASSES)))
    blank: dict[str, Any] = {"seed": 0, "task": "label", "at_ceiling": False, "candidates": 4096}
    return TaskTable(
        task=Task("label", labels, classes, (), np.arange(ITEMS), none, 100, False),
        views=names,
        rows=rows,
        layout=layout,
        usable=usable,
        null=layout,
        about_label=AboutLabel.equal(views, ITEMS),
        choosing=np.zeros((views, layout.seeds, 0)),
        raw=raw,
        nats=nats,
        records={name: [Row(view=name, **blank)] for name in (*rows, RAW)},
    )
