"""Each term of ``docs/terms.md`` has a definition, a formula and a place that exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "goodviews"
PAGE = ROOT / "docs" / "terms.md"
PLACE = re.compile(r"`([\w/]+\.py)`: `(\w+)`")


def rows() -> list[list[str]]:
    lines = PAGE.read_text("utf8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| **")
    ]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0].strip("*"))
def test_a_term_has_a_definition_a_formula_and_a_place_that_exists(row):
    term, definition, _, place = row
    assert all(row), row
    assert definition.endswith(".")
    found = PLACE.fullmatch(place)
    assert found, f"{term}: expected `file.py`: `name`, but got {place}"
    body = ast.parse((PACKAGE / found[1]).read_text("utf8")).body
    names = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    assert found[2] in names, f"{term}: {found[1]} does not define {found[2]}"


def test_every_row_is_a_term_and_each_term_is_there_once():
    text = PAGE.read_text("utf8")
    terms = [row[0].lower() for row in rows()]
    assert len(terms) == len(set(terms)) > 40
    inside = [line for line in text.splitlines() if line.startswith("|")]
    heads = text.count("| Term | Definition | Formula | Place |")
    assert len(inside) == len(terms) + 2 * heads
