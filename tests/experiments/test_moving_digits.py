"""The table of moving digits: what the rows say, and that two of them can be learned at all."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.evaluation.factor_readout import read_factor
from goodviews.training.diagnostics.monitor import History
from goodviews_experiments import run
from goodviews_experiments.moving_digits.cells import items_of, moving_cells
from goodviews_experiments.moving_digits.settings import MOVING
from goodviews_experiments.moving_digits.shortcuts import (
    agreement,
    alone,
    shares_of_gain,
    untrained,
)
from goodviews_experiments.moving_digits.table import MEASURES, PAPER, claims, paper_table, summary
from goodviews_experiments.moving_digits.training import (
    FourConvs,
    MovingRun,
    MovingSettings,
    train_shared,
    train_task,
)

CPU = torch.device("cpu")
ROOT = Path(__file__).parents[2]
RESULTS = sorted((ROOT / "results" / "moving_digits").glob("*/"))


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def planted(**errors):
    """Rows of three seeds that differ a little; a name is a set of shared factors."""
    return [
        {"shared": name.replace("_", "+"), "seed": seed, "undertrained": False}
        | {c: e * (1 + 0.004 * (seed - 1)) for c, e in zip(MEASURES.values(), own, strict=True)}
        for name, own in errors.items()
        for seed in range(3)
    ]


KEYS = ("shared", "seed", *MEASURES.values())

EVERY = {
    "nothing": (88, 80, 13.8),
    **{name.replace("+", "_"): errors for name, errors in PAPER.items() if name != "supervised"},
}


def test_the_papers_own_table_shows_the_papers_pattern_but_for_the_digit_told_by_position():
    found = claims(planted(**EVERY))
    odd = {(row["shared"], row["factor"]) for row in found if row["holds"] != "yes"}
    assert odd == {("position", "digit")}
    kinds = {row["claim"] for row in found}
    assert len(kinds) == 5
    (last,) = (row for row in found if row["claim"] == "digit over position")
    assert last["difference"] == pytest.approx(1.02, abs=0.05)


def test_claims_fail_where_the_numbers_say_otherwise():
    wrong = EVERY | {
        "background_digit": (20, 79, 13.8),
        "digit_position": (80, 88, 4.2),
        "background": (40, 52, 13.8),
    }
    by = {(r["claim"], r["shared"], r["factor"]): r["holds"] for r in claims(planted(**wrong))}
    assert by["background overwhelms", "background+digit", "digit"] == "no"
    assert by["background keeps its readout", "background+digit", "background"] == "no"
    assert by["digit over position", "digit+position", "digit"] == "no"
    assert by["unreadable where not", "background", "digit"] == "no"
    few = [row for row in planted(**EVERY) if row["seed"] == 0]
    assert {row["holds"] for row in claims(few)} == {"undecided"}
    assert not claims([row for row in few if row["shared"] != "nothing"])


def test_the_summary_is_the_mean_with_students_interval_beside_the_paper():
    rows = planted(digit=(20, 88, 13.7))
    for row, error in zip(rows, (18.0, 20.0, 22.0), strict=True):
        row["digit_error"] = error
    (line,) = summary(rows, 13.77)
    assert line["digit_error"] == pytest.approx(20)
    # 4.303 is the quantile of t with two degrees of freedom.
    assert line["digit_error_low"] == pytest.approx(20 - 4.303 * 2 / 3**0.5, abs=1e-2)
    assert line["digit_paper"] == 16.8
    assert "| digit | 20.0 [15.0, 25.0] (16.8) |" in paper_table([line])


def test_a_run_says_when_it_left_the_plateau_and_whether_it_was_still_moving():
    log = float(np.log(128))
    bounds = [(35, 2.0, 0.1), (70, 2.1, 0.1), (100, 2.3, 0.1)]

    def made(losses):
        return MovingRun(FourConvs(1), History(losses, bounds), log, 0.0)

    stuck = made([log] * 100)
    assert stuck.left is None
    assert stuck.undertrained  # level, but where it began
    off = made([log] * 30 + [2.0] * 70)
    assert 30 < off.left <= 50
    assert not off.undertrained
    assert made(list(np.linspace(log, 1, 100))).undertrained


def test_departures_name_what_differs_from_the_paper_and_nothing_else():
    ours = MOVING["cpu"].departures()
    assert any(text.startswith("canvas of 32") for text in ours)
    assert any("of the same class" in text or "same class" in text for text in ours)
    paper = MOVING["gpu"].departures()
    assert not any("canvas" in text or "brightness" in text or "clip" in text for text in paper)
    assert MOVING["gpu"].ahead == 20


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Worlds small enough to take a few steps in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GOODVIEWS_DATA", raising=False)
        table = replace(MOVING["test"], fit=200, test=100, frames=2, ahead=3)
        yield table, table.worlds()


def test_training_is_replayed_by_its_seed(few):
    _, worlds = few
    settings = MovingSettings(steps=4, batch=8, task_steps=4)
    images = worlds.test.render(worlds.test.draw(torch.arange(3), seed=0))[:, 0]

    def once(seed):
        run = train_shared(worlds[:2], ["digit"], settings, seed=seed, device=CPU, keep=[2])
        return run, run.encoder(images)

    (first, one), (second, two), (_, other) = once(0), once(0), once(1)
    assert first.history.losses == second.history.losses
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert list(first.snapshots) == [2]
    assert not torch.equal(first.snapshots[2](images), one)
    assert first.ceiling == pytest.approx(np.log(8))


@pytest.mark.parametrize("task", ["digit", "background", "position"])
def test_a_supervised_encoder_starts_at_the_constant_and_goes_down(few, task):
    _, worlds = few
    settings = MovingSettings(batch=32, task_steps=25)
    run = train_task(worlds[:2], task, settings, seed=0, device=CPU)
    first, last = np.mean(run.history.losses[:3]), np.mean(run.history.losses[-5:])
    assert first == pytest.approx(run.ceiling, rel=0.35)
    assert last < first


@pytest.mark.parametrize("folder", RESULTS, ids=lambda folder: folder.name)
def test_committed_tables_follow_from_their_rows_and_stand_on_the_page(folder):
    rows = [
        {key: text if key == "shared" else float(text) for key, text in row.items() if key in KEYS}
        for row in read(folder / "rows.csv")
    ]
    settings = json.loads((folder / "run.json").read_text())
    assert settings["departures"]
    assert len(settings["seeds"]) >= 3
    table = (folder / "table.md").read_text()
    assert paper_table(summary(rows, settings["constant_px"])) == table
    assert table in (ROOT / "docs" / "moving_digits.md").read_text("utf8")
    committed = read(folder / "claims.csv")
    for made, row in zip(claims(rows), committed, strict=True):
        assert made["holds"] == row["holds"]
        assert made["difference"] == pytest.approx(float(row["difference"]), rel=1e-3, abs=1e-3)


def test_forecasts_are_held_against_what_each_factor_about_label():
    rows = planted(**EVERY)
    speeds = {"background": 3.0, "digit": 1.0, "position": 0.5}
    told: list[dict[str, object]] = []
    for seed in range(3):
        for factor, speed in speeds.items():
            about = {"seed": seed, "factor": factor}
            told.append({"by": "untrained", "speed_nats": speed * (1 + 0.01 * seed), **about})
            told.append({"by": "alone", "left_step": 100 * speed + seed, **about})
            told.append({"by": "coin", "speed_nats": speed if seed else -speed, **about})
    found = {row["shared"]: row for row in agreement(rows, told)}
    assert len(found) == 4
    for name, row in found.items():
        assert row["won"] == ("background" if "background" in name else "digit")
        assert row["lead_low"] > 0
        assert row["right_untrained"]
        assert row["right_alone"] is False
        assert row["foretold_coin"] == "undecided"
        assert row["right_coin"] is None
    # The papers' digit keeps all it gains, and its position next to nothing.
    shares = shares_of_gain(rows, "digit+position")
    assert shares["digit"].mean() == pytest.approx(73.5 / 71.2, abs=0.01)
    assert shares["position"].mean() == pytest.approx(0.1 / 9.85, abs=0.01)


def test_a_factor_alone_is_as_quick_as_it_leaves_the_plateau():
    rows = [
        {"shared": name, "seed": 0, "steps": 50, "left_step": left}
        for name, left in (("digit", 40), ("background", None), ("position", 30))
    ]
    rows.append({"shared": "digit+position", "seed": 0, "steps": 50, "left_step": 1})
    found = [(row["factor"], row["place"], row["left_step"]) for row in alone(rows)]
    assert found == [("position", 1, 30), ("digit", 2, 40), ("background", 3, 100)]


def test_an_untrained_encoder_forecasts_the_background_first(few):
    _, worlds = few
    rows = untrained(worlds.train, stride=1, seed=0, fit=160, test=300)
    assert rows[0]["factor"] == "background"
    assert rows[0]["to_next_low"] > 0
    assert {row["factor"] for row in rows} == {"digit", "position", "background"}
    assert rows[0]["entropy_nats"] <= np.log(16) + 1e-6


def test_cells_of_other_settings_are_refused(few, tmp_path):
    table, worlds = few
    one = replace(table, rows=("nothing",), permutations=9)
    moving_cells(one, tmp_path, worlds=worlds)
    moving_cells(one, tmp_path)  # nothing left to do: no world is needed twice
    with pytest.raises(InputError, match="other settings"):
        moving_cells(replace(one, frames=1), tmp_path, worlds=worlds)


@pytest.mark.slow
def test_background_and_position_are_learned_when_they_are_shared(tmp_path, monkeypatch):
    monkeypatch.delenv("GOODVIEWS_DATA", raising=False)
    run("moving_digits", "test", tmp_path)
    table = MOVING["test"]
    rows = {row["shared"]: row for row in read(tmp_path / "rows.csv")}
    place, ground = (float(rows[name]["position_px"]) for name in ("position", "background"))
    # Five seeds gave 4.7 to 6.9 pixels against 12.2 to 13.3.
    assert place < ground - 4
    # Which tile's band it is, of tiles seen in training: 5 to 8 % wrong against 58 to 61 %.
    items = items_of(table, table.worlds())
    cells = {cell["shared"]: cell for cell in moving_cells(table, tmp_path / "cells")}
    band = next(factor for factor in items.factors if factor.name == "background")
    wrong = {}
    for name in ("position", "background"):
        features = cells[name]["features"].astype(np.float32)
        reading = read_factor(features, band, fit=np.arange(700), test=np.arange(700, 1000))
        wrong[name] = 1 - reading.score
    assert wrong["background"] < wrong["position"] - 0.25
    origin = json.loads((tmp_path / "run.json").read_text())
    assert {"command", "commit", "departures", "seeds", "settings", "wall_s"} <= set(origin)
    assert (tmp_path / "figure.svg").read_text().startswith("<svg")
    assert "background" in (tmp_path / "leakage.html").read_text()
    assert len(read(tmp_path / "leakage.csv")) == 3 * 4
    assert f"{place:.1f} (3.95)" in (tmp_path / "table.md").read_text()
    losses = [float(row["loss_nats"]) for row in read(tmp_path / "curves.csv")]
    assert max(losses) < 2 * np.log(table.training.batch)
