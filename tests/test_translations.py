"""The README in other languages has the structure, commands and links of the English one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGLISH = ROOT / "README.md"
TRANSLATED = sorted((ROOT / "docs").glob("??/README.md"))


def headings(text):
    return [
        len(marks)
        for marks in re.findall(r"^(#+) ", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    ]


def blocks(text):
    """Code blocks, without what comments tell."""
    found = re.findall(r"```(\w+)\n(.*?)```", text, re.S)
    return [(kind, re.sub(r" *# .*", "", code)) for kind, code in found]


def questions(text):
    """The commands named in each row of a table."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [re.findall(r"`[^`]+`", row) for row in rows]


def targets(file):
    """What its links lead to, from the root of the repository; links between languages aside."""
    found = []
    for link in re.findall(r"\]\(([^)]+)\)", file.read_text(encoding="utf-8")):
        if not link.startswith("http"):
            path, at, part = link.partition("#")
            link = f"{(file.parent / path).resolve().relative_to(ROOT)}{at}{part}"
        if not link.endswith("README.md"):
            found.append(link)
    return found


def test_there_are_a_korean_and_a_chinese_one():
    assert [file.parent.name for file in TRANSLATED] == ["ko", "zh"]


@pytest.mark.parametrize("file", TRANSLATED, ids=lambda file: file.parent.name)
def test_it_follows_the_english_one(file):
    english, other = (one.read_text(encoding="utf-8") for one in (ENGLISH, file))
    assert headings(other) == headings(english)
    assert blocks(other) == blocks(english)
    assert questions(other) == questions(english)
    assert targets(file) == targets(ENGLISH)
    assert all(
        (ROOT / link.partition("#")[0]).exists() for link in targets(file) if "://" not in link
    )


@pytest.mark.parametrize("file", TRANSLATED, ids=lambda file: file.parent.name)
def test_each_language_leads_to_the_others(file):
    assert str(file.relative_to(ROOT)) in ENGLISH.read_text(encoding="utf-8")
    assert "../../README.md" in file.read_text(encoding="utf-8")
