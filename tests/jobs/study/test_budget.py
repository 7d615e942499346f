"""The default length of a study, and what its page says of longer ones."""

import csv
from pathlib import Path
from types import SimpleNamespace

import pytest

from goodviews.jobs.study.budget import (
    MEASURED,
    PRESENTATIONS,
    default_epochs,
    length_check,
    stability_words,
)

RESULTS = Path(__file__).parents[3] / "results" / "short_and_long"


def checked(images, epochs):
    plan = SimpleNamespace(
        splits=SimpleNamespace(pretrain=range(images)), settings=SimpleNamespace(epochs=epochs)
    )
    return length_check(plan, "goodviews study photos --epochs 1")


def test_the_default_length_is_always_as_long_as_the_one_that_was_measured():
    for images in range(20, 50_000, 97):
        assert checked(images, default_epochs(images)).ok
    assert default_epochs(1_000) == PRESENTATIONS // 1_000


def test_a_shorter_study_asks_for_the_default_in_a_folder_of_its_own():
    found = checked(8_000, 2)
    assert not found.ok
    assert found.value == "16,000 images shown to each encoder"
    assert found.do == "goodviews study photos --epochs 10 --out study-photos-2"
    assert checked(8_000, 10).do == ""


DIGITS = [  # the set that the page names
    folder
    for folder in sorted(RESULTS.glob("*/"))
    if "digits," in (folder / "agreement.csv").read_text("utf-8")
]


@pytest.mark.parametrize("folder", DIGITS, ids=lambda folder: folder.name)
def test_the_page_says_what_the_committed_rows_say(folder):
    assert stability_words(MEASURED) in checked(1_000, 80).text
    (rank,) = (
        row
        for row in read(folder / "agreement.csv")
        if (row["what"], row["kind"]) == ("readout", "spearman") and ours(row)
    )
    (choice,) = (r for r in read(folder / "choices.csv") if r["runs"] == "mean" and ours(r))
    for name, interval in (("value", MEASURED.agreement), ("lost_points", MEASURED.lost)):
        row, scale = (rank, 1) if name == "value" else (choice, 100)
        want = [float(row[key]) / scale for key in (name, "low", "high")]
        assert [interval.value, interval.low, interval.high] == pytest.approx(want, abs=6e-4)
    assert (MEASURED.views, MEASURED.seeds) == (int(rank["views"]), int(rank["seeds"]))
    # of the digits, 1,000 to pretrain on: the default is one of the two lengths
    assert default_epochs(1_000) in (MEASURED.short, MEASURED.long)
    assert MEASURED.long == 5 * MEASURED.short


def ours(row):
    """Of the data and the lengths that the page names."""
    return row["data"] == "digits" and int(row["short"]) == MEASURED.short


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
