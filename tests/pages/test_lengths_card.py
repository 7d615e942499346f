"""The card on the length of training: everything lies inside its chart, and says what it is."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from goodviews.core.interval import Interval
from goodviews.core.records.lengths import LengthCurve, LengthPoint, Lengths
from goodviews.pages import report
from goodviews.pages.study.lengths import lengths_card

sys.path.insert(0, str(Path(__file__).parent))
from studies import make_study


def point(epochs, level, *, measured=True, half=0.02):
    return LengthPoint(
        epochs=epochs,
        factor=epochs / 40,
        measured=measured,
        nats=Interval(5 * level, 5 * level - half, 5 * level + half),
        accuracy=Interval(level, level - half, level + half),
    )


def lengths(*curves, choice="undecided"):
    return Lengths(
        epochs=40, target=640, curves=curves, finding="Found.", forecast="No forecast.",
        choice=choice, answer="Open.", command="",
    )  # fmt: skip


def curve(view, *points):
    return LengthCurve(view=view, label=view, seeds=1, points=points)


def test_one_line_for_each_view_dashed_where_it_is_a_forecast():
    found = lengths(
        curve("crop()", point(20, 0.6), point(40, 0.7), point(160, 0.8, measured=False)),
        curve("flip()", point(20, 0.5), point(40, 0.4)),
    )
    card = lengths_card(found)
    assert [graph.title.split()[0] for graph in card.graphs] == ["Accuracy", "Shared"]
    for graph in card.graphs:
        assert graph.svg.count('<polyline class="l-line l-a"') == 1
        assert graph.svg.count('<polyline class="l-line l-a l-later"') == 1
        assert graph.svg.count('<polyline class="l-line l-b l-later"') == 0
        assert graph.svg.count("l-hollow") == 1
        assert graph.svg.count("l-dot") == 5
    assert "crop(): 0.600 after 20 epochs, 0.700 after 40 epochs, 0.800 after 160" in str(
        card.graphs[0].svg
    )
    assert "forecast, with 80" in card.caption
    assert card.title == "Undecided whether pretraining is worth it with 640 epochs"


def test_without_forecasts_none_is_mentioned_and_without_labels_only_nats_are_drawn():
    measured = curve("crop()", point(20, 0.6), point(40, 0.7))
    assert "80" not in lengths_card(lengths(measured)).caption
    bare = replace(measured, points=tuple(replace(one, accuracy=None) for one in measured.points))
    card = lengths_card(lengths(bare, choice=None))
    assert [graph.title.split()[0] for graph in card.graphs] == ["Shared"]
    assert card.title == "How results change with the length of training"


@pytest.mark.parametrize("levels", [(0.0, 0.01), (0.99, 1.0), (0.7, 0.7)])
def test_bars_stay_inside_the_chart(levels):
    points = [point(20 * (place + 1), level) for place, level in enumerate(levels)]
    inside = [replace(one, accuracy=one.accuracy.within(0, 1)) for one in points if one.accuracy]
    svg = str(lengths_card(lengths(curve("crop()", *inside))).graphs[0].svg)
    bars = [part.split("/>")[0] for part in svg.split('<line class="l-bar')[1:]]
    for bar in bars:
        for end in ("y1", "y2"):
            assert 9.9 <= float(bar.split(f'{end}="')[1].split('"')[0]) <= 220.1


def test_the_page_of_a_study_shows_its_lengths_and_that_of_another_does_not(tmp_path):
    for name, shown in (("lengths", True), ("family", False)):
        page = report(make_study(tmp_path / name, name)).read_text(encoding="utf-8")
        assert ('id="lengths"' in page) == shown
