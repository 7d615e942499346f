"""Groups of images: where they come from, and that no part, fold or draw divides one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.data import Images, draw_labels, load, splits
from goodviews.data.folds import cut_groups, folds
from goodviews.data.group_checks import like_groups
from goodviews.data.splits import training_images

PATIENTS = np.repeat(np.arange(60), 5)


def coins(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Five nearly equal images of each patient, and a coin's label for each patient."""
    rng = np.random.default_rng(seed)
    faces = rng.integers(20, 236, (60, 8, 8))[PATIENTS]
    images = faces + rng.integers(-6, 7, faces.shape)
    return images.astype(np.uint8), rng.integers(0, 2, 60)[PATIENTS]


@pytest.mark.parametrize("labelled", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("test", [False, True])
def test_no_group_is_on_two_sides_of_a_split(labelled: float, test: bool) -> None:
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 300, 3000)
    column = np.where(
        np.isin(groups, np.arange(int(300 * labelled))), rng.integers(0, 3, 3000), -1
    )
    part = (np.isin(groups, np.arange(0, 60)) & (rng.random(3000) < 0.7)).astype(np.int8)
    data = {"images": np.zeros((3000, 4, 4), np.uint8)} | ({"labels": column} if labelled else {})
    images = load(data, groups=groups)
    images = replace(images, part=part) if test else images
    parts = splits(images)
    assert not np.intersect1d(groups[parts.pretrain], groups[parts.held_out]).size
    assert len(parts.pretrain) >= 900
    for task in images.labels:
        pool, choose, tested = parts.pool[task], parts.choose[task], parts.test[task]
        assert not np.intersect1d(groups[pool], groups[choose]).size
        assert not np.intersect1d(groups[tested], groups[choose]).size
        assert parts.cross_fitted(task) or not np.intersect1d(groups[pool], groups[tested]).size
        assert len(tested) >= 100
    if test:
        assert not np.intersect1d(groups[training_images(images)], groups[part == 1]).size


def test_folds_keep_groups_and_classes() -> None:
    column = np.random.default_rng(0).integers(0, 2, 60)[PATIENTS]
    made = folds(np.arange(300), column, 5, seed=0, groups=PATIENTS)
    assert sorted(np.concatenate([inside for _, inside in made]).tolist()) == list(range(300))
    for outside, inside in made:
        assert not np.intersect1d(PATIENTS[outside], PATIENTS[inside]).size
        assert abs(column[inside].mean() - column.mean()) < 0.1
    assert folds(np.arange(4), column, 2, seed=0, groups=np.zeros(300, int)) == []


def test_a_cut_of_many_groups_has_about_the_wanted_size() -> None:
    groups = np.random.default_rng(0).integers(0, 30_000, 60_000)
    rest, part = cut_groups(np.arange(60_000), groups % 7, 1000, 0, groups)
    assert 700 < len(part) < 1300
    assert len(rest) + len(part) == 60_000
    assert not np.intersect1d(groups[rest], groups[part]).size


def test_few_labels_are_drawn_from_as_many_groups_as_possible() -> None:
    column = (PATIENTS % 2).astype(int)
    (draw,) = draw_labels(column, np.arange(300), per_class=10, draws=1, groups=PATIENTS)
    assert len(np.unique(PATIENTS[draw])) == 20


def test_a_class_of_one_group_is_not_tested_and_few_groups_are_refused() -> None:
    images, column = coins()
    only = np.where(PATIENTS == 7, 2, column)
    parts = splits(load((images, only), groups=PATIENTS))
    used = np.concatenate([parts.test["label"], parts.pool["label"], parts.choose["label"]])
    assert 7 not in PATIENTS[used]
    with pytest.raises(InputError, match="images of two groups or more"):
        splits(load((images, PATIENTS // 10), groups=PATIENTS // 10))
    with pytest.raises(InputError, match="At least 4 groups"):
        splits(load((images, column), groups=PATIENTS // 20))


def test_a_column_gives_the_groups_and_is_no_task(tmp_path: Path) -> None:
    images, column = coins()
    np.save(tmp_path / "x.npy", images)
    lines = [f"{i},{column[i]},P{PATIENTS[i]}" for i in range(300)]
    (tmp_path / "meta.csv").write_text("\n".join(["path,kind,patient", *lines]))
    found = load(tmp_path / "x.npy", labels=tmp_path / "meta.csv", groups="patient")
    assert list(found.labels) == ["kind"]
    again = Images.open(found.cache)  # as workers open it
    assert found.groups is not None
    assert np.array_equal(found.groups, again.groups)
    same = found.groups[:, None] == found.groups
    assert np.array_equal(same, PATIENTS[:, None] == PATIENTS)
    assert "60 groups of 5 images" in " ".join(found.notes)
    with pytest.raises(InputError, match="'patient'"):
        load(tmp_path / "x.npy", labels=tmp_path / "meta.csv", groups="pateint")


def test_groups_of_an_array_file_and_of_memory_are_the_same(tmp_path: Path) -> None:
    images, column = coins()
    np.savez(tmp_path / "g.npz", images=images, labels=column, patient=PATIENTS)
    named = load(tmp_path / "g.npz", groups="patient")
    given = load((images, column), groups=PATIENTS)
    tasks = load(images, labels={"kind": column, "patient": PATIENTS}, groups="patient")
    assert splits(named).hash == splits(given).hash
    assert list(tasks.labels) == ["kind"]
    assert np.array_equal(tasks.groups, given.groups)
    assert named.hash == load(tmp_path / "g.npz").hash


@pytest.mark.parametrize("prefix", ["", "train_"])
def test_an_array_that_looks_like_groups_is_named(prefix: str, tmp_path: Path) -> None:
    images, column = coins()
    arrays = {"images": images, "labels": column, "patient": PATIENTS}
    np.savez(tmp_path / "g.npz", **{f"{prefix}{name}": one for name, one in arrays.items()})
    found = load(tmp_path / "g.npz")
    assert like_groups(found) == ["patient"]
    assert "Array 'patient' is neither images nor labels." in found.notes


def test_an_image_without_a_group_is_a_group_by_itself() -> None:
    images, column = coins()
    names = np.array([f"P{one}" for one in PATIENTS], dtype=object)
    names[:10] = ""
    found = load((images, column), groups=names)
    assert found.groups is not None
    assert len(np.unique(found.groups)) == 58 + 10


def test_groups_of_array_files_are_found_in_their_parts(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 255, (60, 8, 8), dtype=np.uint8), np.arange(60) % 2
    patient = np.arange(60) // 3
    cut = {"train": slice(0, 36), "val": slice(36, 45), "test": slice(45, 60)}
    parts = {
        f"{part}_{name}": values[rows]
        for part, rows in cut.items()
        for name, values in (("images", pixels), ("labels", labels), ("patient", patient))
    }
    np.savez(tmp_path / "one.npz", **parts)
    (tmp_path / "set").mkdir()
    for part, rows in cut.items():
        own = {"images": pixels[rows], "labels": labels[rows], "patient": patient[rows]}
        np.savez(tmp_path / "set" / f"{part}.npz", **own)
    for data in (tmp_path / "one.npz", tmp_path / "set"):
        images = load(data, groups="patient")
        assert np.array_equal(images.groups, patient)
        assert list(images.labels) == ["label"]
    volumes = rng.integers(0, 255, (10, 6, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "v.npz", images=volumes, labels=np.arange(10) % 2, site=np.arange(10) // 5)
    slices = load(tmp_path / "v.npz", channels="slices", groups="site")
    assert np.array_equal(slices.groups, np.repeat(np.arange(10) // 5, 6))
