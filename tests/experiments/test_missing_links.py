"""Missing links: every arm has rows, claims follow intervals, a stopped run resumes."""

import csv
import json
import os
from pathlib import Path

import pytest

from goodviews.core.errors import InputError
from goodviews.pages.missing_links import missing_links_page
from goodviews_experiments import run
from goodviews_experiments.missing_links import run as module
from goodviews_experiments.missing_links.settings import SCALE, Condition
from goodviews_experiments.missing_links.tables import _moves, answers, gaps, levels

needs_data = pytest.mark.skipif(
    not (Path(os.environ.get("GOODVIEWS_DATA", "/nowhere")) / "heterophilous").is_dir(),
    reason="GOODVIEWS_DATA has no folder heterophilous",
)


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rows_of(shift, splits=5):
    """Made-up rows: by level, how much the start is above the autoencoder in each split."""
    rows = []
    for level, more in shift.items():
        for split in range(splits):
            for arm, auc in (("GAE", 0.8), ("GAE from contrastive", 0.8 + more)):
                noise = 0.01 * (split % 2) + (0.002 * split if arm != "GAE" else 0)
                rows.append({"graph": "g", "axis": "missing", "level": level, "split": split,
                             "arm": arm, "views": "v" if arm != "GAE" else "",
                             "auc@1:20": auc + noise, "brier@1:1": 0.2,
                             "calibration_error@1:1": 0.05, "node_accuracy": None})  # fmt: skip
    return rows


def test_a_claim_is_made_only_where_the_interval_excludes_zero():
    rows = rows_of({0.0: -0.05, 0.5: -0.003, 0.9: 0.1})
    table, differences = levels(rows), gaps(rows)
    said = answers(table, differences)[0]["links"]
    assert said.startswith(
        "Compared with GAE, the AUC of GAE from contrastive is higher with 90 %"
    )
    assert "lower with 0 % of the training links missing" in said
    assert "no significant difference with 50 % missing" in said
    none = rows_of({0.0: -0.004, 0.9: -0.003})
    said = answers(levels(none), gaps(none))[0]["links"]
    assert said.startswith("No significant difference in AUC")


def test_pretraining_pays_only_where_it_beats_the_autoencoder_and_features_alone():
    rows = rows_of({0.0: 0.1, 0.5: 0.1, 0.9: 0.001})
    features = [
        {**row, "arm": "features only", "auc@1:20": row["auc@1:20"] + (0.2 if row["level"] else 0)}
        for row in rows
        if row["arm"] == "GAE"
    ]
    every = [*rows, *features]
    assert answers(levels(every), gaps(every))[0]["pays"] == [0.0]
    assert answers(levels(rows), gaps(rows))[0]["pays"] == []


def test_the_best_views_move_only_where_both_tasks_prefer_their_own():
    def rows(link_gain, node_gain):
        return [
            {"graph": "g", "axis": "missing", "level": 0.0, "split": split, "views": view,
             "arm": f"contrastive, frozen: {view}",
             "auc@1:20": 0.8 + link_gain * (view == "strong") + 0.003 * (split % 2),
             "node_accuracy": 0.7 + node_gain * (view == "weak") + 0.002 * (split % 3)}
            for view in ("weak", "strong")
            for split in range(5)
        ]  # fmt: skip

    assert _moves(rows(0.05, 0.05)).startswith("The best views move with the task: strong for")
    assert _moves(rows(-0.05, 0.05)).startswith("The best views for links are the best ones")
    noisy = rows(0.05, 0.0001)
    noisy[0]["node_accuracy"] += 0.03
    assert "do not move significantly" in _moves(noisy)
    assert _moves([]) == ""


def test_differences_are_paired_and_wider_where_more_levels_are_compared():
    one = gaps(rows_of({0.5: 0.1}))[0]
    many = gaps(rows_of(dict.fromkeys((0.1, 0.3, 0.5, 0.7), 0.1)))[2]
    assert one["auc"] == pytest.approx(10.4)  # the shift and the mean noise of the second arm
    assert many["auc"] == pytest.approx(10.4)
    widths = [row["auc_high"] - row["auc_low"] for row in (one, many)]
    assert widths[1] > widths[0] > 0


def test_a_condition_names_the_arguments_of_the_split():
    assert Condition("missing by degree", 0.5).options == {"missing": 0.5, "missing_by": "degree"}
    assert Condition("missing", 0.9).options == {"missing": 0.9, "missing_by": "uniform"}
    assert Condition("added", 1.0).options == {"added": 1.0}


def test_the_page_needs_the_files_of_the_experiment(tmp_path):
    with pytest.raises(InputError, match="goodviews reproduce missing_links"):
        missing_links_page(tmp_path)


@needs_data
@pytest.mark.slow
def test_the_run_writes_rows_tables_and_a_page_and_resumes(tmp_path, monkeypatch):
    run("missing_links", "test", tmp_path)
    settings = SCALE["test"]
    rows = read(tmp_path / "rows.csv")
    key = {(row["axis"], float(row["level"]), int(row["split"])) for row in rows}
    assert len(key) == len(settings.conditions) * len(settings.splits)
    arms = {row["arm"] for row in rows}
    assert {"features only", "random encoder", "GAE", "GAE from contrastive", "supervised GCN",
            "contrastive, frozen", "common neighbours", "adamic adar",
            "degree product"} <= arms  # fmt: skip
    assert len(rows) == len(key) * len(arms)
    page = (tmp_path / "index.html").read_text()
    assert page.count('class="l-chart"') == 4 + 2
    assert "https://" not in page
    assert json.loads((tmp_path / "answers.json").read_text())[0]["graph"] == "texas"
    monkeypatch.setattr(module, "_cell", None)  # nothing is computed again
    again = run("missing_links", "test", tmp_path)
    assert read(again / "rows.csv") == rows
