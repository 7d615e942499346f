"""Classes of several parts are matched by name, whatever their order."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import Images, load

NAMES = np.array(["cat", "dog", "horse"])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))


def pixels(numbers: np.ndarray) -> np.ndarray:
    """Images whose value is the number of their class in NAMES."""
    return np.broadcast_to(numbers.astype(np.uint8)[:, None, None], (len(numbers), 8, 8))


def save(file: Path, kinds: list[str], classes: list[str] | None, *, names: bool = False) -> None:
    numbers = np.array([NAMES.tolist().index(kind) for kind in kinds])
    order = classes or NAMES.tolist()
    labels = np.array(kinds) if names else np.array([order.index(kind) for kind in kinds])
    more = {} if classes is None else {"classes": np.array(classes)}
    np.savez(file, images=pixels(numbers), labels=labels, **more)


def right(images: Images) -> bool:
    found = [images.classes["label"][c] for c in images.labels["label"]]
    wanted = NAMES[np.asarray(images.pixels)[:, 0, 0, 0].astype(int)]
    return found == wanted.tolist()


KINDS = ["cat", "dog", "horse"] * 3
PARTS = {
    "another order": (["horse", "cat", "dog"], ["cat", "dog", "horse"]),
    "a class is missing": (["cat", "dog", "horse"], ["cat", "horse"]),
    "a class is new": (["dog", "cat"], ["horse", "dog"]),
    "one list": (["cat", "dog", "horse"], None),
    "the list is that of the test": (None, ["cat", "dog", "horse"]),
    "no lists": (None, None),
}


@pytest.mark.parametrize("form", PARTS)
@pytest.mark.parametrize("names", [False, True])
@pytest.mark.parametrize("val", [False, True])
def test_every_image_keeps_the_name_of_its_class(
    tmp_path: Path, form: str, names: bool, val: bool
) -> None:
    train, test = PARTS[form]
    (tmp_path / "set").mkdir()
    parts = {"train": (train, train), "test": (test, test)}
    if val:
        parts["val"] = (["dog", "horse"], ["dog", "horse"]) if test else (None, None)
    if val and form in ("one list", "the list is that of the test"):
        parts["val"] = (None, None)
    for part, (kinds, classes) in parts.items():
        save(tmp_path / "set" / f"{part}.npz", (kinds or KINDS) * 2, classes, names=names)
    images = load(tmp_path / "set")
    if form == "no lists" and not names:
        assert images.classes["label"] == ("0", "1", "2")
        values = np.asarray(images.pixels)[:, 0, 0, 0]
        assert images.labels["label"].tolist() == values.tolist()
    else:
        assert right(images)


def test_numbers_and_names_do_not_mix(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    save(tmp_path / "set" / "train.npz", KINDS, None, names=True)
    save(tmp_path / "set" / "test.npz", KINDS, None)
    with pytest.raises(InputError, match=r"test\.npz are numbers and those in .*train\.npz are"):
        load(tmp_path / "set")


def test_numbers_without_a_list_beside_two_lists_are_refused(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    save(tmp_path / "set" / "train.npz", KINDS, ["cat", "dog", "horse"])
    save(tmp_path / "set" / "test.npz", KINDS, ["horse", "dog", "cat"])
    save(tmp_path / "set" / "val.npz", KINDS, None)
    with pytest.raises(InputError, match=r"Label '0' in .*val\.npz is not one of the classes"):
        load(tmp_path / "set")


def test_two_classes_of_one_name_stay_two(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for part in ("train", "test"):  # as the crane of ImageNet, a bird and a machine
        labels = np.arange(6) % 2
        names = np.array(["crane", "crane"])
        np.savez(
            tmp_path / "set" / f"{part}.npz", images=pixels(labels), labels=labels, classes=names
        )
    images = load(tmp_path / "set")
    assert images.labels["label"].tolist() == [0, 1] * 6
    np.savez(
        tmp_path / "set" / "test.npz", images=pixels(labels), labels=labels, classes=["a", "crane"]
    )
    with pytest.raises(InputError, match="one list holds a name twice"):
        load(tmp_path / "set")


def test_missing_labels_of_array_files_are_counted(tmp_path: Path) -> None:
    labels = np.array([0, 1, -1, -1, 0, 1])
    np.savez(tmp_path / "a.npz", images=pixels(abs(labels)), labels=labels)
    assert (
        "Column 'label': 2 cells '-1' mean that there is no label."
        in load(tmp_path / "a.npz").notes
    )


def test_a_test_folder_may_lack_a_class(tmp_path: Path) -> None:
    for part, kinds in (("train", NAMES), ("test", NAMES[[0, 2]])):
        for kind in kinds:
            folder = tmp_path / "set" / part / kind
            folder.mkdir(parents=True)
            for i in range(3):
                value = NAMES.tolist().index(kind)
                Image.fromarray(np.full((8, 8), value, np.uint8)).save(folder / f"{i}.png")
    assert right(load(tmp_path / "set"))
