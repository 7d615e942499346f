"""The page of learned views: complete whatever was asked for, safe, and free of torch."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from goodviews.core.errors import InputError
from goodviews.pages import report
from goodviews.pages.chart.scatter import Point, scatter
from goodviews.pages.learned_views.page import learned_page

sys.path.insert(0, str(Path(__file__).parent))
from learned import SPEC, make_learned

KINDS = {
    "labels": {},
    "none": {"labels": False},
    "alone": {"compare": False},
    "two": {"channels": 2},
    "thirteen": {"channels": 13, "side": 64},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_whole_and_needs_nothing_else(kind, tmp_path):
    asked = KINDS[kind]
    text = learned_page(make_learned(tmp_path / "run", **asked))
    channels, body = asked.get("channels", 3), text.partition("</style>")[2]
    images = 4 * (3 * channels + (channels > 2)) + 2 * 6
    assert text.count("data:image/webp") == images
    assert "not a result" in text
    assert text.count("<h1") == 1
    assert not re.search(r"\bnan\b|\binf\b|None|\{\{", text)
    assert set(re.findall(r"https?://[^\"' <)]*", text)) <= {"http://www.w3.org/2000/svg"}
    readable = asked.get("labels", True) and asked.get("compare", True)
    assert body.count('class="s-star"') == (2 if readable else 0)
    assert ("Information of each view about" in body) == asked.get("labels", True)
    assert ('id="compare"' in body) == asked.get("compare", True)


def test_names_come_from_users(tmp_path):
    text = learned_page(make_learned(tmp_path / "run"))
    assert "scans <b>" not in text
    assert "Lab <b>" not in text
    assert "Lab &lt;b&gt;" in text


def test_the_answer_comes_first_and_the_same_folder_gives_the_same_bytes(tmp_path):
    folder = make_learned(tmp_path / "run")
    page = report(folder)
    text = page.read_text("utf8")
    assert re.search(r"<h1[^>]*>The learned view shares 1.5 nats less", text)
    assert text.index("<h1") < text.index("--judge-steps 1056") < text.index("<h2")
    assert re.sub(r"<[^>]+>", "", text).count(SPEC.replace("'", "&#39;")) == 2
    assert report(folder, out=tmp_path).read_bytes() == page.read_bytes()


def test_a_negative_bound_of_the_game_reads_as_none(tmp_path):
    text = learned_page(make_learned(tmp_path / "run"))
    assert "0.00 in the game" in text
    assert "−0.0" not in text


def test_the_loss_is_drawn_between_chance_and_its_floor(tmp_path):
    text = learned_page(make_learned(tmp_path / "run"))
    body = text.partition("</style>")[2]
    assert "chance, log 174 = 5.2" in body
    assert "the other 173 of its batch" in body
    assert "was frozen for 20 steps" in re.sub(r"</?a\b[^>]*>", "", body)
    graph = body.partition('aria-label="Loss, nats')[2].partition("</figure>")[0]
    lines = re.findall(r'<polyline class="l-line l-(\w+)" points="([^"]+)"', graph)
    assert [kind for kind, _ in lines] == ["ref", "raw", "a"]
    below = {kind: [float(at.split(",")[1]) for at in points.split()] for kind, points in lines}
    assert below["raw"][0] < below["ref"][0] < below["raw"][2] < below["raw"][1]  # y points down
    assert max(below["a"]) < max(below["raw"])  # smoothed


def test_what_changed_is_told_by_its_kind_and_with_its_gain(tmp_path):
    folder = make_learned(tmp_path / "run")
    text = learned_page(folder)
    assert "what no linear mix explains" in text
    assert "white a difference of 0.12 or more, in every channel: a gain of 8 on" in text
    told = json.loads((folder / "learned.json").read_text())
    told["channels"]["apart"]["bent"] = False
    (folder / "learned.json").write_text(json.dumps(told))
    assert "what changed, channel by channel" in learned_page(folder)


def test_a_folder_of_before_and_values_that_are_no_numbers_still_have_a_page(tmp_path):
    folder = make_learned(tmp_path / "run")
    told = json.loads((folder / "learned.json").read_text())
    del told["loss"], told["channels"]["apart"]
    for look in told["looks"][2:]:
        look["inverse_error"] = look["shared_nats"] = look["first_nats"] = None
    (folder / "learned.json").write_text(json.dumps(told))
    text = learned_page(folder)
    assert "not a number" in text
    assert "Loss of the game" not in text
    assert "what no linear mix" not in text
    assert not re.search(r"\bnan\b|None", text.partition("</style>")[2])


def test_a_picture_that_is_gone_is_a_sentence(tmp_path):
    folder = make_learned(tmp_path / "run")
    (folder / "pictures" / "after-0-0.webp").unlink()
    with pytest.raises(InputError, match="give the command of this run again"):
        report(folder)


def test_no_torch_is_loaded(tmp_path):
    folder = make_learned(tmp_path / "run")
    script = (
        "import sys; from goodviews.pages import report; report(sys.argv[1]); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], check=True)


@pytest.mark.parametrize("narrow", [False, True])
def test_points_lie_where_their_numbers_say(narrow):
    points = [
        Point("a", (2.0, 0.1), (0.6, 0.55, 0.65)),
        Point("b", (4.0, 0.1), (0.7, 0.65, 0.75), star=True),
    ]
    svg = str(scatter(points, ceiling=3.0, label="two", narrow=narrow))
    places = [tuple(map(float, at)) for at in re.findall(r"translate\(([\d.]+) ([\d.]+)\)", svg)]
    assert places[0][0] < places[1][0]  # more nats lie to the right
    assert places[0][1] > places[1][1]  # more accuracy lies above
    assert "ceiling" in svg
    assert "ceiling" not in str(scatter(points, ceiling=9.0, label="two", narrow=narrow))
