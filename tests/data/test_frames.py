"""Labels in data frames, columns and mappings find their images by name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import load

COUNT = 12
ORDER = [(5 * i + 3) % COUNT for i in range(COUNT)]
PIXELS = np.stack([np.full((8, 8), i, np.uint8) for i in range(COUNT)])


class Index(list):
    """An index of a data frame."""

    name: str | None = None


class Frame:
    """The parts of a pandas data frame that goodviews uses, so that its tests need no pandas."""

    def __init__(self, columns, index=None, name=None):
        self.data = columns
        self.columns = list(columns)
        count = len(next(iter(columns.values())))
        self.index = Index(range(count) if index is None else index)
        self.index.name = name

    def __getitem__(self, name):
        return self.data[name]


class Column(list):
    """The parts of a pandas series that goodviews uses."""

    def __init__(self, values, index, name=None):
        super().__init__(values)
        self.index, self.name = index, name

    def to_frame(self, name):
        return Frame({name: list(self)}, self.index)


def kind(i: int) -> str:
    return "even" if i % 2 == 0 else "odd"


KINDS = [kind(i) for i in ORDER]
NAMES = [f"{i}.png" for i in ORDER]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "set").mkdir()
    for i, image in enumerate(PIXELS):
        Image.fromarray(image).save(tmp_path / "set" / f"{i}.png")
    return tmp_path / "set"


def right(images) -> bool:
    values = np.asarray(images.pixels)[:, 0, 0, 0].astype(int)
    labels = images.labels["label"]
    known = [images.classes["label"][c] == kind(i) for c, i in zip(labels, values, strict=True)]
    return bool(known) and all(known)


FRAMES = {
    "a column of files": lambda: Frame({"file": NAMES, "label": KINDS}),
    "a shuffled index": lambda: Frame({"file": NAMES, "label": KINDS}, ORDER),
    "an index of files": lambda: Frame({"label": KINDS}, NAMES),
    "a named index of numbers": lambda: Frame({"label": KINDS}, ORDER, "id"),
    "a column of numbers": lambda: Frame({"image_id": ORDER, "label": KINDS}),
    "a series": lambda: Column(KINDS, NAMES),
    "a mapping": lambda: dict(zip(NAMES, KINDS, strict=True)),
}


@pytest.mark.parametrize("form", FRAMES)
def test_rows_in_any_order_label_their_own_images(folder: Path, form: str) -> None:
    images = load(folder, labels=FRAMES[form]())
    assert right(images)
    assert f"names {COUNT} of {COUNT} images" in images.label_note


def test_a_frame_that_does_not_name_files_is_refused(folder: Path) -> None:
    for frame in (Frame({"label": KINDS}), Frame({"label": KINDS}, ORDER)):
        with pytest.raises(InputError, match="Neither the index nor a column"):
            load(folder, labels=frame)
    other = Frame({"file": [f"x{name}" for name in NAMES], "label": KINDS})
    with pytest.raises(InputError, match="12 of 12 rows of the Frame do not name an image"):
        load(folder, labels=other)


def test_rows_of_a_frame_are_in_the_order_of_arrays() -> None:
    kinds = [kind(i) for i in range(COUNT)]
    assert right(load(PIXELS, labels=Frame({"label": kinds})))
    assert right(load((PIXELS, Frame({"label": kinds}))))
    subset = Frame({"label": kinds}, range(100, 100 + COUNT))  # cut from a longer frame
    assert right(load(PIXELS, labels=subset))
    assert right(load(PIXELS, labels=Frame({"label": KINDS}, ORDER, "row")))


def test_an_order_that_could_mean_either_is_refused() -> None:
    with pytest.raises(InputError, match="index of the Frame is not in order"):
        load(PIXELS, labels=Frame({"label": KINDS}, ORDER))
    with pytest.raises(InputError, match="order of array or in that of 'id'"):
        load(PIXELS, labels=Frame({"id": ORDER, "label": KINDS}))


def test_labels_without_names_say_in_which_order_they_are(folder: Path) -> None:
    images = load(folder, labels=[kind(i) for i in range(COUNT)])
    assert images.label_note.startswith("Labels are in the order of the file names: 0.png, 1.png")
    assert any("not in the order of their numbers" in note for note in images.notes)


def test_pandas_itself_is_understood(folder: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is optional")
    frame = pandas.DataFrame({"file": NAMES, "label": KINDS})
    shuffled = frame.sample(frac=1, random_state=0)
    for labels in (frame, shuffled, frame.set_index("file"), frame.set_index("file")["label"]):
        assert right(load(folder, labels=labels))


def test_fewer_rows_than_images_are_theirs_only_if_the_index_is_named() -> None:
    places = [i for i in range(COUNT) if i % 3]
    kinds = [kind(i) for i in places]
    with pytest.raises(InputError, match=r"8 rows for 12 images of array: give .*'row'"):
        load(PIXELS, labels=Frame({"label": kinds}, places))
    images = load(PIXELS, labels=Frame({"label": kinds}, places, "row"))
    names = [images.classes["label"][c] if c >= 0 else "" for c in images.labels["label"]]
    assert names == [kind(i) if i % 3 else "" for i in range(COUNT)]
