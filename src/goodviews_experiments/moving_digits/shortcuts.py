"""Which shared factor wins on moving digits: two predictions, and the result.

*Untrained*: how fast a linear readout learns each factor, as it is shared, from an encoder
with weights as drawn (:func:`goodviews.evaluation.shortcuts.shortcuts`). *Alone*: after how many
steps InfoNCE leaves the plateau of guessing when the factor is shared alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from goodviews.evaluation import Factor, shortcuts
from goodviews.worlds import MovingDigits
from goodviews_experiments.moving_digits.table import FACTORS, MEASURES, interval
from goodviews_experiments.moving_digits.training import FourConvs

KINDS, SIDE = 16, 4
"""Instances that stand for a factor that is shared by instance; places on each axis."""

SEED = 1_000_033


def untrained(
    world: MovingDigits, *, stride: int, seed: int, fit: int = 1_280, test: int = 1_000
) -> list[dict[str, Any]]:
    """The order in which a readout of an untrained encoder learns the factors.

    Args:
        world: World to learn from.
        stride: Stride of the encoder's first layer.
        seed: Seed of its weights.
        fit: Images readouts are fitted on.
        test: Images that are tested.

    Returns:
        One row per factor, the quickest first.
    """
    picked: dict[str, Any] = {}
    for name, share in (("photo", world.background), ("digit", world.digit)):
        if share == "class":
            continue
        arrays = getattr(world, f"{name}s")
        rows = np.linspace(0, len(arrays) - 1, KINDS).astype(int)
        picked |= {f"{name}s": arrays[rows], f"{name}_classes": torch.arange(KINDS)}
    few = replace(world, **picked)
    scene = few.draw(torch.arange(fit + test), seed=SEED)
    columns = few.columns(scene)
    place = (scene.corner * SIDE / few.room).long()
    columns["position"] = SIDE * place[:, 0] + place[:, 1]
    images = few.render(scene)[:, 0]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        encoder = FourConvs(images.shape[1], stride=stride)
        for _ in range(3):
            encoder(images[:fit])  # means and spreads of each layer
        features = encoder.eval()(images).numpy()
    factors = [
        Factor(name, columns[name].numpy(), tuple(map(str, range(int(columns[name].max()) + 1))))
        for name in FACTORS
    ]
    found = shortcuts.shortcuts(
        features, factors, fit=np.arange(fit), test=np.arange(fit, fit + test), seed=seed
    )
    return [{"seed": seed, "by": "untrained", **row} for row in found.rows()]


def alone(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The order in which runs of one shared factor each leave the plateau of guessing.

    Args:
        rows: One per set of shared factors and seed, with ``left_step`` (None: never) and
            ``steps``.

    Returns:
        One row per factor and seed, the quickest of each seed first.
    """
    found: list[dict[str, Any]] = []
    for seed in dict.fromkeys(row["seed"] for row in rows):
        own = [row for row in rows if row["seed"] == seed and row["shared"] in FACTORS]
        left = [
            {"factor": row["shared"], "left_step": row["left_step"] or 2 * row["steps"]}
            for row in own
        ]
        left.sort(key=lambda row: row["left_step"])
        found += [
            {"seed": seed, "by": "alone", "place": place, **row}
            for place, row in enumerate(left, start=1)
        ]
    return found


def shares_of_gain(rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, np.ndarray]:
    """Share of its own row's gain that each factor of a set keeps, one per seed.

    Args:
        rows: One per set of shared factors and seed.
        name: The set, joined by ``+``.
    """
    by = {(row["shared"], row["seed"]): row for row in rows}
    seeds = list(dict.fromkeys(row["seed"] for row in rows))

    def gain(which: str, column: str) -> np.ndarray:
        return np.array([by["nothing", s][column] - by[which, s][column] for s in seeds])

    return {
        factor: gain(name, MEASURES[factor]) / gain(factor, MEASURES[factor])
        for factor in name.split("+")
    }


def agreement(
    rows: Sequence[Mapping[str, Any]], forecasts: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """For each set of shared factors: the predicted winner, and the winner.

    Args:
        rows: One per set of shared factors and seed.
        forecasts: Rows of :func:`untrained` and :func:`alone`, with the same seeds.

    Returns:
        One row per set: the winner by what it keeps of its own row's gain, its lead over the
        second with a 95 % interval over seeds, and for each forecast its first, ``undecided``
        where its lead over the next can be chance, and whether that is the winner.
    """
    names = dict.fromkeys(str(row["shared"]) for row in rows)
    found = []
    for name in names:
        if "+" not in name or not {"nothing", *name.split("+")} <= set(names):
            continue
        shares = shares_of_gain(rows, name)
        order = sorted(shares, key=lambda one: -shares[one].mean())
        lead, low, high = interval(shares[order[0]] - shares[order[1]])
        line: dict[str, Any] = {"shared": name, "won": order[0], "second": order[1]}
        line |= {"lead": lead, "lead_low": low, "lead_high": high}
        line |= {f"kept_{one}": float(shares[one].mean()) for one in order}
        for by in dict.fromkeys(row["by"] for row in forecasts):
            speeds = {one: _speeds(forecasts, str(by), one) for one in order}
            ranked = sorted(order, key=lambda one: -speeds[one].mean())
            _, ahead, _ = interval(speeds[ranked[0]] - speeds[ranked[1]])
            told = ahead is not None and ahead > 0
            line |= {
                f"foretold_{by}": ranked[0] if told else "undecided",
                f"right_{by}": ranked[0] == order[0] if told else None,
            }
        found.append(line)
    return found


def _speeds(forecasts: Sequence[Mapping[str, Any]], by: str, factor: str) -> np.ndarray:
    """What a forecast goes by, one per seed; the quicker, the larger."""
    own = [row for row in forecasts if (row["by"], row["factor"]) == (by, factor)]
    own.sort(key=lambda row: row["seed"])
    if by == "alone":
        return -np.array([row["left_step"] for row in own], dtype=float)
    return np.array([row["speed_nats"] for row in own])
