"""Which column of a table names the images: the layouts of tables that people have."""

from pathlib import Path

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.data.labels import read_labels

COUNT = 24
FILES = [f"im{i}.png" for i in range(COUNT)]
NUMBERS = [f"{i}.png" for i in range(COUNT)]
PADDED = [f"{i:04d}.jpg" for i in range(COUNT)]
DEEP = [f"train/{'ab'[i % 2]}/{i}.png" for i in range(COUNT)]
KINDS = ["cat", "dog", "big cat"]
KIND = [KINDS[i % 3] for i in range(COUNT)]
SHUFFLED = [(7 * i) % COUNT for i in range(COUNT)][::-1]


def table(form: str, *, order: list[int] | None = None, head: str = "") -> str:
    """Lines of a form with {i}, {k} (the class) and {r} (the number of the row)."""
    rows = order if order is not None else SHUFFLED
    lines = [form.format(i=i, k=KIND[i], n=i % 3, r=r) for r, i in enumerate(rows)]
    return "\n".join([*([head] if head else []), *lines]) + "\n"


GOOD = {
    "pandas index and files": (NUMBERS, table("{r},{i}.png,{k}", head=",file,label")),
    "pandas index and numbers": (NUMBERS, table("{r},{i},{k}", head=",id,label")),
    "pandas index of a shuffled frame": (NUMBERS, table("{i},{i}.png,{k}", head=",x,label")),
    "unnamed index": (NUMBERS, table("{r},{i}.png,{k}", head="Unnamed: 0,image,label")),
    "index read back as floats": (NUMBERS, table("{i}.0,{k}", head="id,label")),
    "label first": (FILES, table("{k},im{i}.png", head="label,path")),
    "label first, numbers": (NUMBERS, table("{n},{i}.png", head="label,path")),
    "label first, no header": (FILES, table("{k},im{i}.png")),
    "ids without endings": (FILES, table("im{i},{k}", head="id_code,diagnosis")),
    "ids of numbers with zeros": (PADDED, table("{i},{k}", head="image_id,label")),
    "a list with blanks": (FILES, table("im{i}.png {n}")),
    "a list with blanks in the label": (FILES, table("im{i}.png {k}")),
    "a list of ids and labels with blanks": (NUMBERS, table("{i} {k}")),
    "a label-first list": (FILES, table("{n} im{i}.png")),
    "several blanks and tabs": (FILES, table("im{i}.png \t {n}")),
    "tabs and no header": (FILES, table("im{i}.png\t{k}")),
    "bars": (FILES, table("im{i}.png|{k}", head="file|label")),
    "a separator line": (FILES, "sep=;\n" + table("im{i}.png;{k}", head="file;label")),
    "absolute paths": (FILES, table("/data/photos/im{i}.png,{k}", head="path,label")),
    "absolute paths of another machine": (FILES, table("/home/x/old/im{i}.png,{k}", head="p,l")),
    "Windows paths": (FILES, table(r"C:\Users\x\photos\im{i}.png,{k}", head="path,label")),
    "Windows paths below": (DEEP, table(r"train\a\{i}.png,{k}", order=list(range(0, 24, 2)))),
    "the folder in front": (FILES, table("photos/im{i}.png,{k}", head="path,label")),
    "a dot in front": (FILES, table("./im{i}.png,{k}", head="path,label")),
    "an address in front": (FILES, table("s3://bucket/v1/im{i}.png,{k}", head="path,label")),
    "endings in upper case": (FILES, table("im{i}.PNG,{k}", head="path,label")),
    "another ending": (FILES, table("im{i}.jpg,{k}", head="path,label")),
    "prefixed and without an ending": (FILES, table("photos/im{i},{k}", head="path,label")),
    "file names of deep files": (DEEP, table("{i}.png,{k}", head="file_name,label")),
    "a byte order mark": (FILES, "\ufeff" + table("im{i}.png;{k}", head="path;label")),
    "quoted commas": (FILES, table('im{i}.png,{k},"one, two"', head="path,label,note")),
    "a table without a name for its rows": (FILES, table("im{i}.png,{k},{n}", head="label,n")),
    "JSON lines": (FILES, table('{{"file_name": "im{i}.png", "label": "{k}"}}')),
    "an id, files and more": (NUMBERS, table("{r},{i}.png,{k},{r}", head="id,file,label,order")),
}


@pytest.mark.parametrize("form", GOOD)
def test_every_layout_gives_every_image_its_own_label(tmp_path: Path, form: str) -> None:
    names, text = GOOD[form]
    file = tmp_path / "labels.csv"
    file.write_text(text, encoding="utf-8")
    found = read_labels(file, names, "photos")
    task = next(iter(found.columns))
    got = [found.classes[task][c] if c >= 0 else None for c in found.columns[task]]
    wanted = KIND if "cat" in text else [str(i % 3) for i in range(COUNT)]
    named = [i for i, one in enumerate(got) if one is not None]
    assert [got[i] for i in named] == [wanted[i] for i in named]
    assert len(named) == (COUNT // 2 if form == "Windows paths below" else COUNT)
    assert f"names {len(named)} of {COUNT} images" in found.matched


REFUSED = {
    "numbers do not stand in for missing files": (
        NUMBERS,
        table("{r},x{i}.png,{k}", head=",file,label"),
        r"24 of 24 rows .* do not name an image \(x",
    ),
    "an index alone may count rows": (
        NUMBERS,
        table("{r},{k}", head=",label"),
        "may count rows, not images",
    ),
    "two columns of files": (
        FILES,
        table("im{i}.png,im{r}.png,{k}", head="left,right,label"),
        "Columns 'left' and 'right' of labels.csv both name images, but not the same ones",
    ),
    "two columns of numbers": (
        NUMBERS,
        table("{i},{r},{k}", head="case,visit,label"),
        "both name images",
    ),
    "measurements are not names": (
        NUMBERS,
        table("p{i},{i},{k}", head="patient,age,label"),
        r"do not name an image \(p",
    ),
    "files of two folders": (
        FILES,
        "path,label\n" + "".join(f"{d}/im{i}.png,a\n" for d in "xy" for i in range(COUNT)),
        "'x/im0.png' and 'y/im0.png', and the image 'im0.png' could be either",
    ),
    "the other part": (FILES, table("test/im{i}.png,{k}", head="path,label"), "do not name an"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_could_mean_other_images_is_refused(tmp_path: Path, case: str) -> None:
    names, text, words = REFUSED[case]
    file = tmp_path / "labels.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        read_labels(file, names, "train")


def test_a_header_decides_between_two_columns_of_numbers(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(table("{r},{i},{k}", head="visit,image_id,label"))
    found = read_labels(file, NUMBERS, "photos")
    assert [found.classes["label"][c] for c in found.columns["label"]] == KIND
    assert "column 'image_id' names 24 of 24 images" in found.matched


def test_exact_paths_have_priority_over_equal_file_names(tmp_path: Path) -> None:
    names = ["1.png", "deep/1.png", "deep/2.png"]
    file = tmp_path / "labels.csv"
    file.write_text("path,label\n1.png,a\ndeep/1.png,b\n2.png,b\nold/1.png,b\n")
    found = read_labels(file, names, "photos")
    assert found.columns["label"].tolist() == [0, 1, 1]
    assert "1 of 4 rows of labels.csv do not name an image (old/1.png)" in found.notes[0]


def test_a_table_in_a_part_names_files_of_that_part(tmp_path: Path) -> None:
    names = [f"{part}/{i}.png" for part in ("test", "train") for i in range(6)]
    for part in ("train", "test"):
        folder = tmp_path / "set" / part
        folder.mkdir(parents=True)
        (folder / "metadata.csv").write_text(
            "file_name,label\n" + "".join(f"{i}.png,{i % 2}\n" for i in range(6))
        )
        found = read_labels(folder / "metadata.csv", names, "set")
        known = [name for name, c in zip(names, found.columns["label"], strict=True) if c >= 0]
        assert known == [f"{part}/{i}.png" for i in range(6)]
    names.remove("test/5.png")  # the file of the same name in train is another
    found = read_labels(tmp_path / "set" / "test" / "metadata.csv", names, "set")
    assert (found.columns["label"][5:] == -1).all()


def test_a_column_that_is_called_like_a_few_images_does_not_name_them(tmp_path: Path) -> None:
    names = [*(f"{i}.png" for i in range(60)), "cat.png", "dog.png"]
    file = tmp_path / "labels.csv"
    lines = "".join(f"{i},{'cat' if i % 2 else 'dog'},{i % 3}\n" for i in range(60))
    file.write_text("id,label,grade\n" + lines)
    found = read_labels(file, names, "photos")
    assert list(found.columns) == ["label", "grade"]
    assert "column 'id' names 60 of 62" in found.matched


def test_names_match_whatever_the_unicode_form(tmp_path: Path) -> None:
    composed, split = "caf\u00e9", "cafe\u0301"  # the second is how macOS stores it
    names = [f"{split} {i}.png" for i in range(4)]
    file = tmp_path / "labels.csv"
    file.write_text("path,label\n" + "".join(f"{composed} {i}.png,{i % 2}\n" for i in range(4)))
    assert read_labels(file, names).columns["label"].tolist() == [0, 1, 0, 1]


def test_rows_of_arrays_are_named_by_number(tmp_path: Path) -> None:
    names = [str(i) for i in range(COUNT)]
    file = tmp_path / "labels.csv"
    for head, form in ((",label", "{i},{k}"), ("row,label", "{i},{k}"), ("", "{i} {k}")):
        file.write_text(table(form, head=head))
        found = read_labels(file, names, "scans")
        task = found.columns["label"]
        assert [found.classes["label"][c] for c in task] == KIND
        assert found.matched.endswith("24 of 24 images, by numbers.")


def test_a_long_table_of_which_few_rows_are_here_is_read(tmp_path: Path) -> None:
    lines = "".join(f"z{i}.png,{i % 2}\n" for i in range(9_000))
    file = tmp_path / "labels.csv"
    file.write_text(f"{lines}im0.png,a\nim1.png,b\n")
    found = read_labels(file, FILES)
    assert np.count_nonzero(found.columns["label"] >= 0) == 2
    assert "9,000 of 9,002 rows" in found.notes[0]
