"""Datasets of Hugging Face's ``datasets``: one column of images, the others labels."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.extras import need
from goodviews.data.folders import TEST, TRAIN
from goodviews.data.held import Held

LABELS = ("int", "uint", "bool", "string", "large_string", "float", "double")
"""Beginnings of the types of columns that can be labels, besides class labels."""


def held_dataset(data: Any) -> Held:
    """Find images and labels in a ``datasets.Dataset``, or in the parts of a ``DatasetDict``.

    Args:
        data: The dataset.

    Returns:
        Its content; every class label and every column of numbers or texts is a task, and so is
        a sequence of class labels, of which an image can have several.

    Raises:
        InputError: The dataset is streamed, or does not have exactly one column of images.
    """
    datasets = need("datasets", "hf")
    if isinstance(data, Mapping):
        return _parts(datasets, dict(data))
    if not hasattr(data, "__len__"):
        raise InputError(
            f"An {type(data).__name__} does not give its images by number; load the dataset with "
            "streaming=False, or pass datasets.Dataset.from_list(list(data.take(1000)))."
        )
    arrays = (datasets.Array2D, datasets.Array3D)
    kinds = data.features
    images = [name for name, kind in kinds.items() if isinstance(kind, (datasets.Image, *arrays))]
    if len(images) != 1:
        raise InputError(
            f"Expected one column of images, but the dataset has {len(images)} "
            f"({', '.join(images or kinds)}); mark it with dataset.cast_column(NAME, "
            "datasets.Image()), or remove the others with dataset.remove_columns(NAMES)."
        )
    image = images[0]
    if isinstance(kinds[image], datasets.Image):
        data = data.cast_column(image, datasets.Image())  # decoded, whatever was asked for
    data = data.with_format(None)
    labels, classes = {}, {}
    for name, kind in kinds.items():
        if isinstance(kind, datasets.ClassLabel):
            labels[name], classes[name] = list(data[name]), kind.names
        elif isinstance(several := getattr(kind, "feature", None), datasets.ClassLabel):
            labels[name] = [
                None if some is None else "|".join(several.names[k] for k in some) or "|"
                for some in data[name]
            ]
        elif isinstance(kind, datasets.Value) and kind.dtype.startswith(LABELS):
            labels[name] = list(data[name])
    name = str(data.info.dataset_name or "dataset").split("/")[-1]
    dtype = getattr(kinds[image], "dtype", None) if isinstance(kinds[image], arrays) else None
    shown = _Column(data.select_columns([image]), image, dtype)
    return Held(shown, name, "the dataset", labels, classes)


class _Column:
    """Pictures of one column, by number."""

    def __init__(self, data: Any, name: str, dtype: str | None) -> None:
        self.data, self.name, self.dtype = data, name, dtype

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> Any:
        picture = self.data[index][self.name]
        return picture if self.dtype is None else np.asarray(picture, dtype=self.dtype)


def _parts(datasets: Any, data: dict[str, Any]) -> Held:
    train, test = (next((n for n in data if n.lower() in names), None) for names in (TRAIN, TEST))
    if len(data) == 1:
        return held_dataset(next(iter(data.values())))
    if train is None or test is None:
        raise InputError(
            f"The dataset has the parts {', '.join(data)}; choose one, such as "
            f"dataset[{next(iter(data), 'train')!r}]."
        )
    both = [data[train], data[test]]
    part = np.repeat(np.array([0, 1], dtype=np.int8), [len(one) for one in both])
    whole = held_dataset(datasets.concatenate_datasets(both))
    return Held(whole.images, whole.name, whole.what, whole.labels, whole.classes, part)
