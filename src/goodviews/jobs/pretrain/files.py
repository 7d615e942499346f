"""What a pretraining run reads and writes: the view of a study, its folder, its passport."""

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.files import read_json
from goodviews.core.origin import run_origin
from goodviews.data import Images
from goodviews.spec.lists import read_spec
from goodviews.training import Settings
from goodviews.training.state import LAST, PREVIOUS

ENCODER = "encoder.safetensors"


def view_of(given: str | Path | None) -> str | None:
    """The spec that was given, or that a file holds.

    Args:
        given: A spec, or a file with one.

    Raises:
        InputError: The spec or the file is not right. The message is another one where a study
            left no file because it advises no view.
    """
    if given is None:
        return None
    file = Path(str(given).removeprefix("@"))
    if file.name == "best_view.txt" and not file.exists():
        head = ""
        with suppress(InputError, KeyError, IndexError):
            head = read_json(file.parent / "verdict.json")["tasks"][0]["advice"]["head"]
        if head:
            raise InputError(
                f"The study in {file.parent} advises no view to pretrain with ({head}), so there "
                f"is no {file}; leave --views out for the method's own, or name a view."
            )
    return read_spec(given)


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a pretraining run that can be resumed."""
    there = any((folder / name).exists() for name in (LAST, PREVIOUS))
    return there and not (folder / "learned.json").exists()


def passport(
    settings: Settings, spelt: str, images: Images, seed: int, split: str, count: int
) -> dict[str, Any]:
    """What goes with the weights, wherever they go."""
    return {
        "views": settings.views,
        "views_spelt": spelt,
        "method": settings.name,
        "source": settings.source,
        "settings": asdict(settings),
        "data": {"name": images.name, "hash": images.hash, "split": split, "count": count},
        "channels": images.channels,
        "size": [images.height, images.width],
        "seed": seed,
        "versions": run_origin("")["versions"],
        "measured_invariances": None,
    }
