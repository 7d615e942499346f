"""Tables of labels in the forms spreadsheets write them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import Images, load
from goodviews.data.labels import read_labels
from goodviews.data.missing import known_texts
from goodviews.data.selection import encode, tasks_of
from goodviews.data.tasks import numbers_of
from goodviews.evaluation.factors import read_factors

NAMES = [f"day {i // 4}/{i}.png" for i in range(12)]
PLAIN = "path,kind\n" + "".join(f"{name},{'ab'[i % 2]}\n" for i, name in enumerate(NAMES))
WANTED = [i % 2 for i in range(12)]

FORMS = {
    "plain": PLAIN.encode(),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "semicolons": PLAIN.replace(",", ";").encode(),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "carriage returns": PLAIN.replace("\n", "\r\n").encode(),
    "utf-16": PLAIN.encode("utf-16"),
    "no header": PLAIN.split("\n", 1)[1].encode(),
    "backslashes": PLAIN.replace("/", "\\").encode(),
    "dot": PLAIN.replace("day", "./day").encode(),
    "file names": PLAIN.replace("day 0/", "").replace("day 1/", "").replace("day 2/", "").encode(),
    "no endings": b"id,kind\n" + b"".join(b"%d,%s\n" % (i, b"ab"[i % 2 :][:1]) for i in range(12)),
    "quotes": PLAIN.replace("day 0/0.png", '"day 0/0.png"').encode(),
    "blank lines": PLAIN.replace("\n", "\n\n").encode(),
    "doubled rows": (PLAIN + f"{NAMES[0]},a\n").encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_table_gives_the_same_labels(tmp_path: Path, form: str) -> None:
    file = tmp_path / "labels.csv"
    file.write_bytes(FORMS[form])
    found = read_labels(file, NAMES)
    task = "label" if form == "no header" else "kind"
    assert found.columns[task].tolist() == WANTED
    assert found.classes[task] == ("a", "b")
    assert found.notes == []


def test_empty_cells_missing_rows_and_more_tasks(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    lines = [
        "path,kind,grade",
        f"{NAMES[0]},a,10",
        f"{NAMES[1]},,9",
        f"{NAMES[2]},b,10",
        "x.png,a,9",
    ]
    file.write_text("\n".join(lines))
    found = read_labels(file, NAMES)
    columns, classes, notes = found.columns, found.classes, found.notes
    assert columns["kind"].tolist() == [0, -1, 1] + [-1] * 9
    assert columns["grade"].tolist() == [1, 0, 1] + [-1] * 9
    assert classes["grade"] == ("9", "10")
    assert "1 of 4 rows of labels.csv do not name an image (x.png)" in notes[0]
    assert any("have only one image" in note for note in notes)


BAD = {
    "conflict": (f"path,k\n{NAMES[0]},a\n{NAMES[1]},b\n{NAMES[0]},b\n", "two labels for"),
    "strangers": ("path,k\nx.png,a\ny.png,b\n", "2 of 2 rows .* do not name an image"),
    "one class": (f"path,k\n{NAMES[0]},a\n{NAMES[1]},a\n", "one class"),
    "no column": (f"path\n{NAMES[0]}\n", "label column"),
    "same heads": (f"path,k,k\n{NAMES[0]},a,b\n", "different names"),
    "empty": ("", "is empty"),
    "ragged": (f"path,k\n{NAMES[0]},a\n{NAMES[1]},b,c\n", "line 3, has 3 cells, but .* has 2"),
}


@pytest.mark.parametrize("case", BAD)
def test_tables_that_cannot_be_meant_get_one_sentence(tmp_path: Path, case: str) -> None:
    text, words = BAD[case]
    file = tmp_path / "labels.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        read_labels(file, NAMES)
    with pytest.raises(InputError, match="Cannot read"):
        read_labels(tmp_path / "none.csv", NAMES)


def test_a_column_of_measurements_is_a_task_of_numbers(tmp_path: Path) -> None:
    names = [f"{i}.png" for i in range(40)]
    file = tmp_path / "labels.csv"
    rows = "".join(f"{name},{i % 2},{i / 7}\n" for i, name in enumerate(names))
    file.write_text("path,kind,age\n" + rows)
    found = read_labels(file, names)
    assert (list(found.columns), found.kinds.numbers) == (["kind", "age"], ("age",))
    assert np.allclose(numbers_of(found.columns["age"], found.classes["age"]), np.arange(40) / 7)
    assert "--column age=classes" in found.notes[0]


def test_whole_numbers_sort_as_numbers() -> None:
    numbers, names = encode(["10", "2", "", "2"])
    assert names == ("2", "10")
    assert numbers.tolist() == [1, 0, -1, 0]


def test_other_labels_share_the_pixels_and_change_the_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    for i, name in enumerate(NAMES):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), i, np.uint8)).save(tmp_path / "set" / name)
    file = tmp_path / "labels.csv"
    file.write_text(PLAIN)
    bare, images = load(tmp_path / "set"), load(tmp_path / "set", labels=file)
    assert images.hash != bare.hash
    assert images.labels["kind"].tolist() == [WANTED[NAMES.index(n)] for n in sorted(NAMES)]
    assert images.cache is not None
    again = Images.open(images.cache)
    assert again.hash == images.hash
    assert again.labels["kind"].tolist() == images.labels["kind"].tolist()
    assert load(tmp_path / "set", labels=file).hash == images.hash
    file.write_text(PLAIN.replace(",b", ",c"))
    other = load(tmp_path / "set", labels=file)
    assert other.classes["kind"] == ("a", "c")


def test_text_of_an_older_spreadsheet_is_read_and_said(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    rows = "".join(f"{name},{'é' if i % 2 else 'a'}\n" for i, name in enumerate(NAMES))
    file.write_bytes(f"path,kind\n{rows}".encode("cp1252"))
    found = read_labels(file, NAMES)
    columns, classes, notes = found.columns, found.classes, found.notes
    assert columns["kind"].tolist() == WANTED
    assert classes["kind"] == ("a", "é")
    assert notes == ["labels.csv is not UTF-8 and was read as Windows-1252; save it as UTF-8."]


def test_images_with_labels_take_another_table_and_keep_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    for i, name in enumerate(NAMES):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), i, np.uint8)).save(tmp_path / "set" / name)
    first, second = tmp_path / "labels.csv", tmp_path / "other.csv"
    first.write_text(PLAIN)
    second.write_text(PLAIN.replace(",a", ",c").replace("kind", "site"))
    images = load(load(tmp_path / "set", labels=first), labels=second)
    assert images.classes == {"site": ("b", "c")}
    assert images.cache is not None
    assert Images.open(images.cache).hash == load(tmp_path / "set", labels=second).hash
    factors, _ = read_factors(first, images)
    assert [factor.name for factor in factors] == ["kind"]


def test_negative_numbers_of_few_are_unknown_classes_and_of_many_are_values(
    tmp_path: Path,
) -> None:
    images = load(np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8))
    file = tmp_path / "factors.csv"
    lines = "".join(f"{i},{i % 4 - 1},{i - 30},{'NA' if i < 6 else i % 3}\n" for i in range(60))
    file.write_text("row,site,dose,scanner\n" + lines)
    factors, notes = read_factors(file, images)
    site, dose, scanner = factors
    assert site.known.sum() == 45
    assert (site.discrete, dose.discrete) == (True, False)
    assert dose.known.all()
    assert dose.values[0] == -30
    assert scanner.known.sum() == 54
    assert "Column 'scanner': 6 cells 'NA' mean that there is no label." in notes


def test_a_folder_with_its_own_table_has_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    for part, first in (("train", 0), ("test", 1)):
        folder = tmp_path / "set" / part
        folder.mkdir(parents=True)
        for i in range(6):
            Image.fromarray(np.full((8, 8), 10 * i + first, np.uint8)).save(folder / f"{i}.png")
        kinds = ["cat", "dog"] if part == "train" else ["dog", "fox"]
        lines = "".join(f"{i}.png,{kinds[i % 2]}\n" for i in range(6))
        (folder / "metadata.csv").write_text("file_name,label\n" + lines)
    images = load(tmp_path / "set")
    names = [images.classes["label"][c] for c in images.labels["label"]]
    assert names == ["dog", "fox"] * 3 + ["cat", "dog"] * 3
    assert images.part.tolist() == [1] * 6 + [0] * 6
    assert "metadata.csv: column 'file_name' names 6 of 12 images" in images.label_note
    (tmp_path / "set" / "train" / "metadata.csv").write_text("file_name,text\n0.png,a day\n")
    (tmp_path / "set" / "test" / "metadata.csv").unlink()
    images = load(tmp_path / "set")
    assert images.labels == {}
    assert any("metadata.csv was not used for labels" in note for note in images.notes)


def test_folders_that_are_not_classes_are_named_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for i, name in enumerate(NAMES):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), i, np.uint8)).save(tmp_path / "set" / name)
    days, bare = load(tmp_path / "set"), load(tmp_path / "set", labels="none")
    assert (len(days.classes["label"]), bare.labels, bare.classes) == (3, {}, {})
    assert bare.hash != days.hash
    assert np.array_equal(bare.pixels, days.pixels)
    assert load(np.zeros((4, 8, 8), np.uint8), labels="none").labels == {}
    (tmp_path / "none").write_text(PLAIN)  # a file of this name is a table
    assert list(load(tmp_path / "set", labels="none").labels) == ["kind"]


def test_whole_numbers_that_hardly_repeat_need_a_word_from_the_user():
    days, names = [str(100 + i) for i in range(60)], [f"file {i}" for i in range(60)]
    (numbers,), (texts,) = tasks_of({"age": days}).notes, tasks_of({"id": names}).notes
    assert "add --column age=number" in numbers
    assert "--column" not in texts
    years = [str(20 + i % 30) for i in range(90)]
    (note,) = tasks_of({"years": years}).notes
    assert "read as classes" in note
    assert "--column years=number" in note
    assert tasks_of({"label": [str(i % 30) for i in range(90)]}).notes == []


def test_negative_decimals_are_numbers_and_negative_whole_numbers_are_missing():
    cold = [f"{-3 + 0.25 * i}" for i in range(40)]
    (found,) = tasks_of({"degrees": known_texts(cold)[0]}).classes.values()
    assert found[0] == "-3.0"
    assert len(found) == 40
    assert known_texts(["-1", "0", "1"] * 20)[0][:3] == ["", "0", "1"]
