"""What people have in their hands loads as a file of the same content would."""

import base64
import importlib.util
import io
import re

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.utils import Bunch
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset

from goodviews.core.errors import InputError
from goodviews.data import load

NAMES = ["cat", "dog"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GOODVIEWS_DATA", raising=False)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


PHOTOS = noise(12, 20, 24, 3)
LABELS = [i % 2 for i in range(12)]


class Photos(torch.utils.data.Dataset):
    """A map-style dataset; ``give`` makes an item of a number."""

    classes = NAMES

    def __init__(self, give):
        self.give = give

    def __len__(self):
        return len(PHOTOS)

    def __getitem__(self, i):
        return self.give(i)


def picture(i):
    return Image.fromarray(PHOTOS[i])


def to_tensor(i):
    return torch.from_numpy(PHOTOS[i]).permute(2, 0, 1)


FORMS = {
    "array": lambda: PHOTOS,
    "another byte order": lambda: PHOTOS.astype(">u2"),
    "channels first": lambda: PHOTOS.transpose(0, 3, 1, 2),
    "tensor": lambda: torch.from_numpy(PHOTOS).permute(0, 3, 1, 2),
    "tensor with a gradient": lambda: (
        torch.from_numpy(PHOTOS).permute(0, 3, 1, 2).float().requires_grad_()
    ),
    "array and labels": lambda: (PHOTOS, LABELS),
    "tensor and labels": lambda: (torch.from_numpy(PHOTOS), torch.tensor(LABELS)),
    "pictures": lambda: [picture(i) for i in range(12)],
    "pictures and labels": lambda: ([picture(i) for i in range(12)], np.array(LABELS)),
    "pairs": lambda: [(picture(i), LABELS[i]) for i in range(12)],
    "list of arrays": lambda: list(PHOTOS),
    "list of tensors": lambda: [to_tensor(i) for i in range(12)],
    "mapping": lambda: {"images": PHOTOS, "labels": LABELS},
    "bunch": lambda: Bunch(images=PHOTOS, target=np.array(LABELS), target_names=np.array(NAMES)),
    "dataset": lambda: Photos(lambda i: (picture(i), LABELS[i])),
    "dataset of pictures alone": lambda: Photos(picture),
    "dataset of tensors": lambda: Photos(lambda i: (to_tensor(i), torch.tensor(LABELS[i]))),
    "subset": lambda: Subset(Photos(lambda i: (picture(i), LABELS[i])), range(12)),
    "tensor dataset": lambda: TensorDataset(
        torch.from_numpy(PHOTOS).permute(0, 3, 1, 2), torch.tensor(LABELS)
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_same_images_has_the_same_pixels_and_hash(form):
    images = load(FORMS[form](), size=24)
    small = load(PHOTOS, size=24)
    assert images.pixels.shape == (12, 3, 24, 24)
    if "gradient" not in form:  # floats
        assert images.pixels.dtype == np.uint8 or "order" in form
    if images.pixels.dtype == np.uint8:
        assert np.array_equal(images.pixels, small.pixels)
        assert images.hash == (load((PHOTOS, LABELS), size=24) if images.labels else small).hash
    else:
        assert np.abs(images.pixels - small.pixels.astype(np.float32)).max() <= 1
    labelled = [word in form for word in ("labels", "pairs", "mapping", "bunch", "set")]
    assert list(images.labels) == (["label"] if any(labelled) and "alone" not in form else [])
    if images.labels:
        assert images.labels["label"].tolist() == LABELS
        named = form in ("bunch", "dataset", "dataset of tensors", "subset")
        assert images.classes["label"] == (tuple(NAMES) if named else ("0", "1"))


def test_images_in_memory_are_those_of_the_same_file_or_folder(tmp_path):
    square = PHOTOS[:, :, :20]
    np.savez(tmp_path / "a.npz", images=square, labels=LABELS)
    images, filed = load((square, LABELS)), load(tmp_path / "a.npz")
    assert np.array_equal(images.pixels, square.transpose(0, 3, 1, 2))
    assert (images.hash, images.scale) == (filed.hash, filed.scale)
    assert images.cache is None
    for i in range(12):
        file = tmp_path / "pets" / NAMES[LABELS[i]] / f"{i:02}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(18 + i, 30, 3, seed=i)).save(file)
    folder = load(tmp_path / "pets")
    held = load(torchvision.datasets.ImageFolder(tmp_path / "pets"))
    assert folder.pixels.shape == (12, 3, 32, 32)
    assert np.array_equal(held.pixels, folder.pixels)
    assert (held.hash, held.classes, held.name) == (folder.hash, folder.classes, "ImageFolder")
    assert held.source == folder.source.replace("PNG", "Pillow")


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64", "bool"])
def test_values_of_every_type_are_handled_as_those_of_files(dtype, tmp_path):
    values = (noise(9, 8, 8).astype(np.float64) / 3).astype(dtype)
    np.save(tmp_path / "a.npy", values)
    images, filed = load(values), load(tmp_path / "a.npy")
    assert np.array_equal(images.pixels, filed.pixels)
    assert images.pixels.dtype == filed.pixels.dtype
    assert (images.scale, images.range_note, images.hash) == (
        filed.scale,
        filed.range_note,
        filed.hash,
    )


def test_pictures_of_every_mode_load_together():
    grey = Image.fromarray(noise(12, 12))
    clear = Image.new("RGBA", (12, 12))
    images = load([grey, clear, Image.fromarray(noise(12, 12, 3))])
    assert images.pixels.shape == (3, 3, 12, 12)
    assert (images.pixels[1] == 255).all(), "transparency is laid on white"
    assert "1 grey images were converted to colour" in images.source
    deep = load([Image.fromarray(np.full((8, 8), 300, np.uint16))] * 3)
    assert deep.pixels.dtype == np.uint16
    assert (deep.pixels == 300).all()


def test_scikit_learns_digits_load_with_and_without_their_images():
    bunch = load_digits()
    images = load(bunch)
    assert np.array_equal(images.pixels[:, 0], bunch.images.astype(np.float32))
    assert images.labels["label"].tolist() == bunch.target.tolist()
    assert images.classes["label"] == tuple("0123456789")
    assert images.scale == (0.0, 16.0)
    flat = load(Bunch(data=bunch.data, target=bunch.target.astype(str), target_names=["class"]))
    assert (flat.hash, flat.classes) == (images.hash, images.classes)


@pytest.mark.parametrize(
    ("labels", "numbers", "classes"),
    [
        ([3, -1, 7, 3], [0, -1, 1, 0], ("3", "7")),
        ([3, None, 7, 3], [0, -1, 1, 0], ("3", "7")),
        ([3.0, float("nan"), 7.0, 3.0], [0, -1, 1, 0], ("3", "7")),
        (np.array([3, None, 7, float("nan")], object), [0, -1, 1, -1], ("3", "7")),
        (["b", "", None, "a"], [1, -1, -1, 0], ("a", "b")),
        (torch.tensor([[1], [0], [1], [1]]), [1, 0, 1, 1], ("0", "1")),
        ([True, False, True, True], [1, 0, 1, 1], ("0", "1")),
    ],
)
def test_labels_may_be_numbers_or_names_and_some_may_be_missing(labels, numbers, classes):
    for images in (load((noise(4, 8, 8), labels)), load(noise(4, 8, 8), labels=labels)):
        assert images.labels["label"].tolist() == numbers
        assert images.classes["label"] == classes


def test_several_labels_are_several_tasks_and_a_table_labels_objects(tmp_path):
    pixels = noise(30, 8, 8)
    table = {"kind": ["a", "b"] * 15, "site": [0, 1, 2] * 10, "id": list(range(30))}
    images = load((pixels, table))
    assert images.classes == {"kind": ("a", "b"), "site": ("0", "1", "2")}
    assert "'id' has 30 different values" in images.notes[0]
    rows = "\n".join(f"{i},{i % 2}" for i in range(30))
    (tmp_path / "labels.csv").write_text(f"row,kind\n{rows}\n")
    again = load(pixels, labels=tmp_path / "labels.csv")
    assert np.array_equal(again.labels["kind"], images.labels["kind"])
    assert again.hash == load((pixels, {"kind": [i % 2 for i in range(30)]})).hash


def test_the_hash_is_of_the_content_alone():
    pixels = noise(9, 8, 8)
    assert load(pixels).hash == load(pixels.copy(), name="other").hash
    assert load(pixels, name="other").name == "other"
    assert load(pixels).hash != load(255 - pixels).hash
    assert load((pixels, [0] * 9)).hash != load((pixels, [0] * 8 + [1])).hash


def test_images_that_are_loaded_stay_as_they_are():
    images = load(noise(9, 8, 8))
    assert load(images) is images
    assert load(images, size=8) is images
    with pytest.raises(
        InputError, match="already loaded with 8x8 pixels; load it again with size=16"
    ):
        load(images, size=16)


@pytest.mark.parametrize("form", ["array", "tensors", "file"])
def test_which_axis_is_the_channels_is_asked_for_where_the_shape_does_not_say(form, tmp_path):
    pixels = noise(9, 5, 8, 4)
    data = {"array": pixels, "tensors": [torch.from_numpy(one) for one in pixels]}
    np.save(tmp_path / "file.npy", pixels)
    given = data.get(form, tmp_path / "file.npy")
    if form != "file":
        with pytest.raises(
            InputError, match=r"give --channels first or --channels last .*channels='last'"
        ):
            load(given)
    assert load(given, channels="first").pixels.shape == (9, 5, 8, 4)
    assert load(given, channels="last").pixels.shape == (9, 4, 5, 8)
    with pytest.raises(InputError, match="but got 'middle'"):
        load(pixels, channels="middle")


@pytest.mark.parametrize(
    ("shape", "loaded"),
    [((9, 16, 16, 3), (3, 16, 16)), ((9, 3, 16, 16), (3, 16, 16)), ((9, 6, 30, 20), (6, 30, 20))],
)
def test_a_square_or_long_image_leaves_no_doubt(shape, loaded):
    assert load(noise(*shape)).pixels.shape[1:] == loaded


class Endless(IterableDataset):
    def __iter__(self):
        return iter(())


BAD = {
    "one image": (lambda: noise(28, 28, 3), r"that of one image; .* images\[None\]"),
    "a table": (lambda: noise(28, 64), r"Expected images \(N, H, W\)"),
    "names in an array": (lambda: np.array([["a", "b"]]), "Expected numbers in the array"),
    "too few labels": (lambda: (noise(9, 8, 8), [0] * 8), r"shape \(9,\), .* got \(8,\)"),
    "half labels": (lambda: (noise(9, 8, 8), [0.5] * 9), "whole numbers"),
    "NaN": (lambda: np.full((9, 8, 8), np.nan), "Image 0 has NaN"),
    "paths": (
        lambda: ["a.png", "b.png"],
        "Cannot read image 0 of the list: it is a str, not a picture",
    ),
    "nothing": (lambda: [], "The list is empty"),
    "a number": (lambda: 7, "A int does not give its images by number: goodviews.load takes"),
    "a loader": (lambda: DataLoader(Photos(picture)), r"pass its \.dataset"),
    "a stream": (Endless, "A Endless does not give its images by number"),
    "triples": (lambda: [(picture(0), 1, 2)] * 3, "it has 3 parts"),
    "boxes": (lambda: [(picture(0), torch.full((4,), 5.0))] * 3, r"have the shape \(3, 4\)"),
    "other keys": (lambda: {"pixels": noise(9, 8, 8)}, "The dict holds pixels, but images"),
    "no square": (lambda: Bunch(data=noise(9, 30)), "30 values a row, which are not the pixels"),
    "mixed channels": (lambda: [noise(8, 8, 5), noise(8, 8, 3)], "need the same number"),
    "a broken item": (lambda: Photos(lambda i: 1 / 0), "image 0 of the Photos: division by zero"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_object_without_images_gets_one_sentence(case):
    make, words = BAD[case]
    with pytest.raises(InputError, match=words) as told:
        load(make())
    assert "\n" not in str(told.value)


needs_datasets = pytest.mark.skipif(
    importlib.util.find_spec("datasets") is None,
    reason="Hugging Face's datasets is not installed: pip install 'goodviews[hf]' brings it",
)


def hugging(count=30):
    import datasets

    features = {"img": datasets.Image(), "kind": datasets.ClassLabel(names=NAMES)}
    rows = {
        "img": [Image.fromarray(one) for one in noise(count, 16, 16, 3)],
        "kind": [i % 2 if i else None for i in range(count)],
        "site": [f"site {i % 3}" for i in range(count)],
        "row": list(range(count)),
        "score": [0.5 * i for i in range(count)],
    }
    kinds = {"site": datasets.Value("string"), "row": datasets.Value("int64")}
    kinds["score"] = datasets.Value("float32")
    whole = datasets.Features(features | kinds)
    return datasets.Dataset.from_dict(rows, features=whole)


@needs_datasets
def test_a_hugging_face_dataset_has_a_task_for_every_column_of_labels():
    images = load(hugging())
    assert np.array_equal(images.pixels, noise(30, 16, 16, 3).transpose(0, 3, 1, 2))
    assert images.labels["kind"].tolist() == [-1] + [i % 2 for i in range(1, 30)]
    assert images.classes == {"kind": tuple(NAMES), "site": ("site 0", "site 1", "site 2")}
    assert "'row' has 30 different values" in images.notes[0]
    torch_form = hugging().with_format("torch")
    assert load(torch_form).hash == images.hash


@needs_datasets
def test_the_parts_of_a_hugging_face_dataset_are_train_and_test():
    import datasets

    parts = datasets.DatasetDict(train=hugging(20), test=hugging(10))
    images = load(parts)
    assert images.part.tolist() == [0] * 20 + [1] * 10
    assert len(load(parts, split="test")) == 10
    other = datasets.DatasetDict(easy=hugging(20), hard=hugging(10))
    with pytest.raises(InputError, match=r"the parts easy, hard; choose one, .*\['easy'\]"):
        load(other)


@needs_datasets
def test_a_hugging_face_dataset_of_arrays_loads_and_other_columns_are_refused():
    import datasets

    pixels = noise(9, 8, 8)
    kind = datasets.Features({"x": datasets.Array2D((8, 8), "uint8")})
    arrays = datasets.Dataset.from_dict({"x": list(pixels)}, features=kind)
    assert load(arrays).hash == load(pixels).hash
    with pytest.raises(
        InputError, match=r"Expected one column of images, but the dataset has 0 \(a\)"
    ):
        load(datasets.Dataset.from_dict({"a": [1, 2]}))
    with pytest.raises(InputError, match="streaming=False"):
        load(hugging().to_iterable_dataset())


def test_images_show_themselves_in_a_notebook():
    images = load((noise(40, 8, 8, 5), {"<b>kind": ["a", "<i>"] * 20}))
    assert repr(images) == (
        "<Images 'array': 40 of 5 x 8 x 8, uint8; <b>kind: 2 classes, 40 labelled; "
        f"hash {images.hash}>"
    )
    text = images._repr_html_()
    assert "40 images of 5 x 8 x 8" in text
    assert "&lt;b&gt;kind: 2 classes, 40 labelled" in text
    code = re.search(r'src="data:image/png;base64,([^"]*)"', text).group(1)
    with Image.open(io.BytesIO(base64.b64decode(code))) as sheet:
        assert sheet.size == (12 * (7 * 8 + 2), 2 * (7 * 8 + 2))
    assert "<img" not in load("vectors")._repr_html_()  # images of one pixel
    assert "<img" in load(noise(1, 8, 8))._repr_html_()
