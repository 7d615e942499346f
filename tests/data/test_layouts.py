"""Layouts of well-known tables: one column per class, boxes, numbers in a second file."""

import json
from pathlib import Path

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.data.labels import read_labels
from goodviews.data.layouts import one_hot, several_labels
from goodviews.data.selection import Found
from goodviews.data.tables import read_tables

COUNT = 30
FILES = [f"ISIC_{i:04d}.jpg" for i in range(COUNT)]


def read(folder: Path, text: str, name: str = "labels.csv", files: list[str] = FILES) -> Found:
    (folder / name).write_text(text)
    return read_labels(folder / name, files, "photos")


def names_of(found: Found, task: str) -> list[str]:
    return [found.classes[task][c] if c >= 0 else "" for c in found.columns[task]]


@pytest.mark.parametrize(("one", "zero"), [("1.0", "0.0"), ("1", "0")])
def test_one_column_per_class_is_one_task(tmp_path: Path, one: str, zero: str) -> None:
    heads = ["MEL", "NV", "BCC"]
    rows = "".join(
        f"ISIC_{i:04d},{','.join(one if i % 3 == k else zero for k in range(3))}\n"
        for i in range(COUNT)
    )
    found = read(tmp_path, f"image,{','.join(heads)}\n{rows}")
    assert names_of(found, "label") == [heads[i % 3] for i in range(COUNT)]
    assert any("joined to the classes of 'label'" in note for note in found.notes)


def test_columns_of_zero_and_one_that_do_not_exclude_each_other_stay() -> None:
    columns = {"a": np.array(["1", "1", "0"]), "b": np.array(["0", "1", "0"])}
    assert one_hot(columns) == (columns, "")


def test_columns_of_another_kind_beside_one_column_per_class_stay() -> None:
    hot = {"x": np.array(["1", "0", "0"]), "y": np.array(["0", "1", "1"])}
    sex = {"sex": np.array(["1", "1", "0"])}
    joined, note = one_hot(sex | hot | {"site": np.array(["a", "b", "a"])})
    assert list(joined) == ["label", "sex", "site"]
    assert joined["label"].tolist() == ["x", "y", "y"]
    assert "from 'x' to 'y'" in note


def test_the_table_of_ham10000_has_its_diagnosis(tmp_path: Path) -> None:
    rows = "".join(
        f"HAM_{i},ISIC_{i:04d},{['nv', 'mel', 'bcc'][i % 3]},histo,{40 + i % 2}.0,male\n"
        for i in range(COUNT)
    )
    found = read(tmp_path, "lesion_id,image_id,dx,dx_type,age,sex\n" + rows)
    assert list(found.columns) == ["dx", "age"]
    assert names_of(found, "dx") == [["nv", "mel", "bcc"][i % 3] for i in range(COUNT)]
    assert found.classes["age"] == ("40", "41")


def test_birds_take_names_and_classes_from_the_files_beside(tmp_path: Path) -> None:
    files = [f"images/{k:03d}.Bird {k}/{i}.jpg" for k in (1, 2) for i in range(5)]
    (tmp_path / "images.txt").write_text(
        "".join(f"{n} {file.removeprefix('images/')}\n" for n, file in enumerate(files, 1))
    )
    (tmp_path / "classes.txt").write_text("1 001.Bird 1\n2 002.Bird 2\n")
    text = "".join(f"{n} {1 + (n > 5)}\n" for n in range(10, 0, -1))
    found = read(tmp_path, text, "image_class_labels.txt", files)
    assert names_of(found, "label") == ["001.Bird 1"] * 5 + ["002.Bird 2"] * 5


def test_the_annotations_of_tiny_imagenet_lose_their_boxes(tmp_path: Path) -> None:
    files = [f"val/images/val_{i}.JPEG" for i in range(COUNT)]
    text = "".join(f"val_{i}.JPEG\tn0{i % 3}\t{i % 9}\t2\t{40 + i}\t62\n" for i in range(COUNT))
    found = read(tmp_path, text, "val_annotations.txt", files)
    assert names_of(found, "label") == [f"n0{i % 3}" for i in range(COUNT)]
    assert list(found.columns) == ["label"]


def test_the_attributes_of_celeba_are_tasks_of_two_classes(tmp_path: Path) -> None:
    files = [f"{i:06d}.jpg" for i in range(COUNT)]
    rows = "".join(
        f"{i:06d}.jpg {-1 if i % 2 else ' 1'} {' 1' if i % 3 else -1}\n" for i in range(COUNT)
    )
    found = read(tmp_path, f"{COUNT}\nBald Male\n{rows}", "list_attr.txt", files)
    assert names_of(found, "Bald") == ["-1" if i % 2 else "1" for i in range(COUNT)]
    assert list(found.columns) == ["Bald", "Male"]


MANY = {
    "bars": ["Mass", "Mass|Nodule", "Nodule"],
    "bars alone": ["a|b", "b|c", "a|c"],
    "semicolons": ["cat;dog", "cat", "dog"],
    "quoted commas": ["cat, dog", "cat", "dog"],
    "numbers and blanks": ["1 2", "1", "2", "0 1 2", "0"],
    "words and blanks": ["haze primary", "haze", "primary water", "haze primary water"],
}
ONE = {
    "names of two words": ["golden retriever", "golden eagle", "bald eagle", "eagle"],
    "a comma in names": ["tench, Tinca tinca", "goldfish, Carassius auratus"],
    "a plus": ["C++", "C", "A+"],
}


@pytest.mark.parametrize("case", MANY)
def test_cells_with_several_labels_are_one_task_of_several_columns(
    tmp_path: Path, case: str
) -> None:
    assert several_labels(MANY[case]) is not None
    cells = [MANY[case][i % len(MANY[case])] for i in range(COUNT)]
    rows = "".join(f'{file},"{cell}"\n' for file, cell in zip(FILES, cells, strict=True))
    found = read(tmp_path, f"path,finding\n{rows}")
    (members,) = found.kinds.sets.values()
    assert list(found.kinds.sets) == ["finding"]
    assert set(members) == set(found.columns)
    separator = next(mark for mark in "|;, " if any(mark in cell for cell in cells))
    for name in members:
        own = [int(name in [part.strip() for part in cell.split(separator)]) for cell in cells]
        assert found.columns[name].tolist() == own
    (note,) = [note for note in found.notes if "several labels" in note]
    assert "Column 'finding' has several labels in" in note
    assert "=classes" in note


@pytest.mark.parametrize("case", ONE)
def test_names_of_several_words_are_classes(case: str) -> None:
    assert several_labels(ONE[case]) is None


def test_classes_that_differ_in_case_are_named(tmp_path: Path) -> None:
    kinds = ["Cat", "cat ", "dog"]
    found = read(
        tmp_path, "path,k\n" + "".join(f"{f},{kinds[i % 3]}\n" for i, f in enumerate(FILES))
    )
    assert any("Classes 'Cat' and 'cat' of 'k' differ only" in note for note in found.notes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "is a spreadsheet or an archive"),
        (b"\x93NUMPY", "is a NumPy array"),
        (b'{"images": [{"id": 1,\n"x": 2}]}', "is JSON, but neither objects like"),
        (b"one\ntwo\n", "but got one column, 'one'"),
    ],
)
def test_a_file_that_is_not_a_table_is_called_what_it_is(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_tables(tmp_path / "labels.csv")
    with pytest.raises(InputError, match="it is a folder"):
        read_tables(tmp_path)


KINDS = [["cat", "dog"][i % 2] for i in range(COUNT)]
PAIRS = list(zip(FILES, KINDS, strict=True))
WRITTEN = {
    "a list of objects": json.dumps([{"file": f, "label": k} for f, k in PAIRS], indent=1),
    "one object": json.dumps(dict(PAIRS), indent=1),
    "a comment": "# made by hand\n\nfile,label\n" + "".join(f"{f},{k}\n" for f, k in PAIRS),
    "blanks before quotes": "file, label\n" + "".join(f'"{f}" , "{k}"\n' for f, k in PAIRS),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_tables_as_other_programs_write_them(tmp_path: Path, form: str) -> None:
    found = read(tmp_path, WRITTEN[form])
    assert list(found.columns) == ["label"]
    assert names_of(found, "label") == KINDS


def test_a_marked_header_stays_a_header(tmp_path: Path) -> None:
    found = read(tmp_path, "#file,label\n" + "".join(f"{f},{k}\n" for f, k in PAIRS))
    assert names_of(found, "label") == KINDS


def test_json_of_another_layout_is_refused(tmp_path: Path) -> None:
    coco = {"images": [{"id": 0, "file_name": FILES[0]}], "annotations": [{"category_id": 1}]}
    for made in (coco, [FILES], [{"file": FILES[0]}]):
        with pytest.raises(
            InputError, match=r"is JSON, but neither objects like .* save it as CSV"
        ):
            read(tmp_path, json.dumps(made), "labels.json")
