"""What a pretraining run reads and writes: the view of a study, and its folder."""

from contextlib import suppress
from pathlib import Path

from goodviews.core.errors import InputError
from goodviews.core.files import read_json, read_text
from goodviews.spec.lists import NOT_RECOMMENDED, read_spec
from goodviews.training.state import LAST, PREVIOUS

ENCODER = "encoder.safetensors"


def view_of(given: str | Path | None) -> str | None:
    """The spec that was given, or that a file holds.

    Args:
        given: A spec, or a file with one.

    Raises:
        InputError: The spec or the file is not right. The message is another one where a study
            without labels left no file, or names the views of other tasks.
    """
    if given is None:
        return None
    file = _file(given)
    if file.match("best_view*.txt") and not file.exists():
        others = [path.name for path in sorted(file.parent.glob("best_view*.txt"))]
        if others:
            raise InputError(f"There is no {file}; the study has {', '.join(others)}.")
        head = ""
        with suppress(InputError, KeyError, IndexError):
            head = read_json(file.parent / "verdict.json")["tasks"][0]["advice"]["head"]
        if head:
            raise InputError(
                f"The study in {file.parent} advises no view to pretrain with ({head}), so there "
                f"is no {file}; leave --views out for the method's own, or name a view."
            )
    return read_spec(given)


def doubt_of(given: str | Path | None) -> str:
    """Why the study that wrote a file does not recommend its view; empty if it does.

    Args:
        given: A spec, or a file with one.
    """
    with suppress(OSError, InputError):  # a spec too long for the name of a file
        if given is not None and _file(given).is_file():
            first = read_text(_file(given)).partition("\n")[0]
            if first.startswith(NOT_RECOMMENDED):
                return f"The study does not recommend this view: {first[len(NOT_RECOMMENDED) :]}"
    return ""


def _file(given: str | Path) -> Path:
    return Path(str(given).removeprefix("@")).expanduser()


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a pretraining run that can be resumed."""
    there = any((folder / name).exists() for name in (LAST, PREVIOUS))
    return there and not (folder / "learned.json").exists()
