"""The warning about few labels follows from how many made a good choice."""

import csv
from pathlib import Path

import pytest

from goodviews.jobs.study.verdict.words import few_to_choose

RESULTS = Path(__file__).parents[3] / "results" / "label_choice"


def test_a_choice_by_few_labels_is_said_to_be_one():
    assert few_to_choose(99).startswith("The view was selected with only 99 labels")
    assert few_to_choose(100) == ""


@pytest.mark.parametrize("folder", sorted(RESULTS.glob("*/")), ids=lambda folder: folder.name)
def test_a_hundred_labels_choose_well_where_it_was_measured_and_ten_do_not(folder):
    with (folder / "rows.csv").open(newline="", encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["chooser"] == "labels, log probability" and row["judged_by"] != "all labels"
        ]
    chance = {int(row["labels"]): float(row["good"]) for row in rows if row["runs"] == "1"}
    assert chance[100] > 0.9 > chance[10]
