"""``docs/formulas.md`` is complete: every public function has a row, every row its files."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "goodviews"
ROOMS = ("objectives", "information", "evaluation/label_free")


def rows() -> list[tuple[list[str], str, str]]:
    """Names, file and test of every row of every table."""
    found = []
    for line in (ROOT / "docs" / "formulas.md").read_text("utf8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0].startswith("`"):
            assert len(cells) == 5, f"five cells are wanted: {line}"
            names = re.findall(r"`(\w+)`", cells[0])
            found.append((names, cells[3].strip("`"), cells[4].strip("`")))
    return found


def public_names(room: str) -> set[tuple[str, str]]:
    """File and name of every function and class that the room's package lists."""
    listed = set(import_module(f"goodviews.{room.replace('/', '.')}").__all__)
    names = set()
    for file in sorted((PACKAGE / room).glob("*.py")):
        body = ast.parse(file.read_text("utf8")).body
        defined = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        names |= {(f"{room}/{file.name}", name) for name in listed & defined}
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_has_a_row(room):
    written = {(file, name) for names, file, _ in rows() for name in names}
    missing = public_names(room) - written
    assert not missing, f"docs/formulas.md lacks {sorted(missing)}"


def test_every_row_names_a_public_name_of_its_file():
    public = set()
    for room in ROOMS:
        for file in sorted((PACKAGE / room).glob("*.py")):
            body = ast.parse(file.read_text("utf8")).body
            defined = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
            public |= {(f"{room}/{file.name}", name) for name in defined if name[0] != "_"}
    # The first name: a row may also name the constants that belong to it.
    stale = {(file, names[0]) for names, file, _ in rows() if file.startswith(ROOMS)}
    assert not stale - public


def test_every_file_and_test_exists_and_the_test_uses_the_name():
    for names, file, test in rows():
        assert (PACKAGE / file).is_file(), f"{names}: {file} does not exist"
        path = ROOT / "tests" / test
        assert path.is_file(), f"{names}: {test} does not exist"
        assert names[0] in path.read_text("utf8"), f"{test} does not name {names[0]}"


def test_every_cell_says_something():
    for line in (ROOT / "docs" / "formulas.md").read_text("utf8").splitlines():
        if line.startswith("| `"):
            assert all(cell.strip() for cell in line.strip("|").split("|")), line
