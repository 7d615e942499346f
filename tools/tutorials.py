"""Run the tutorials, write what they print into their pages, and make a notebook of each.

python tools/tutorials.py

A page is Markdown. Its ``python`` blocks run from top to bottom as one program; what a block
prints is in the ``text`` block after it. The notebook beside it has the same text, code and
output, so the page is the only source.
"""

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (ROOT / "docs" / "tutorials", ROOT / "docs" / "ko" / "tutorials")
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


class Cell(NamedTuple):
    """A part of a page: Markdown, or code and what it prints."""

    code: bool
    text: str
    output: str = ""


def pages() -> list[Path]:
    """List the tutorials in every language."""
    return [page for folder in FOLDERS for page in sorted(folder.glob("*.md"))]


def cells(page: str) -> list[Cell]:
    """Split the text of a page into Markdown and code, in order."""
    found, end = [], 0
    for block in BLOCK.finditer(page):
        found.append(Cell(False, page[end : block.start()].strip()))
        found.append(Cell(True, block[1].strip(), block[2] or ""))
        end = block.end()
    found.append(Cell(False, page[end:].strip()))
    return [cell for cell in found if cell.text]


def join(parts: list[Cell]) -> str:
    """Write the text of a page from its parts; the inverse of :func:`cells`."""
    blocks = []
    for cell in parts:
        blocks.append(f"```python\n{cell.text}\n```" if cell.code else cell.text)
        if cell.output:
            blocks.append(f"```text\n{cell.output}```")
    return "\n\n".join(blocks) + "\n"


def run(parts: list[Cell]) -> list[Cell]:
    """Run the code of a page as one program and return its parts with what they printed."""
    names: dict[str, Any] = {"__name__": "tutorial"}
    done = []
    for cell in parts:
        if cell.code:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(cell.text, "tutorial", "exec"), names)
            cell = cell._replace(output=printed.getvalue())
        done.append(cell)
    return done


def notebook(parts: list[Cell]) -> str:
    """Write the parts as a Jupyter notebook (format 4.5)."""
    written: list[dict[str, Any]] = []
    for number, cell in enumerate(parts):
        entry = {"id": f"cell-{number}", "metadata": {}, "source": cell.text.splitlines(True)}
        if not cell.code:
            written.append({"cell_type": "markdown", **entry})
            continue
        lines = cell.output.splitlines(True)
        stream = [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []
        written.append({"cell_type": "code", "execution_count": None, **entry, "outputs": stream})
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {
        "cells": written,
        "metadata": {"kernelspec": python, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Run every page once; pages of the same code share the run."""
    printed: dict[tuple[str, ...], list[str]] = {}
    for page in pages():
        parts = cells(page.read_text("utf8"))
        code = tuple(cell.text for cell in parts if cell.code)
        if code not in printed:
            printed[code] = [cell.output for cell in run(parts) if cell.code]
        outputs = iter(printed[code])
        parts = [cell._replace(output=next(outputs)) if cell.code else cell for cell in parts]
        page.write_text(join(parts), "utf8")
        page.with_suffix(".ipynb").write_text(notebook(parts), "utf8")
        print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()
