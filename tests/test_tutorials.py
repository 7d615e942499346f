"""Each tutorial prints what its page shows, and its notebook and translation agree with it."""

import json
import math
import re
import runpy
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
TOOL = runpy.run_path(str(ROOT / "tools" / "tutorials.py"))
cells, join, notebook, run = (TOOL[name] for name in ("cells", "join", "notebook", "run"))
PAGES = TOOL["pages"]()
ENGLISH = [page for page in PAGES if page.parent == ROOT / "docs" / "tutorials"]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def named(page: Path) -> str:
    return page.relative_to(ROOT / "docs").as_posix()


def close(printed: str, shown: str) -> bool:
    """Whether texts are equal, but for one unit in the last digit of each decimal number."""
    words = [" ".join(NUMBER.sub("0", text).split()) for text in (printed, shown)]
    if words[0] != words[1]:
        return False
    for one, other in zip(NUMBER.findall(printed), NUMBER.findall(shown), strict=True):
        digits = len(other.partition(".")[2])
        if not math.isclose(float(one), float(other), abs_tol=1.01 * 10**-digits * (digits > 0)):
            return False
    return True


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A tutorial may choose its own precision; it needs no data, and gets an empty cache."""
    monkeypatch.delenv("GOODVIEWS_DATA", raising=False)
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)


SLOW = {"my_images.md"}
"""Tutorials that pretrain and evaluate for more than ten seconds."""


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.slow] * (page.name in SLOW)) for page in ENGLISH],
    ids=named,
)
def test_a_tutorial_prints_what_its_page_shows(page):
    shown = cells(page.read_text("utf8"))
    for before, after in zip(shown, run(shown), strict=True):
        assert close(after.output, before.output), f"{before.text}\nprints\n{after.output}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_notebook_has_the_text_code_and_output_of_its_page(page):
    parts = cells(page.read_text("utf8"))
    written = page.with_suffix(".ipynb").read_text("utf8")
    assert written == notebook(parts), "run python tools/tutorials.py"
    found = json.loads(written)
    assert (found["nbformat"], found["nbformat_minor"]) == (4, 5)
    kinds = [cell["cell_type"] for cell in found["cells"]]
    assert kinds == ["code" if part.code else "markdown" for part in parts]
    for cell, part in zip(found["cells"], parts, strict=True):
        assert "".join(cell["source"]) == part.text
        if part.code:
            streams = ["".join(stream["text"]) for stream in cell["outputs"]]
            assert streams == [part.output] * bool(part.output)
    assert len({cell["id"] for cell in found["cells"]}) == len(kinds)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_is_the_sum_of_its_parts(page):
    text = page.read_text("utf8")
    parts = cells(text)
    assert join(parts) == text
    for part in parts:  # no code that the tool would take for text
        assert part.code or "```python" not in part.text


def test_code_runs_as_one_program_and_its_output_is_caught():
    page = (
        "# A\n\n```python\nx = 2\n```\n\n```python\nprint(x + 1)\n```\n\n```text\n9\n```\n\nEnd.\n"
    )
    parts = cells(page)
    assert [part.output for part in parts] == ["", "", "9\n", ""]
    done = run(parts)
    assert [part.output for part in done] == ["", "", "3\n", ""]
    assert join(done) == page.replace("9", "3")


@pytest.mark.parametrize(
    ("printed", "shown", "agree"),
    [
        ("a 0.100", "a 0.101", True),
        ("a 0.100", "a 0.102", False),
        ("3 of 4", "3 of 5", False),
        ("a 0.1", "b 0.1", False),
        ("a 1.0 ", "a  1.0", True),
    ],
)
def test_outputs_agree_up_to_one_unit_in_the_last_digit(printed, shown, agree):
    assert close(printed, shown) is agree


def outline(text: str) -> dict[str, list[object]]:
    """Everything of a page that a translation keeps: headings, lists, code, formulas, links."""
    prose = "".join(f"{cell.text}\n\n" for cell in cells(text) if not cell.code)
    fence = re.compile(r"^```.*?^```$", re.M | re.DOTALL)
    commands = fence.findall(prose)
    prose = fence.sub("(code)", prose)
    blocks = [block for block in re.split(r"\n\s*\n", prose) if block.strip()]
    return {
        "code": [(cell.text, cell.output) for cell in cells(text) if cell.code],
        "commands": commands,
        "levels": [len(found) for found in re.findall(r"^(#+) ", prose, re.M)],
        "blocks": [re.match(r"#+ |- |\$\$|", block)[0] for block in blocks],
        "points": [len(re.findall(r"^- ", block, re.M)) for block in blocks],
        "formulas": sorted(re.findall(r"\$\$?[^$]+\$\$?", prose.replace("\n", " "))),
        "names": sorted(re.findall(r"`[^`]+`", prose)),
        "links": sorted(
            re.sub(r"^(\.\./)+", "", link) for link in re.findall(r"\]\(([^)]+)\)", prose)
        ),
    }


@pytest.mark.parametrize("page", ENGLISH, ids=named)
def test_a_translation_has_the_structure_and_the_code_of_its_page(page):
    for language in ("ko",):
        translated = ROOT / "docs" / language / "tutorials" / page.name
        ours, theirs = (outline(file.read_text("utf8")) for file in (page, translated))
        for part, found in ours.items():
            assert theirs[part] == found, f"{translated}: {part}"
        hangul = re.findall(r"[가-힣]", translated.read_text("utf8"))
        assert len(hangul) > 1000


def test_each_translation_is_of_a_page():
    names = {page.name for page in ENGLISH}
    assert {page.name for page in PAGES if page not in ENGLISH} == names


def test_an_outline_sees_a_missing_paragraph_formula_or_link():
    text = "# A\n\nOne $x$, [two](b.md).\n\n- three\n\n```python\nx = 1\n```\n\n"
    text += "```sh\nls\n```\n\nEnd.\n"
    whole = outline(text)
    for before, after, part in (
        ("End.", "", "blocks"),
        ("$x$", "x", "formulas"),
        ("b.md", "c.md", "links"),
        ("x = 1", "x = 2", "code"),
        ("ls", "cd", "commands"),
        ("# A", "## A", "levels"),
        ("- three", "- three\n- four", "points"),
    ):
        assert outline(text.replace(before, after))[part] != whole[part]
