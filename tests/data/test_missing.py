"""A missing label is missing however it is spelled, in tables and in arrays alike."""

from pathlib import Path

import numpy as np
import pytest
import torch

from goodviews.data import examine, load
from goodviews.data.labels import read_labels
from goodviews.data.missing import known_texts

SPELLED = [
    "",
    "nan",
    "NaN",
    "NA",
    "N/A",
    "#N/A",
    "<NA>",
    "None",
    "null",
    "NULL",
    "?",
    "-1",
    "-1.0",
]
NAMES = [f"{i}.png" for i in range(len(SPELLED) + 4)]


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 8, 8), dtype=np.uint8)


def test_every_spelling_in_a_table_means_no_label_and_is_counted(tmp_path: Path) -> None:
    cells = [*SPELLED, "1", "0", "1", "0"]
    file = tmp_path / "labels.csv"
    rows = zip(NAMES, cells, strict=True)
    file.write_text("path,kind\n" + "".join(f"{name},{cell}\n" for name, cell in rows))
    found = read_labels(file, NAMES)
    assert found.columns["kind"].tolist() == [-1] * len(SPELLED) + [1, 0, 1, 0]
    assert found.classes["kind"] == ("0", "1")
    note = found.notes[0]
    assert all(f"1 cell {text!r}" in note for text in SPELLED if text)
    assert "1 empty cell" in note


ARRAYS = {
    "whole numbers": np.array([-1, 0, 1, -7, 0, 1]),
    "floats": np.array([np.nan, 0, 1, -1, 0, 1]),
    "objects": np.array([None, 0, 1, float("nan"), 0, 1], dtype=object),
    "a masked array": np.ma.array([5, 0, 1, 5, 0, 1], mask=[1, 0, 0, 1, 0, 0]),
    "texts": np.array(["nan", "0", "1", "NA", "0", "1"]),
    "bytes": np.array([b"", b"0", b"1", b"None", b"0", b"1"]),
    "a list": [None, 0, 1, -1, 0, 1],
    "a tensor": torch.tensor([-1.0, 0, 1, float("nan"), 0, 1]),
    "infinite": np.array([np.inf, 0, 1, -np.inf, 0, 1]),
}


@pytest.mark.parametrize("form", ARRAYS)
def test_every_spelling_in_memory_means_no_label_and_is_counted(form: str) -> None:
    images = load(noise(6), labels=ARRAYS[form])
    assert images.labels["label"].tolist() == [-1, 0, 1, -1, 0, 1]
    assert images.classes["label"] == ("0", "1")
    (note,) = [note for note in images.notes if "no label" in note]
    assert sum(int(word) for word in note.split() if word.isdigit()) == 2
    several = load(noise(6), labels={"kind": ARRAYS[form], "site": list("ababab")})
    assert several.labels["kind"].tolist() == [-1, 0, 1, -1, 0, 1]


def test_the_doctor_counts_missing_labels() -> None:
    lines = list(map(str, examine(noise(80), labels=np.arange(80) % 4 - 1)))
    assert "odd: Column 'label': 20 cells '-1' mean that there is no label." in lines


def test_minus_one_and_one_alone_are_two_classes() -> None:
    texts, missing, note = known_texts(["-1", "1", "", "1.0"])
    assert texts == ["-1", "1", "", "1"]
    assert missing == {"": 1}
    assert note == "has only the values -1 and 1, which are its two classes"
    assert known_texts(["-1", "1", "0"])[0] == ["", "1", "0"]


def test_whole_numbers_are_the_same_with_and_without_a_point() -> None:
    assert known_texts(["1", "1.0", "2."])[0] == ["1", "1", "2"]
    assert known_texts(["1.0", "1.5"])[0] == ["1.0", "1.5"]
    assert known_texts(["007", "7", "v1.0"])[0] == ["007", "7", "v1.0"]


def test_negative_numbers_may_be_values() -> None:
    assert known_texts(["-3", "2", "-1"], negative=False)[0] == ["-3", "2", "-1"]
