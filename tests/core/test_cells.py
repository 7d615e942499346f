"""The store of finished work: whole or missing, never of other settings."""

import numpy as np
import pytest

from goodviews.core.cells import Cells, hashed, read_values, write_values
from goodviews.core.errors import InputError

VALUES = {
    "rows": [{"view": "crop()", "nats": None, "seed": 3}],
    "share": 0.1,
    "text": "é",
    "right": np.arange(6, dtype=np.float32).reshape(2, 3),
    "names": np.array(["a", "bc"]),
    "scalar": np.array(2.5),
}


def same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        if isinstance(value, np.ndarray):
            assert value.dtype == other[name].dtype
            np.testing.assert_array_equal(value, other[name])
        else:
            assert value == other[name]


def test_what_is_written_is_read_back(tmp_path):
    write_values(tmp_path / "deep" / "one.npz", VALUES)
    same(read_values(tmp_path / "deep" / "one.npz"), VALUES)


def test_work_is_done_once_and_not_again_in_a_new_process(tmp_path):
    made = []

    def make():
        made.append(1)
        return VALUES

    for _ in range(2):
        cells = Cells(tmp_path, {"epochs": 3})
        for _ in range(2):
            same(cells("seed 0", make), VALUES)
    assert made == [1]


@pytest.mark.parametrize("damage", ["empty", "cut", "other"])
def test_a_damaged_result_is_missing_and_made_again(tmp_path, damage):
    cells = Cells(tmp_path)
    cells.save("one", VALUES)
    path = cells.path("one")
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "other": b"text"}[damage])
    assert cells.load("one") is None
    same(cells("one", lambda: VALUES), VALUES)
    same(cells.load("one"), VALUES)


@pytest.mark.parametrize("value", [3.5, [1, 2], "text", None, np.eye(2)])
def test_a_result_may_be_one_value(tmp_path, value):
    cells = Cells(tmp_path)
    for found in (cells("one", lambda x: x, value), cells("one", pytest.fail)):
        np.testing.assert_array_equal(found, value)


def test_a_result_that_fails_leaves_nothing(tmp_path):
    cells = Cells(tmp_path)

    def fail():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cells("one", fail)
    assert cells.load("one") is None
    assert not list(tmp_path.iterdir())


def test_other_settings_are_refused_and_named(tmp_path):
    Cells(tmp_path, {"epochs": 3, "seeds": (0, 1)}).save("one", VALUES)
    assert Cells(tmp_path, {"epochs": 3, "seeds": [0, 1]}).load("one") is not None
    with pytest.raises(InputError, match=r"other settings \(epochs\).*--out"):
        Cells(tmp_path, {"epochs": 4, "seeds": (0, 1)})


def test_names_that_differ_never_share_a_file(tmp_path):
    cells = Cells(tmp_path)
    names = ["a b", "a_b", "a|b", "A_b", "a" * 60 + " 1", "a" * 60 + " 2", "ä", "crop()|flip()"]
    assert len({cells.path(name) for name in names}) == len(names)
    assert all(cells.path(name).parent == tmp_path for name in names)


def test_the_hash_sees_values_types_and_order():
    arrays = [np.zeros(4), np.zeros(4, np.float32), np.zeros((2, 2)), np.ones(4)]
    parts = [("a", "b"), ("ab",), ("b", "a"), (1,), ("1",), *((array,) for array in arrays)]
    assert len({hashed(*part) for part in parts}) == len(parts)
    assert hashed({"a": 1, "b": 2}) == hashed({"b": 2, "a": 1})
