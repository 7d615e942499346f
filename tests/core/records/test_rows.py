"""Rows come back as they were written."""

import math
import random
from dataclasses import fields

import pytest

from goodviews.core.errors import InputError
from goodviews.core.records.rows import Row, read_rows, write_rows


def some_row(rng):
    values = {}
    for field in fields(Row):
        kind = getattr(field.type, "__name__", "") or str(field.type)
        kind = str(field.type) if "None" in str(field.type) else kind
        if "None" in kind and rng.random() < 0.3:
            values[field.name] = None
        elif kind.startswith("float"):
            values[field.name] = float(f"{rng.gauss(0, 10 ** rng.randrange(-5, 5)):.6g}")
        elif kind.startswith("int"):
            values[field.name] = rng.randrange(10**6)
        elif kind.startswith("bool"):
            values[field.name] = rng.random() < 0.5
        else:
            values[field.name] = rng.choice(
                ["crop(scale=(0.2, 1))|flip()", "a,b", "é\"'", "", " x "]
            )
    return Row(**values)


@pytest.mark.parametrize("seed", range(20))
def test_any_rows_come_back_as_they_were(seed, tmp_path):
    rng = random.Random(seed)
    rows = [some_row(rng) for _ in range(rng.randrange(6))]
    path = tmp_path / "rows.csv"
    write_rows(path, rows)
    assert read_rows(path) == rows
    first = path.read_bytes()
    write_rows(path, read_rows(path))
    assert path.read_bytes() == first


def test_numbers_keep_six_digits_and_stay_what_they_are(tmp_path):
    path = tmp_path / "rows.csv"
    write_rows(path, [Row("crop()", 0, "", estimate_nats=1 / 3, stderr_nats=-1e-9, steps=2**40)])
    (row,) = read_rows(path)
    assert math.isclose(row.estimate_nats, 1 / 3, rel_tol=1e-6)
    assert row.stderr_nats == -1e-9
    assert row.steps == 2**40
    assert row.knn_top1 is None
    assert row.task == ""


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="Cannot read"):
        read_rows(tmp_path / "rows.csv")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a,b\n1,2\n", "not a table"),
        ("view,seed,task,odd\ncrop(),0,t,1\n", "odd"),
        ("view,seed,task\ncrop(),zero,t\n", "seed"),
        ("view,seed,task,collapsed\ncrop(),0,t,maybe\n", "collapsed"),
        ("view,seed,task,estimate_nats\ncrop(),0,t,1.2.3\n", "estimate_nats"),
        ("view,seed,task\ncrop(),0,t,1,2\n", "None"),
        ("view,seed,task\ncrop(),0\n", "task"),
        ("view,seed\ncrop(),0\n", "task"),
    ],
)
def test_a_table_that_is_not_ours_is_one_sentence(tmp_path, text, word):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=word) as error:
        read_rows(path)
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text_are_one_sentence(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"view,seed,task\n\xff\xfe,0,t\n")
    with pytest.raises(InputError, match=r"rows\.csv"):
        read_rows(path)
