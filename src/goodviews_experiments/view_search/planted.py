"""Searches in a world whose best view is known: regret, and how many trials are pruned wrongly.

Four parameters, two of which interact. A trial reads the accuracy with noise; at a quarter of its
length it reads that of a world whose optimum is somewhere else, so that early readouts order views
only roughly.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import intervals, run_origin, write_table
from goodviews.jobs.study.search import Trial, Trials
from goodviews.spec import read_space

SPACE = read_space(
    "crop(scale=({0.0: 1.0}, 1))|jitter({0.0: 1.0})|blur(p={0.0: 1.0})|noise({0.0: 1.0})"
)
NOISE = 0.7
"""Standard deviation of a trial's readout, points."""
BEST = 80.0
SHIFTS = (0.1, 0.2, 0.35)
"""How far the optimum of early readouts is from that of whole trials, in each parameter."""


@dataclass(frozen=True)
class World:
    """A planted optimum, for whole trials and for early ones.

    Attributes:
        best: (4,) where whole trials are best.
        early: (4,) where early readouts are best.
    """

    best: np.ndarray
    early: np.ndarray

    @classmethod
    def drawn(cls, seed: int, shift: float) -> "World":
        """A world with a random optimum."""
        rng = np.random.default_rng([seed, 1])
        best = rng.uniform(0.15, 0.85, 4)
        return cls(best, np.clip(best + shift * rng.choice([-1, 1], 4), 0, 1))

    def accuracy(self, values: tuple[float, ...], *, early: bool = False) -> float:
        """Accuracy without noise, in per cent.

        Example:
            >>> world = World.drawn(0, 0.1)
            >>> world.accuracy(tuple(world.best))
            80.0
        """
        a, b, c, d = np.array(values) - (self.early if early else self.best)
        lost = 25 * (a - 0.6 * b) ** 2 + 15 * b**2 + 12 * c**2 + 6 * d**2
        return BEST - float(lost) - 5 * early


SCALE: dict[str, tuple[int, int]] = {"test": (2, 14), "cpu": (10, 40), "gpu": (10, 40)}
"""Seeds and trials."""


def search_planted(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, one row per arm and seed, and ``arms.csv``, the means.

    Args:
        scale: ``test``, or ``cpu`` and ``gpu`` (1 minute; the same).
        out: The folder to write to.

    Returns:
        That folder.
    """
    seeds, trials = SCALE[scale]
    run = run_origin(f"goodviews reproduce search_planted --scale {scale}", seeds=range(seeds))
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        world = World.drawn(seed, SHIFTS[0])
        values = [tuple(x) for x in np.random.default_rng([seed, 2]).random((trials, 4))]
        picked = [_trial(world, n, x, seed, None) for n, x in enumerate(values)]
        rows.append({"arm": "random", "shift": None, "seed": seed} | _about(world, picked))
        rows.append({"arm": "search", "shift": None, "seed": seed}
                    | _about(world, _search(world, seed, trials, prune=False)))  # fmt: skip
        for shift in SHIFTS:
            world = World.drawn(seed, shift)
            found = _search(world, seed, trials, prune=True)
            rows.append({"arm": "search, pruned", "shift": shift, "seed": seed}
                        | _about(world, found))  # fmt: skip
    write_table(out, _means(rows), run, name="arms")
    write_table(out, rows, run)
    return out


def _search(world: World, seed: int, trials: int, *, prune: bool) -> list[Trial]:
    state = Trials(SPACE, trials, 4, seed=seed)
    waiting = list(state.due())
    while waiting:
        view, number, threshold = waiting.pop(0)
        values = SPACE.values(view) or ()
        state.done[number] = _trial(world, number, values, seed, threshold if prune else None)
        waiting += state.due()
    return [state.done[number] for number in range(trials)]


def _trial(
    world: World, number: int, values: tuple[Any, ...], seed: int, threshold: float | None
) -> Trial:
    noise = NOISE * np.random.default_rng([seed, number, 3]).normal(size=2)
    early = world.accuracy(values, early=True) + float(noise[0])
    pruned = threshold is not None and early < threshold
    score = early if pruned else world.accuracy(values) + float(noise[1])
    return Trial(number, SPACE.view(values), values, score, early, pruned)


def _about(world: World, trials: list[Trial]) -> dict[str, Any]:
    """Regret of the best trial after some trials, and what pruning did.

    A trial is pruned wrongly if it is among the four best of all trials without noise, so that
    the study would have compared it.
    """
    truth = np.array([world.accuracy(one.values) for one in trials])
    pruned = np.array([one.pruned for one in trials])
    scores = np.array([-np.inf if one.pruned else one.score for one in trials], dtype=float)
    early = np.array([world.accuracy(one.values, early=True) for one in trials])
    finalists = np.argsort(-truth, kind="stable")[:4]
    ranks = np.argsort(np.argsort(truth)), np.argsort(np.argsort(early))
    found = {
        f"regret_{n}": BEST - float(truth[scores[:n].argmax()])
        for n in (10, 20, 30, 40)
        if n <= len(trials)
    }
    return found | {
        "pruned": int(pruned.sum()),
        "wrongly_pruned": int(pruned[finalists].sum()),
        "best_pruned": bool(pruned[finalists[0]]),
        "length": float(1 - 0.75 * pruned.mean()),
        "early_rank_correlation": float(np.corrcoef(*ranks)[0, 1]),
    }


def _means(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means of each arm; the difference of random to it, paired by seed, with its interval."""
    found = []
    last = max(name for name in rows[0] if name.startswith("regret_"))
    for arm, shift in dict.fromkeys((row["arm"], row["shift"]) for row in rows):
        own = [row for row in rows if (row["arm"], row["shift"]) == (arm, shift)]
        base = [row for row in rows if row["arm"] == "random"]
        names = [name for name in own[0] if name not in ("arm", "shift", "seed")]
        gain = np.array([a[last] - b[last] for a, b in zip(base, own, strict=True)])
        over = intervals.student_interval(gain)
        found.append(
            {"arm": arm, "shift": shift, "seeds": len(own)}
            | {name: float(np.mean([row[name] for row in own])) for name in names}
            | {"below_random": over.value, "below_random_low": over.low,
               "below_random_high": over.high}
        )  # fmt: skip
    return found
