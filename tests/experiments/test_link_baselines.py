"""What predicts links without pretraining: published numbers, and the leak."""

import csv
import os
from pathlib import Path

import pytest

from goodviews_experiments import run
from goodviews_experiments.link_baselines.run import PUBLISHED, table

RESULTS = Path(__file__).parents[2] / "results" / "link_baselines"


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(
    not (Path(os.environ.get("GOODVIEWS_DATA", "/nowhere")) / "seal_links").is_dir(),
    reason="GOODVIEWS_DATA has no folder seal_links",
)
@pytest.mark.slow
def test_the_small_run_has_heuristics_an_autoencoder_and_the_leak(tmp_path):
    run("link_baselines", "test", tmp_path)
    rows = read(tmp_path / "table.csv")
    found = {
        (row["graph"], row["score"], row["negatives"]): float(row["auc@1:10"]) for row in rows
    }
    assert abs(found["celegans", "common_neighbours", "uniform"] - 85.1) < 3
    assert abs(found["celegans", "degree_product", "degree"] - 50) < 5
    clean, leak = (found["texas", f"random GCN 32-8{mark}", "uniform"]
                   for mark in ("", ", test links leak"))  # fmt: skip
    assert leak > clean


def test_the_table_compares_with_the_published_number():
    key = {"graph": "usair", "score": "common_neighbours", "negatives": "uniform"}
    rows = [{**key, "auc@1:10": auc, "split": k} for k, auc in enumerate((0.93, 0.95))]
    (row,) = table(rows)
    assert row["auc@1:10"] == pytest.approx(94.0)
    assert row["published"] == 93.8
    assert row["within_1.5"]
    far = table([{**one, "auc@1:10": one["auc@1:10"] - 0.05} for one in rows])[0]
    assert not far["within_1.5"]


@pytest.mark.parametrize("folder", sorted(RESULTS.glob("*/")), ids=lambda folder: folder.name)
def test_committed_rows_reproduce_the_published_numbers(folder):
    rows = [row for row in read(folder / "table.csv") if row["published"]]
    assert {(row["graph"], row["score"], row["negatives"]) for row in rows} == set(PUBLISHED)
    assert all(row["within_1.5"] == "True" for row in rows)
