"""The page in short: whole without any other file, and true to the verdict."""

import base64
import re
import sys
from pathlib import Path

import pytest

from goodviews.core.records.verdict import Verdict
from goodviews.pages.study.short import short_page

sys.path.insert(0, str(Path(__file__).parent))
from studies import CASES, make_study

COMMAND = "goodviews pretrain photos --views study/best_view.txt"


def short(folder, case):
    verdict = Verdict.read(make_study(folder, case) / "verdict.json")
    return verdict, short_page(verdict, title="photos", command=COMMAND, page="study/index.html")


@pytest.mark.parametrize("case", CASES)
def test_the_short_page_needs_no_script_and_no_other_file(case, tmp_path):
    _, text = short(tmp_path, case)
    assert not re.search(r"<script|javascript:|\son\w+=|<link|@import|url\(|https?://", text)
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', text))
    assert len(text) < 200_000
    assert text.count("<div") == text.count("</div>") == 1


@pytest.mark.parametrize("case", ["family", "no_labels", "two_tasks", "sixty"])
def test_the_short_page_shows_advice_curve_and_the_best_views(case, tmp_path):
    verdict, text = short(tmp_path, case)
    for task in verdict.tasks:
        assert task.advice.head in text
        rows = re.findall(r"<tr.*?</tr>", text, re.DOTALL)
        assert sum("<code" in row for row in rows) == len(verdict.tasks) * min(len(task.views), 8)
    images = re.findall(r"data:image/svg\+xml;base64,([^\"]*)", text)
    assert len(images) == len(verdict.tasks)
    assert all(base64.b64decode(image).startswith(b"<svg") for image in images)
    assert ("more views" in text) == (case == "sixty")
    assert COMMAND in text
    assert "study/index.html" in text
