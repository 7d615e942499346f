"""What an evaluation leaves: tables, where their numbers come from, and the pages."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.files import read_json, write_text
from goodviews.core.origin import write_table
from goodviews.evaluation.protocols import Score
from goodviews.jobs.evaluate.leakage import Board
from goodviews.jobs.evaluate.represented import Represented
from goodviews.pages.leakage.page import leakage_page
from goodviews.pages.representation.page import representation_page
from goodviews.training import Settings


def is_evaluation(folder: Path) -> bool:
    """Whether a folder is that of an evaluation."""
    return {"encoder", "detail", "split"} <= _run(folder).keys()


def check_same(folder: Path, encoder: str, data_hash: str, command: str) -> None:
    """Check that a folder holds no evaluation that another command wrote.

    Args:
        folder: The folder.
        encoder: Name of the encoder.
        data_hash: Hash of the data.
        command: The command that is about to write.

    Raises:
        InputError: It does, and would be overwritten.
    """
    run = _run(folder)
    if not is_evaluation(folder):
        return
    data = run.get("data")
    hash = data.get("hash") if isinstance(data, dict) else None
    other = (run["encoder"], hash) != (encoder, data_hash)
    if other or (command and run.get("command") not in ("", command)):
        raise InputError(
            f"{folder} holds the evaluation of {run['encoder']} by another command "
            f"({run.get('command') or 'from Python'}); choose another folder with --out."
        )


def _run(folder: Path) -> dict[str, Any]:
    with suppress(InputError):
        found = read_json(folder / "run.json")
        return found if isinstance(found, dict) else {}
    return {}


def write(
    folder: Path,
    found: Represented,
    scores: Sequence[Score],
    board: Board | None,
    ran: dict[str, Any],
    tuning: Settings | None,
    content: dict[str, Any],
) -> list[Path]:
    """Write the tables and the pages.

    Args:
        folder: Where they go.
        found: The representations.
        scores: Rows of ``rows.csv``.
        board: What leaks, where factors were given.
        ran: Command, commit, versions and hardware.
        tuning: Settings of fine-tuning, where a protocol trained the encoder.
        content: What the page of the representation shows.

    Returns:
        The files to look at.
    """
    images = found.images
    run = {
        **ran,
        "encoder": found.encoder.name,
        "detail": found.encoder.encoder.detail,
        "data": {"name": images.name, "hash": images.hash, "count": len(images)},
        "split": {"hash": found.splits.hash, "protocol": found.splits.protocol},
        "seen": found.notes,
    }
    if tuning is not None:
        run["finetune"] = asdict(tuning)
    files = [folder / "index.html"]
    write_text(files[0], representation_page({**content, "leakage": board is not None}))
    if board is not None:
        leaks = board.content
        run["leakage"] = {key: leaks[key] for key in ("advice", "finding", "kept", "level")}
        run["notes"] = board.notes
        cells = [cell for row in leaks["cells"] for cell in row]
        write_table(folder, cells, run, name="leakage")
        if board.shortcuts is not None:
            write_table(folder, board.shortcuts.rows(), run, name="shortcuts")
        files.append(folder / "leakage.html")
        write_text(files[1], leakage_page({**leaks, "command": ran["command"]}))
    write_table(folder, [asdict(score) for score in scores], run)
    return [*files, folder / "rows.csv"]
