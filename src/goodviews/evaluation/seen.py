"""Was the encoder trained on the images it is tested on? Their pixels show it.

A run stores a fingerprint of every image it was trained on; a tested image with the same
pixels is one of them, whatever its name and place.

Letters: N images, n of them tested.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.files import DAMAGED, reading, writing
from goodviews.data import Images

SEEN = "seen.npy"
"""File of the fingerprints, beside the encoder of a run."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What an encoder was trained on.

    Attributes:
        data: Name of the set.
        prints: (N,) its :func:`fingerprints`; ``None`` where none were kept.
        shape: (C, H, W) of its images: those of another size cannot be compared.
        labelled: Whether it learned from labels.
    """

    data: str
    prints: np.ndarray | None
    shape: tuple[int, ...]
    labelled: bool = False


def fingerprints(images: Images, index: np.ndarray) -> np.ndarray:
    """One number per image, the same wherever the pixels are: (n,) uint64.

    Args:
        images: The data.
        index: (n,) which images.

    Example:
        >>> from goodviews.data import load
        >>> one, two = fingerprints(load("digits"), np.array([5, 6]))
        >>> one == fingerprints(load("digits"), np.array([5]))[0], one == two
        (np.True_, np.False_)
    """
    found = np.empty(len(index), dtype=np.uint64)
    for place, row in enumerate(index):
        pixels = np.ascontiguousarray(images.pixels[row])
        digest = hashlib.blake2b(pixels.tobytes(), digest_size=8).digest()
        found[place] = int.from_bytes(digest, "little")
    return found


def share_seen(seen: Seen | None, images: Images, tested: np.ndarray) -> float | None:
    """Share of tested images that are, pixel for pixel, among those an encoder was trained on.

    Args:
        seen: What it was trained on; ``None`` where that is not known.
        images: The data.
        tested: (n,) which images are tested.

    Returns:
        ``None`` where it cannot be known.
    """
    shape = (images.channels, images.height, images.width)
    if seen is None or seen.prints is None or tuple(seen.shape) != shape:
        return None
    return float(np.isin(fingerprints(images, tested), seen.prints).mean())


def seen_sentence(
    name: str, seen: Seen | None, images: Images, share: float | None, tested: int
) -> str:
    """Report the share in one sentence.

    Args:
        name: Name of the encoder.
        seen: What it was trained on; ``None`` where that is not known.
        images: The data.
        share: Result of :func:`share_seen`.
        tested: n, number of tested images.

    Example:
        >>> from goodviews.data import load
        >>> print(seen_sentence("timm:resnet18", None, load("digits"), None, 797))
        Nothing says which images timm:resnet18 was trained on: tested ones may be among them.
    """
    if seen is None:
        return f"Nothing says which images {name} was trained on: tested ones may be among them."
    if share is None:
        why = (
            f"it kept no fingerprints of {seen.data}"
            if seen.prints is None
            else f"it was trained at {_shape(seen.shape)} pixels, and these have "
            f"{_shape((images.channels, images.height, images.width))}"
        )
        return f"Whether {name} was trained on tested images cannot be known: {why}."
    count = round(share * tested)
    if not count:
        return f"None of the {tested:,} tested images is among those {name} was trained on."
    if seen.labelled:
        return (
            f"{name} was trained on {count:,} of the {tested:,} tested images with their labels: "
            f"its accuracies do not hold for new images. Pretrain with --hold-out."
        )
    return (
        f"{name} was trained on {count:,} of the {tested:,} tested images, without their labels: "
        f"on new images it may do worse. Pretrain with --hold-out to know."
    )


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def write_seen(folder: Path, images: Images, index: np.ndarray) -> None:
    """Store the fingerprints of the images that a run trains on.

    Args:
        folder: Folder of the run.
        images: The data.
        index: (N,) which of them.

    Raises:
        InputError: It cannot be written.
    """
    with writing(folder / SEEN) as file:
        np.save(file, np.unique(fingerprints(images, index)))


def read_seen(path: Path, about: dict[str, Any]) -> Seen | None:
    """What a run was trained on.

    Args:
        path: Its folder, or the encoder in it.
        about: The passport of its encoder.

    Returns:
        ``None`` where the passport does not say.
    """
    if "data" not in about:
        return None
    prints = None
    with suppress(*DAMAGED):
        prints = np.load((path if path.is_dir() else path.parent) / SEEN, allow_pickle=False)
    with reading(path, wrote="goodviews pretrain"):
        objective = str(about.get("settings", {}).get("objective", ""))
        shape = (int(about["channels"]), *map(int, about["size"]))
        labelled = objective.startswith(("supcon", "cross_entropy"))
        return Seen(str(about["data"]["name"]), prints, shape, labelled)
