import csv
import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from goodviews.views import parse_view
from goodviews_experiments import run
from goodviews_experiments.presets_axis.run import LADDER, SCALE, rank_agreement

RESULTS = Path(__file__).parents[2] / "results" / "presets_axis"


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_p_of_a_rank_correlation_counts_all_orders_of_the_views():
    rng = np.random.default_rng(0)
    nats, accuracy = rng.random(5), rng.random(5)
    rho, p = rank_agreement(nats, accuracy)
    assert rho == pytest.approx(spearmanr(nats, accuracy).statistic)
    every = [spearmanr(order, accuracy).statistic for order in permutations(nats)]
    above = np.mean([one >= rho - 1e-9 for one in every])
    below = np.mean([one <= rho + 1e-9 for one in every])
    assert p == pytest.approx(min(1.0, 2 * min(above, below)))


def test_the_views_are_the_papers_presets_with_crops_of_one_size():
    views = dict(SCALE["cpu"].views)
    presets = {f"pycontrast_{letter}" for letter in "abcde"} | {"simclr"}
    assert presets <= {spec.partition("(")[0] for spec in views.values()}
    assert set(LADDER) <= set(views)
    for spec in views.values():
        pair = parse_view(spec)
        assert all(
            chain.out_shape((3, 32, 32))[1:] == (24, 24) for chain in (pair.first, pair.second)
        )


def test_infomins_preset_is_augmentation_d():
    assert repr(parse_view("infomin(size=24)").first) == repr(
        parse_view("pycontrast_d(size=24)").first
    )


@pytest.mark.slow
def test_one_command_places_every_view_on_the_axis(tmp_path):
    run("presets_axis", "test", tmp_path)
    views = read(tmp_path / "views.csv")
    assert [row["name"] for row in views] == list(LADDER)
    ladder = read(tmp_path / "ladder.csv")
    assert [row["from"] for row in ladder] == list(LADDER[:-1])
    by_name = {row["name"]: row for row in views}
    for row in ladder:
        for column, of in (("nats", "nats"), ("points", "accuracy")):
            gap = float(by_name[row["to"]][of]) - float(by_name[row["from"]][of])
            scale = 100 if column == "points" else 1
            assert float(row[column]) == pytest.approx(scale * gap, abs=1e-3)
    assert (tmp_path / "figure.svg").read_text().startswith("<svg")
    origin = json.loads((tmp_path / "run.json").read_text())
    assert {"command", "commit", "versions", "hardware", "seeds", "wall_s"} <= set(origin)


@pytest.mark.parametrize("folder", sorted(RESULTS.glob("*/")), ids=lambda folder: folder.name)
def test_committed_tables_agree_with_their_rows(folder):
    rows = [row for row in read(folder / "rows.csv") if row["role"] == "candidate"]
    views = read(folder / "views.csv")
    for view in views:
        own = [row for row in rows if row["view"] == view["view"]]
        level = np.mean([float(row["readout_top1"]) for row in own])
        nats = np.mean([float(row["estimate_nats"]) for row in own])
        assert float(view["accuracy"]) == pytest.approx(level, abs=1e-5)
        assert float(view["nats"]) == pytest.approx(nats, abs=1e-3)
        assert float(view["nats"]) <= float(view["ceiling_nats"])
        assert float(view["over_best_points"]) <= 0
    both = (np.array([float(view[name]) for view in views]) for name in ("nats", "accuracy"))
    rho, p = rank_agreement(*both)
    kept = read(folder / "axis.csv")[0]
    assert float(kept["rank_correlation"]) == pytest.approx(rho, abs=1e-5)
    assert float(kept["p"]) == pytest.approx(p, abs=1e-5)
