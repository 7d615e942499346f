"""The site holds every page and every public name; what it needs is on the site itself."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "tools"
SITE = runpy.run_path(str(TOOLS / "site.py"))
CONFIG = (ROOT / "mkdocs.yml").read_text("utf8")


def test_every_document_is_in_the_navigation_and_exists():
    named = re.findall(r": ((?:docs|results)/\S+\.md|[A-Z]+\.md)$", CONFIG, re.M)
    assert len(named) == len(set(named)) > 20
    assert all((ROOT / name).is_file() for name in named)
    nav = [{"How to": [{"Name": name} for name in named]}, {"API": ["api"]}]
    SITE["on_config"](SimpleNamespace(nav=nav))
    shown = re.findall(r"docs/[\w/]+\.md", str(nav))
    pages = {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md")}
    assert pages == set(shown)
    assert len(shown) == len(pages)
    assert nav[1]["API"][0] == {"goodviews": "api/goodviews.md"}


def test_each_public_package_has_a_page_of_its_names():
    public = SITE["public"]()
    assert public["goodviews.information"].count("bottleneck") == 1
    assert not [one for one in public if one.startswith(("goodviews.core", "goodviews.pages"))]
    text = SITE["page"]("goodviews.worlds", public["goodviews.worlds"])
    assert "::: goodviews.worlds\n" in text
    assert f"members: [{', '.join(public['goodviews.worlds'])}]" in text
    start = SITE["page"]("goodviews", public["goodviews"])
    assert "[`infonce`](goodviews.objectives.md#goodviews.objectives.infonce)" in start


def test_links_to_what_is_not_a_page_become_text(tmp_path, monkeypatch):
    change = SITE["on_page_markdown"]
    monkeypatch.setitem(change.__globals__, "SOURCE", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").touch()
    page = SimpleNamespace(file=SimpleNamespace(src_uri="docs/b.md"))
    text = "[a](a.md#x) [code](../tests/a.py) [b](#y) [web](https://a.b/c)"
    assert change(text, page=page) == text.replace("[code](../tests/a.py)", "code")


def test_the_script_of_the_search_comes_from_the_site():
    page = SimpleNamespace(url="docs/tutorials/information.html")
    text = '<script src="https://unpkg.com/iframe-worker/shim"></script>'
    found = SITE["on_post_page"](text, page=page)
    assert found == '<script src="../../site_worker.js"></script>'


def test_formulas_become_mathml():
    pytest.importorskip("latex2mathml")
    text = r'<span class="arithmatex">\(a &lt; b^2\)</span>'
    found = SITE["on_page_content"](text)
    assert found.startswith("<math")
    assert "<msup>" in found
    assert "arithmatex" not in found


def test_docstrings_become_markdown():
    pytest.importorskip("griffe")
    to_markdown = runpy.run_path(str(TOOLS / "site_docstrings.py"))["to_markdown"]
    text = to_markdown("A.\n\n.. math::\n    a \\\\\n    + b\n\nExample:\n    >>> 1\n    1\n")
    assert "\n\n$$\na \\\\\n+ b\n$$\n\n" in text
    assert text.split() == ["A.", "$$", "a", "\\\\", "+", "b", "$$", "Examples:", ">>>", "1", "1"]
    assert to_markdown("As :class:`~goodviews.core.x.Y`.") == "As `Y`."
    known = to_markdown(":func:`goodviews.worlds.register`")
    assert known == "[`register`][goodviews.worlds.register]"
