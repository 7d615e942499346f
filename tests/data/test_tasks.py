"""Tasks of several labels and of numbers: read from every door, split, and stored."""

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.data import Images, load, splits
from goodviews.data.columns import parse_columns
from goodviews.data.tasks import class_columns, imbalanced, label_tasks, with_task

N = 120
RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (N, 8, 8), dtype=np.uint8)
SEVERAL = RNG.integers(0, 2, (N, 4))
AGES = np.round(20 + 0.37 * np.arange(N), 2)


def doors(tmp_path, monkeypatch):
    """The same several labels as an array, a file, a table, lists of names, and a dataset."""
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    np.savez(tmp_path / "a.npz", images=PIXELS, labels=SEVERAL)
    np.save(tmp_path / "x.npy", PIXELS)
    names = [[f"label_{k + 1}" for k in np.flatnonzero(row)] for row in SEVERAL]
    cells = "".join(f"{i},{'|'.join(some) or '|'}\n" for i, some in enumerate(names))
    (tmp_path / "t.csv").write_text(f"path,label\n{cells}")
    pairs = list(zip(PIXELS, SEVERAL, strict=True))
    yield load((PIXELS, SEVERAL))
    yield load(tmp_path / "a.npz")
    yield load(tmp_path / "x.npy", labels=tmp_path / "t.csv")
    yield load((PIXELS, names))
    yield load(pairs)
    yield load({"images": PIXELS, "labels": SEVERAL})


def test_several_labels_are_the_same_task_from_every_door(tmp_path, monkeypatch):
    for images in doors(tmp_path, monkeypatch):
        (task,) = label_tasks(images).values()
        assert (task.name, task.kind, task.known) == ("label", "labels", N)
        assert np.array_equal(task.values, SEVERAL)
        assert task.outputs == tuple(f"label_{k}" for k in (1, 2, 3, 4))
        if images.cache is not None:
            assert Images.open(images.cache).kinds == images.kinds


def test_one_label_of_several_is_a_task_of_two_classes_where_it_is_named():
    images, names = with_task(load((PIXELS, SEVERAL)), "label_2")
    assert names == ["label_2"]
    assert label_tasks(images)["label_2"].kind == "classes"
    assert class_columns(images) == [f"label_{k}" for k in (1, 2, 3, 4)]
    with pytest.raises(InputError, match="label_3"):
        with_task(images, "label_33")


def test_one_hot_arrays_are_classes_and_other_matrices_are_refused():
    hot = np.eye(3)[np.arange(N) % 3]
    assert load((PIXELS, hot)).labels["label"].tolist() == (np.arange(N) % 3).tolist()
    named = load({"images": PIXELS, "labels": hot, "classes": ["a", "b", "c"]})
    assert named.classes["label"] == ("a", "b", "c")
    assert not named.kinds
    with pytest.raises(InputError, match="must be 0 and 1"):
        load((PIXELS, SEVERAL + np.arange(N)[:, None]))


def test_what_is_not_known_of_an_image_stays_unknown_for_that_label_alone():
    some = SEVERAL.astype(float)
    some[5, 1], some[7] = -1, np.nan
    (task,) = label_tasks(load((PIXELS, some))).values()
    assert np.isnan(task.values[5]).tolist() == [False, True, False, False]
    assert task.strata[7] == -1
    assert np.isnan(task.values[7]).all()
    assert task.known == N - 1


def test_a_label_that_hardly_occurs_is_left_out():
    some = SEVERAL.copy()
    some[:, 2] = np.arange(N) == 3
    images = load((PIXELS, some))
    assert label_tasks(images)["label"].outputs == ("label_1", "label_2", "label_4")
    assert any("label_3" in note for note in images.notes)


def test_numbers_are_a_task_with_their_own_values(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    np.savez(tmp_path / "a.npz", images=PIXELS, labels=AGES)
    for images in (
        load((PIXELS, AGES)),
        load(tmp_path / "a.npz"),
        load((PIXELS, {"label": AGES})),
    ):
        task = label_tasks(images)["label"]
        assert task.kind == "number"
        assert np.array_equal(task.values[:, 0], AGES)
        assert np.bincount(task.strata).tolist() == [20] * 6
        assert class_columns(images) == []


def test_the_user_says_how_a_column_is_read(tmp_path):
    years = np.arange(N)
    table = {"age": [str(20 + year % 50) for year in years], "site": ["x", "y"] * (N // 2)}
    guessed = load(PIXELS, labels=table)
    assert label_tasks(guessed)["age"].kind == "classes"
    told = load(PIXELS, labels=table, columns={"age": "number"})
    assert np.array_equal(label_tasks(told)["age"].values[:, 0], 20 + years % 50)
    assert list(told.labels) == ["site", "age"]
    again = load((PIXELS, AGES), columns=["label=classes"])
    assert len(again.classes["label"]) == N
    assert not again.kinds
    ids = {"id": [str(7 * year) for year in years], "kind": ["a", "b"] * (N // 2)}
    assert "id" in load(PIXELS, labels=ids, columns=["id=number"]).kinds.numbers  # was ignored
    with pytest.raises(InputError, match="'x', which is not a number"):
        load(PIXELS, labels=table, columns=["site=number"])
    with pytest.raises(InputError, match="NAME=WAY"):
        parse_columns(["age"])
    with pytest.raises(InputError, match="numbre"):
        parse_columns(["age=numbre"])


def test_many_columns_of_0_and_1_are_several_labels_of_one_task(tmp_path):
    heads = ["mass", "nodule", "edema", "hernia"]
    rows = "".join(f"{i},{i % 3},{','.join(map(str, row))}\n" for i, row in enumerate(SEVERAL))
    (tmp_path / "t.csv").write_text(f"row,site,{','.join(heads)}\n{rows}")
    images = load(PIXELS, labels=tmp_path / "t.csv")
    tasks = label_tasks(images)
    assert list(tasks) == ["site", "label"]
    assert tasks["label"].outputs == tuple(heads)
    assert np.array_equal(tasks["label"].values, SEVERAL)
    apart = load(PIXELS, labels=tmp_path / "t.csv", columns=["label=classes"])
    assert list(label_tasks(apart)) == ["site", *heads]
    assert not any("several labels" in note for note in apart.notes)


def test_splits_keep_rare_labels_and_the_range_of_numbers_on_both_sides():
    rare = np.stack([np.arange(N) % 12 == 0, np.arange(N) % 2 == 0], axis=1).astype(int)
    images = load((PIXELS, rare))
    parts = splits(images)
    assert list(parts.test) == ["label"]
    test = parts.test["label"]
    expected = 10 * len(test) / N
    assert abs(rare[test, 0].sum() - expected) <= 1
    numbers = splits(load((PIXELS, AGES)))
    assert np.ptp(AGES[numbers.test["label"]]) > 0.9 * np.ptp(AGES)


def test_imbalance_is_more_than_chance():
    rng = np.random.default_rng(0)
    assert not any(imbalanced(rng.integers(0, 10, 100)) for _ in range(200))
    assert imbalanced(np.repeat([0, 1, 2], [50, 50, 5]))
    assert not imbalanced(np.repeat([0, 1], [29, 10]))
    assert not imbalanced(np.array([1, 1, -1, -1]))
