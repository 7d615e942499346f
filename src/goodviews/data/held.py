"""Content of an object of another library, before its images are read."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


class Indexed(Protocol):
    """A list, or a map-style dataset."""

    def __len__(self) -> int:
        """N."""
        ...

    def __getitem__(self, index: Any, /) -> Any:
        """One picture, or a picture and its label."""
        ...


@dataclass(frozen=True)
class Held:
    """Content of an object.

    Attributes:
        images: (N, H, W[, C]) numbers, or N pictures or pairs of a picture and its label.
        name: Name of the dataset in records.
        what: Name of the object in messages.
        labels: (N,) labels, or a mapping of tasks to labels.
        classes: Names of the classes, in the order of their numbers, or a mapping of tasks to
            such names.
        part: (N,) int8; 1 for test images.
    """

    images: np.ndarray | Indexed
    name: str
    what: str
    labels: Any = None
    classes: Any = None
    part: np.ndarray | None = None
