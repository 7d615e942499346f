import csv
import json
from pathlib import Path

import numpy as np
import pytest

from goodviews.training.objective import build_objective
from goodviews_experiments import run
from goodviews_experiments.duality.run import METHODS, comparisons, right_of

RESULTS = Path(__file__).parents[2] / "results" / "duality"


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def made_up(levels, *, seeds=3, items=400, rng=0):
    """Rows of runs whose items are right at known rates, with two projectors."""
    rng = np.random.default_rng(rng)
    rows = []
    for head in ("small", "large"):
        for method, level in zip(METHODS, levels, strict=True):
            for seed in range(seeds):
                right = rng.random(items) < level
                rows.append(
                    {
                        "row": f"{method}, {head}",
                        "method": method,
                        "head": head,
                        "objective": method,
                        "seed": seed,
                        "items": items,
                        "right": np.packbits(right).tobytes().hex(),
                    }
                )
    return rows


def test_every_setting_that_is_tried_is_an_objective_and_all_methods_try_as_many():
    assert len({len(tried) for tried in METHODS.values()}) == 1
    for tried in METHODS.values():
        assert len(set(tried)) == len(tried)
        assert all(build_objective(text).kind == "pair" for text in tried)


def test_bits_of_the_rows_are_the_items_that_were_right():
    rows = made_up((0.1, 0.4, 0.6, 0.9), items=101)
    names, right = right_of(rows)
    assert right.shape == (8, 3, 101)
    packed = np.packbits(right[3, 1].astype(bool)).tobytes().hex()
    assert packed == next(r for r in rows if r["row"] == names[3] and r["seed"] == 1)["right"]


def test_methods_of_one_level_are_told_apart_in_one_of_twenty_studies_at_most():
    tries, told = 60, 0
    for rng in range(tries):
        _, found = comparisons(made_up((0.5,) * 4, items=200, rng=rng))
        spread = next(row for row in found if row["kind"] == "spread")
        assert spread["points"] >= 0
        told += spread["low"] > 0
    assert told / tries <= 0.05 + 3 * (0.05 * 0.95 / tries) ** 0.5


def test_a_large_difference_is_found_and_its_sign_is_that_of_first_less_second():
    _, found = comparisons(made_up((0.2, 0.5, 0.5, 0.8)))
    spread = next(row for row in found if row["kind"] == "spread")
    assert (spread["first"], spread["second"]) == ("VICReg-ctr", "SimCLR")
    assert spread["low"] > 0
    pair = next(r for r in found if (r["first"], r["second"]) == ("SimCLR", "VICReg-ctr"))
    assert pair["high"] < 0
    assert pair["points"] == pytest.approx(-spread["points"])


def test_one_command_writes_levels_differences_boards_and_a_figure(tmp_path):
    run("duality", "test", tmp_path)
    rows = read(tmp_path / "rows.csv")
    assert {row["method"] for row in rows} == {
        *METHODS,
        "SimCLR variant A",
        "SimCLR variant B",
        "untrained",
    }
    levels, found = comparisons(rows)
    assert [row["row"] for row in read(tmp_path / "methods.csv")] == [r["row"] for r in levels]
    kinds = {row["kind"] for row in read(tmp_path / "comparisons.csv")}
    assert kinds == {row["kind"] for row in found}
    boards = json.loads((tmp_path / "boards.json").read_text())
    assert all(board["board"]["identity_residual"] < 1e-9 for board in boards)
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert "VICReg-ctr" in (tmp_path / "index.html").read_text()
    origin = json.loads((tmp_path / "run.json").read_text())
    assert {"command", "commit", "versions", "hardware", "seeds", "wall_s"} <= set(origin)


@pytest.mark.parametrize("folder", sorted(RESULTS.glob("*/")), ids=lambda folder: folder.name)
def test_committed_tables_are_those_of_their_rows(folder):
    rows = read(folder / "rows.csv")
    _, right = right_of(rows)
    assert float(rows[0]["linear_top1"]) == pytest.approx(right[0, 0].mean(), abs=1e-5)
    for made, name in zip(comparisons(rows), ("methods", "comparisons"), strict=True):
        kept = read(folder / f"{name}.csv")
        assert len(kept) == len(made)
        for one, other in zip(kept, made, strict=True):
            for column in ("points", "low", "high"):
                assert float(one[column]) == pytest.approx(other[column], abs=1e-3)
    for row in rows:  # doubly centred sums of cosines cannot be far from zero
        assert abs(float(row["centred_gram_mean"])) < 0.05
    learnt = [r for r in read(folder / "comparisons.csv") if r["kind"] == "learning"]
    assert len(learnt) == len({row["row"] for row in rows}) - 1
