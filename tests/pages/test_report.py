"""Laws of the page: complete, safe, small, and the same twice."""

import csv
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from goodviews.core.errors import InputError
from goodviews.core.tokens import REGIMES, TOKENS
from goodviews.pages import report

sys.path.insert(0, str(Path(__file__).parent))
from studies import CASES, make_study

VOID = {"meta", "img", "br", "link", "input", "wbr"}


class Tree(HTMLParser):
    """Counts tags, collects attributes, and holds that tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str, **has: str) -> list[dict[str, str | None]]:
        return [a for t, a in self.tags if t == tag and has.items() <= a.items()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Page of a case, made once."""
    kept: dict[str, Path] = {}

    def make(name: str) -> Path:
        if name not in kept:
            kept[name] = make_study(tmp_path_factory.mktemp("studies") / name, name)
            report(kept[name])
        return kept[name]

    return make


def html(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


def count(folder: Path) -> int:
    verdict = json.loads((folder / "verdict.json").read_text())
    return sum(v["nats"] is not None for v in verdict["tasks"][0]["views"])


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_case_is_whole(made: Any, name: str) -> None:
    folder = made(name)
    text = html(folder)
    page = Tree(text)
    assert not page.open
    assert len(page.all("h1")) == 1
    tasks = len(json.loads((folder / "verdict.json").read_text())["tasks"])
    # Two drawings of each curve, one of which is shown.
    assert len(page.all("a", **{"class": "pt"})) == 2 * tasks * count(folder)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        target = link["href"] or ""
        assert target in ("rows.csv", "comparison.csv") or target.removeprefix("#") in ids
    assert len(text.encode()) < 6_000_000
    figure = (folder / "curve.svg").read_text()
    assert figure.startswith("<svg")
    assert set(re.findall(r"https?:[^\"]*", figure)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert figure.count('href="index.html#') == count(folder)
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", sorted(CASES))
def test_nothing_from_elsewhere(made: Any, name: str) -> None:
    text = html(made(name))
    for address in re.findall(r"https?:[^\"'\s<]*", text):
        assert address == "http://www.w3.org/2000/svg"
    assert "default-src 'none'" in text
    page = Tree(text)
    assert all((a["src"] or "").startswith("data:image/webp;base64,") for a in page.all("img"))
    assert not page.all("link")
    assert all("src" not in a for a in page.all("script"))


def test_same_bytes_twice(made: Any, tmp_path: Path) -> None:
    folder = made("family")
    again = report(folder, out=tmp_path)
    for name in ("index.html", "curve.svg", "curve.png"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    assert again == tmp_path / "index.html"


def test_words_of_users_stay_words(made: Any) -> None:
    text = html(made("hostile"))
    page = Tree(text)
    assert len(page.all("script")) == 3
    assert not any("onerror" in a for _, a in page.tags)
    assert "<script>alert" not in text
    island = text.split('id="rows">')[1].split("</script>")[0]
    assert "<" not in island


def test_rows_travel_in_the_page(made: Any) -> None:
    folder = made("hostile")
    island = json.loads(html(folder).split('id="rows">')[1].split("</script>")[0])
    with (folder / "rows.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [island["columns"], *island["rows"]] == rows


def test_no_picture_is_stored_twice(made: Any) -> None:
    page = Tree(html(made("family")))
    sources = [a["src"] for a in page.all("img")]
    assert len(sources) == 7 * 6
    assert len(set(sources)) == len(sources)


def test_drawing_has_words(made: Any) -> None:
    folder = made("family")
    text = html(folder)
    task = json.loads((folder / "verdict.json").read_text())["tasks"][0]
    for prefix in ("w0", "n0"):
        assert f'<title id="{prefix}-title">{task["finding"]}</title>' in text
        assert f'<desc id="{prefix}-desc">{task["alt"]}</desc>' in text
    for link in Tree(text).all("a", **{"class": "pt"}):
        name = link["aria-label"] or ""
        assert "crop(scale=" in name
        assert "nats" in name
        assert any(r.word in name for r in REGIMES.values())


def test_colours_of_the_drawing_follow_the_theme(made: Any) -> None:
    text = html(made("family"))
    for drawing in re.findall(r'<div class="drawing.*?</svg>', text, flags=re.S):
        assert "var(--sweet,#12805F)" in drawing
        assert not re.search(r'(fill|stroke)="#', drawing)
    assert "var(" not in (made("family") / "curve.svg").read_text()


def test_undecided_is_never_shaded(made: Any) -> None:
    drawing = html(made("undecided")).split('<div class="drawing')[1]
    assert "tint" not in drawing.split("</svg>")[0]
    assert "not enough evidence for a peak" in drawing


def test_one_sided_names_no_side_never_visited(made: Any) -> None:
    drawing = html(made("one_sided")).split('<div class="drawing wide')[1].split("</svg>")[0]
    # The names of points hold regimes too; words on the drawing are text elements.
    words = "".join(re.findall(r"<text[^>]*>([^<]*)</text>", drawing))
    assert "missing" not in words
    assert "excess noise" in words
    assert "peak at or below" in words


def test_at_the_ceiling_reads_at_least(made: Any) -> None:
    text = html(made("at_ceiling"))
    assert "≥ 6.66" in text
    assert "Arrows to the right" in text
    assert "cannot be" in text


def test_no_labels_no_verdict(made: Any) -> None:
    text = html(made("no_labels"))
    assert "readout accuracy" not in text
    assert "missing information" not in text.split("</style>")[1]


def test_sections_per_task_but_pairs_once(made: Any) -> None:
    page = Tree(html(made("two_tasks")))
    assert len(page.all("table")) == 4  # views, and the comparison, of each task
    assert len(page.all("section", **{"class": "gallery"})) == 1
    assert len({a["src"] for a in page.all("img")}) == len(page.all("img")) == 42


def test_one_view_for_all_tasks_leads_the_page_of_several(made: Any) -> None:
    text = html(made("two_tasks"))
    (first,) = headings(text)
    assert "One view for all 2 tasks" in first
    assert "crop(scale=(0.2, 1))" in first
    assert "One more pretraining" in text
    assert "One view for all" not in html(made("family"))


@pytest.mark.parametrize("case", ["family", "dont", "undecided"])
def test_the_first_heading_names_the_view_whatever_the_advice(made: Any, case: str) -> None:
    (first,) = headings(html(made(case)))
    assert "crop(scale=(" in first
    assert ("Pretrain with" in first) == (case == "family")


def headings(text: str) -> list[str]:
    """Texts of the headings of the first level."""
    return [re.sub(r"<[^>]*>", "", one) for one in re.findall(r"<h1.*?</h1>", text, re.DOTALL)]


def test_large_studies_are_cut_by_rule(made: Any) -> None:
    from goodviews.pages.study.folder import read_study
    from goodviews.pages.study.gallery import gather

    study = read_study(made("sixty"))
    whole = gather(study)
    assert not whole.cut
    assert sum(map(len, whole.pictures.values())) == 360
    tight = gather(study, limit=400_000)
    kept = [i for i, pairs in tight.pictures.items() if pairs]
    assert len(kept) == 40
    assert all(len(pairs) <= 4 for pairs in tight.pictures.values())
    assert "40 best" in tight.cut
    best = max(study.views, key=lambda v: v.accuracy.value)
    assert best.id in kept


def test_without_pairs(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "s", "family")
    for path in (folder / "pairs").iterdir():
        path.unlink()
    assert "No pairs of this view" in html(report(folder).parent)


def test_a_view_without_a_bound_stays_in_the_table(tmp_path: Path) -> None:
    folder = make_study(tmp_path / "s", "family")
    verdict = json.loads((folder / "verdict.json").read_text())
    verdict["tasks"][0]["views"][1].update(nats=None, nats_low=None, nats_high=None)
    (folder / "verdict.json").write_text(json.dumps(verdict))
    page = Tree(html(report(folder).parent))
    assert len(page.all("a", **{"class": "pt"})) == 2 * 6
    assert len([a for a in page.all("a", href="#v-1") if "class" not in a]) >= 2


@pytest.mark.parametrize("name", ["run.json", "verdict.json", "rows.csv"])
def test_missing_file_says_what_to_type(tmp_path: Path, name: str) -> None:
    folder = make_study(tmp_path / "s", "one_view")
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"{name} is missing.*type"):
        report(folder)
    assert not (folder / "index.html").exists()


def test_missing_folder_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="type"):
        report(tmp_path / "none")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda verdict: verdict.pop("tasks"), "tasks is missing"),
        (lambda verdict: verdict.update(schema=2), "schema is 2"),
        (lambda verdict: verdict.update(more=1), "more is not a field"),
        (lambda verdict: verdict["tasks"][0]["views"][0].update(nats="x"), "nats is 'x'"),
        (lambda verdict: verdict.update(tasks=[]), "No view"),
    ],
)
def test_a_broken_or_newer_verdict_is_refused_in_one_sentence_that_names_the_field(
    tmp_path: Path, change: Any, words: str
) -> None:
    folder = make_study(tmp_path / "s", "one_view")
    verdict = json.loads((folder / "verdict.json").read_text())
    change(verdict)
    (folder / "verdict.json").write_text(json.dumps(verdict))
    with pytest.raises(InputError, match=f"{words}.*type") as error:
        report(folder)
    assert "\n" not in str(error.value)
    assert not (folder / "index.html").exists()


def test_runs_without_torch(made: Any, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from goodviews.pages import report\n"
        "early = {'altair', 'vl_convert', 'jinja2', 'PIL'} & set(sys.modules)\n"
        "assert not early, early\n"
        f"report({str(made('one_view'))!r}, out=__import__('pathlib').Path({str(tmp_path)!r}))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "index.html").exists()


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    bright, dim = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


WORDS = [(w, g) for w in ("ink", "muted", "link") for g in ("page", "card")]
WORDS += [
    (w, g) for w in ("missing", "sweet-word", "excess", "undecided") for g in ("page", "card")
]
WORDS += [("missing", "missing-tint"), ("sweet-word", "sweet-tint"), ("excess", "excess-tint")]
WORDS += [("muted", t) for t in ("beyond", "missing-tint", "sweet-tint", "excess-tint")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("word", "ground"), WORDS)
def test_words_can_be_read(word: str, ground: str, theme: str) -> None:
    assert contrast(getattr(TOKENS[word], theme), getattr(TOKENS[ground], theme)) >= 4.5


def test_the_page_shows_every_arm_at_every_label_count(made: Any) -> None:
    text = (made("family") / "index.html").read_text()
    section = text[text.index('id="compared"') :].partition("</section>")[0]
    assert section.count('<tr role="row">') == 6  # five arms under their heading
    assert section.count('class="k-count"') == 10
    assert section.count("points over scratch") == 4
    for name in ("from scratch, light", "fine-tuned", "nearest neighbours", "all 640 labels"):
        assert name in section
