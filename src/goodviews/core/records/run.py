"""``run.json``: what a study was and where its numbers come from, as records."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodviews.core.files import read_json
from goodviews.core.records.codec import check_schema, from_json, to_json

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A file that could not be read, and why."""

    file: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Data:
    """The images. ``source``, ``range`` and ``display`` are sentences to show.

    Of graphs, ``noun`` is ``nodes`` or ``graphs``, ``extent`` says how large they are, and the
    numbers of pixels are 0.
    """

    name: str
    task_data: str | None
    count: int
    height: int
    width: int
    channels: int
    source: str
    range: str
    hash: str
    skipped: tuple[Skipped, ...]
    display: str
    labelled: dict[str, int]
    classes: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]
    noun: str = "images"
    extent: str = ""


@dataclass(frozen=True, kw_only=True)
class Splits:
    """How many images each part of the study saw; ``protocol`` is a sentence about them."""

    pretrain: int
    held_out: int
    test: int
    choose: int
    labels: int
    label_draws: int
    protocol: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class Family:
    """Candidates that differ in one argument; the template has ``{s}`` in its place."""

    template: str
    argument: str
    values: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """How many runs there were, and how they went."""

    done: int
    failed: int
    resumed: int
    undertrained: int
    collapsed: int


@dataclass(frozen=True, kw_only=True)
class Run:
    """The content of ``run.json``; ``family`` is nothing when the candidates are not one."""

    schema: int = SCHEMA
    data: Data
    splits: Splits
    family: Family | None
    encoder: str
    objective: str
    optimiser: str = ""
    precision: str = ""
    epochs: int
    batch: int
    candidates: int
    seeds: tuple[int, ...]
    cells: Cells
    command: str
    versions: dict[str, str]
    commit: str
    hardware: str
    wall_seconds: float
    date: str
    wording: str

    def to_json(self) -> dict[str, Any]:
        """The JSON object that :meth:`from_json` reads."""
        return to_json(self)

    @classmethod
    def from_json(cls, value: object, *, where: str = "run.json") -> "Run":
        """Read what :meth:`to_json` made.

        Raises:
            InputError: Another version wrote it, or a field is missing, unknown or of another
                type; the message names the field.
        """
        check_schema(value, where, SCHEMA)
        return from_json(cls, value, where)

    @classmethod
    def read(cls, path: Path) -> "Run":
        """Read ``run.json``.

        Raises:
            InputError: It is missing or broken, or was written by another version.
        """
        return cls.from_json(read_json(path), where=str(path))
