from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.data.stacks import group_numbers


def stack(path: Path, pages: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    first, *rest = [Image.fromarray(page) for page in pages]
    first.save(path, save_all=True, append_images=rest)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("shape", "channels", "expected"),
    [
        ((3, 5, 8, 8), None, (3, 5, 8, 8)),  # few grey pages: channels
        ((3, 5, 8, 8), "slices", (15, 1, 8, 8)),
        ((3, 20, 8, 8), None, (60, 1, 8, 8)),  # many grey pages: slices
        ((3, 20, 8, 8), "pages", (3, 20, 8, 8)),
        ((3, 4, 8, 8, 3), None, (12, 3, 8, 8)),  # pages in colour: slices
        ((3, 4, 8, 8, 3), "pages", (3, 12, 8, 8)),
    ],
)
def test_pages_are_channels_or_slices(tmp_path, shape, channels, expected) -> None:
    pages = noise(*shape)
    for i, one in enumerate(pages):
        stack(tmp_path / "s" / f"{i}.tif", one)
    found = load(tmp_path / "s", channels=channels)
    plain = pages[..., None] if len(shape) == 4 else pages
    assert np.array_equal(found.pixels, plain.transpose(0, 1, 4, 2, 3).reshape(expected))
    if expected[0] > 3:
        assert found.groups is not None
        assert found.groups.tolist() == np.repeat([0, 1, 2], shape[1]).tolist()
    else:
        assert found.groups is None


def test_labels_of_a_file_are_those_of_its_slices(tmp_path) -> None:
    for i in range(4):
        stack(tmp_path / "s" / f"{i}.tif", noise(20, 8, 8))
    (tmp_path / "l.csv").write_text(
        "file,kind\n" + "".join(f"{i}.tif,{i % 2}\n" for i in range(4))
    )
    found = load(tmp_path / "s", labels=tmp_path / "l.csv")
    assert found.labels["kind"].tolist() == np.repeat([0, 1, 0, 1], 20).tolist()
    assert (
        load(tmp_path / "s", labels={f"{i}.tif": i % 2 for i in range(4)}).labels["label"].tolist()
        == np.repeat([0, 1, 0, 1], 20).tolist()
    )


def test_a_table_may_name_single_slices(tmp_path) -> None:
    for i in range(2):
        stack(tmp_path / "s" / f"{i}.tif", noise(20, 8, 8))
    rows = [f"{i}.tif#{k},{k % 2}" for i in range(2) for k in range(0, 20, 2 + i)]
    (tmp_path / "l.csv").write_text("\n".join(["file,kind", *rows]))
    labels = load(tmp_path / "s", labels=tmp_path / "l.csv").labels["kind"]
    assert (labels >= 0).sum() == len(rows)
    assert labels[[0, 20, 23]].tolist() == [0, 0, 1]


def test_volumes_are_read_as_slices(tmp_path) -> None:
    (tmp_path / "s").mkdir()
    volumes = noise(3, 24, 24, 24)
    for i, volume in enumerate(volumes):
        np.save(tmp_path / "s" / f"{i}.npy", volume)
    with pytest.raises(InputError, match="channels"):
        load(tmp_path / "s")
    found = load(tmp_path / "s", channels="slices")
    assert np.array_equal(found.pixels, volumes.reshape(72, 1, 24, 24))
    assert found.groups is not None
    assert found.groups.tolist() == np.repeat([0, 1, 2], 24).tolist()


def test_volumes_of_an_array_file_are_read_as_slices(tmp_path) -> None:
    volumes, labels = noise(6, 24, 24, 24), np.arange(6) % 2
    np.savez(tmp_path / "v.npz", train_images=volumes, train_labels=labels[:, None],
             test_images=volumes[:2], test_labels=labels[:2, None])  # fmt: skip
    found = load(tmp_path / "v.npz", channels="slices")
    assert np.array_equal(found.pixels[:144], volumes.reshape(144, 1, 24, 24))
    assert found.labels["label"].tolist() == np.repeat([*labels, *labels[:2]], 24).tolist()
    assert found.groups is not None
    assert found.groups.tolist() == np.repeat(np.arange(8), 24).tolist()
    assert found.part.tolist() == np.repeat([0] * 6 + [1] * 2, 24).tolist()


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([("ann", "s", "1", "a"), ("ann", "s", "2", "b"), ("bob", "s", "3", "c")], [0, 0, 1]),
        ([("x", "s", "1", "a"), ("x", "s", "1", "b"), ("x", "s", "2", "c")], [0, 0, 1]),
        ([("", "s", "1", "a"), ("", "t", "1", "b"), ("", "t", "2", "c")], [0, 1, 1]),
        ([("a", "", "", "a"), ("b", "", "", "b"), ("c", "", "", "c")], None),
        ([("x", "s", "1", "a")] * 3, None),
        ([(), ("b",), ("b",)], [1, 0, 0]),
        ([(), (), ()], None),
    ],
)
def test_the_widest_level_that_splits_the_images_is_the_group(groups, expected) -> None:
    numbers, note = group_numbers(groups, ["one", "two", "three"])
    assert (None if numbers is None else numbers.tolist()) == expected
    assert ("one for each" in note) == (expected is not None)
