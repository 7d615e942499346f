import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from goodviews_experiments import run
from goodviews_experiments.short_and_long.order import kendall, spearman
from goodviews_experiments.short_and_long.tables import (
    Budget,
    agreement,
    choices,
    swaps,
    view_rows,
)

RESULTS = Path(__file__).parents[2] / "results" / "short_and_long"
VIEWS = tuple(f"noise({k / 10})" for k in range(6))


def budget(levels, *, epochs=1, items=500, spread=0.004, seed=0):
    """Two seeds of six views whose chances to be right are known."""
    rng = np.random.default_rng(seed)
    runs = np.array(levels)[:, None] + rng.normal(0, spread, (6, 2))
    easy = rng.uniform(-0.1, 0.1, items)
    right = rng.binomial(5, np.clip(runs[:, :, None] + easy, 0, 1)) / 5
    return Budget(
        data="planted",
        epochs=epochs,
        views=VIEWS,
        right=right,
        by_label=rng.normal(0, 0.003, (6, 2, 5)) + right.mean(axis=2, keepdims=True),
        nats=10 * runs,
        errors=np.full((6, 2), 0.01),
        flags=((0, False),) * 6,
    )


APART = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]


def test_the_same_runs_agree_lose_nothing_and_swap_nothing():
    short = budget(APART)
    for row in agreement(short, replace(short, epochs=5)):
        assert (row["value"], row["high"], row["views_high"]) == (1.0, 1.0, 1.0)
        assert row["low"] > 0.9
        assert row["views_low"] < 0.7  # six views say little of others
    first, *each = choices(short, short)
    assert (first["lost_points"], first["high"]) == (0.0, 0.0)
    assert first["within"] == 1.0
    assert first["again"] > 0.99
    assert [row["within"] for row in each] == [1.0, 1.0]
    assert list(swaps(short, short)) == []


def test_a_planted_swap_is_told_and_its_price_is_in_the_interval():
    long = budget([0.3, 0.4, 0.5, 0.6, 0.8, 0.7], epochs=5, seed=1)
    (swap,) = swaps(budget(APART), long)
    assert (swap["ahead_early"], swap["ahead_late"]) == (VIEWS[5], VIEWS[4])
    assert swap["told"]
    chosen = next(iter(choices(budget(APART), long)))
    assert (chosen["chosen"], chosen["best"]) == (VIEWS[5], VIEWS[4])
    assert 0 < chosen["low"] <= 10.0 <= chosen["high"]
    assert chosen["within"] < 0.05
    value = next(iter(agreement(budget(APART), long)))
    assert value["value"] == pytest.approx(1 - 6 * 2 / (6 * 35))


def test_views_that_are_alike_are_never_told_to_swap_and_their_order_is_not_known():
    same = [0.5] * 6
    for seed in range(3):
        short, long = budget(same, seed=2 * seed), budget(same, epochs=5, seed=2 * seed + 1)
        assert not any(row["told"] for row in swaps(short, long))
        row = next(iter(agreement(short, long)))
        assert row["low"] < 0 < row["high"]
        assert next(iter(choices(short, long)))["low"] < 0.5


def test_the_order_of_the_views_in_the_table_changes_nothing():
    short, long = budget(APART), budget(APART[::-1], epochs=5, seed=1)
    back = [
        replace(
            one,
            views=one.views[::-1],
            right=one.right[::-1],
            by_label=one.by_label[::-1],
            nats=one.nats[::-1],
            errors=one.errors[::-1],
        )
        for one in (short, long)
    ]
    for a, b in zip(agreement(short, long), agreement(*back), strict=True):
        assert a["value"] == pytest.approx(b["value"])
    ranks = {row["view"]: row["rank"] for row in view_rows(short)}
    assert ranks == {row["view"]: row["rank"] for row in view_rows(back[0])}


@pytest.mark.slow
def test_one_command_compares_both_lengths(tmp_path):
    run("short_and_long", "test", tmp_path)
    rows = read(tmp_path / "rows.csv")
    assert [int(row["epochs"]) for row in rows] == [1] * 6 + [2] * 6
    agree_with_rows(tmp_path)
    assert (tmp_path / "figure.svg").read_text().startswith("<svg")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    origin = json.loads((tmp_path / "run.json").read_text())
    assert {"command", "commit", "versions", "hardware", "seeds", "wall_s"} <= set(origin)
    before = {file.name: file.read_text() for file in tmp_path.glob("*.csv")}
    run("short_and_long", "test", tmp_path)  # from the kept runs
    assert before == {file.name: file.read_text() for file in tmp_path.glob("*.csv")}


@pytest.mark.parametrize("folder", sorted(RESULTS.glob("*/")), ids=lambda folder: folder.name)
def test_committed_tables_agree_with_their_rows(folder):
    agree_with_rows(folder)


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def agree_with_rows(folder):
    """Ranks, correlations and losses again, from the runs alone."""
    level, nats = {}, {}
    for row in read(folder / "rows.csv"):
        key = row["data"], row["epochs"]
        level.setdefault(key, {}).setdefault(row["view"], []).append(float(row["readout_top1"]))
        nats.setdefault(key, {}).setdefault(row["view"], []).append(float(row["estimate_nats"]))
    tables = {"readout": level, "shared nats": nats}
    means = {
        what: {
            key: np.array([np.mean(runs) for runs in views.values()])
            for key, views in table.items()
        }
        for what, table in tables.items()
    }
    for row in read(folder / "agreement.csv"):
        sides = [means[row["what"]][row["data"], row[when]] for when in ("short", "long")]
        found = {"spearman": spearman, "kendall": kendall}[row["kind"]](*sides)
        assert float(row["value"]) == pytest.approx(float(found), abs=1e-5)
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
    for row in read(folder / "choices.csv"):
        long = level[row["data"], row["long"]]
        best = max(np.mean(runs) for runs in long.values())
        lost = 100 * (best - np.mean(long[row["chosen"]]))
        assert float(row["lost_points"]) == pytest.approx(lost, abs=1e-2)
