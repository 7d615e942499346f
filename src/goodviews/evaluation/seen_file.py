"""The fingerprints that a run keeps of its images, beside its encoder."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.files import writing
from goodviews.data import Images
from goodviews.evaluation.seen import Seen, fingerprints

SEEN = "seen.npy"


def write_seen(folder: Path, images: Images, index: np.ndarray) -> None:
    """Keep the fingerprints of the images that a run trains on.

    Args:
        folder: Of the run.
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
    with suppress(OSError, ValueError, EOFError):
        prints = np.load((path if path.is_dir() else path.parent) / SEEN, allow_pickle=False)
    labelled = (
        about.get("settings", {}).get("objective", "").startswith(("supcon", "cross_entropy"))
    )
    shape = (about["channels"], *about["size"])
    return Seen(about["data"]["name"], prints, shape, labelled)
