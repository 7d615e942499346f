"""The experiment on learned views of graphs: its rows, its verdicts, and that it resumes."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from goodviews_experiments.learned_graph_views import run as module
from goodviews_experiments.learned_graph_views.tables import gaps, levels, verdicts

needs_data = pytest.mark.skipif(
    not (Path(os.environ.get("GOODVIEWS_DATA", "/nowhere")) / "heterophilous").is_dir(),
    reason="GOODVIEWS_DATA has no folder heterophilous",
)
LEARNED, FIXED = "unsupervised: learned", "unsupervised: fixed rates"


def made(apart, nats):
    """Rows and hits of two arms, with a difference in hits and in nats."""
    rows, right, draw = [], {}, np.random.default_rng(0)
    for seed in range(5):
        base = draw.random(400)
        for arm, more in ((LEARNED, apart), (FIXED, 0.0)):
            right["g", arm, seed] = (base < 0.6 + more).astype(np.int8)
            value = 3.0 + (nats if arm == LEARNED else 0.0) + 0.01 * seed
            kept = {"kept_edges": 0.7, "kept_features": 0.7}
            rows.append({"graph": "g", "seed": seed, "arm": arm, "nats": value, **kept})
    return rows, right


@pytest.mark.parametrize(
    ("apart", "verdict", "word"),
    [(0.1, "better", "pays"), (-0.1, "worse", "costs accuracy"), (0.0, "undecided", "no signif")],
)
def test_a_verdict_says_on_which_side_it_falls(apart, verdict, word):
    rows, right = made(apart, nats=-0.5)
    [found] = verdicts(gaps(rows, right))
    assert found["verdict"] == verdict
    assert word in found["sentence"]
    assert "share less (−0.50 nats)" in found["sentence"]
    [first, _] = levels(rows, right)
    assert first["top1"] == pytest.approx(100 * (0.6 + apart), abs=4)
    assert first["low"] < first["top1"] < first["high"]


@needs_data
@pytest.mark.slow
def test_a_short_run_writes_its_tables_and_resumes(tmp_path, monkeypatch):
    module.learned_graph_views(scale="test", out=tmp_path)
    tables = {
        name: list(csv.DictReader((tmp_path / f"{name}.csv").read_text().splitlines()))
        for name in ("rows", "levels", "gaps", "verdicts")
    }
    assert len(tables["rows"]) == 2 * 9  # seeds by arms
    assert {row["graph"] for row in tables["verdicts"]} == {"texas"}
    by = {(row["arm"], row["seed"]): row for row in tables["rows"]}
    for seed in "01":
        kept = float(by[LEARNED, seed]["kept_edges"])
        assert by[FIXED, seed]["view"].startswith(f"drop_edges({round(1 - kept, 3)})")
    monkeypatch.setattr(module, "_cell", None)
    module.learned_graph_views(scale="test", out=tmp_path)
