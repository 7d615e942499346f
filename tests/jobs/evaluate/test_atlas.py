"""The page of an evaluation shows scores, a map and neighbours of any kind of images."""

import re

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.jobs.evaluate import evaluate

COUNT = 120


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def page_of(shape, *, classes=2, labels=True, **options):
    """The text of the page, for images of which one of as many rows is bright as classes."""
    rng = np.random.default_rng(0)
    y = np.arange(COUNT) % classes
    x = rng.integers(0, 60, (COUNT, *shape), dtype=np.uint8)
    x[np.arange(COUNT), 0, y % shape[1]] += 180
    given = (x, y) if labels else x
    options = {"channels": "first", "protocols": ["knn"], "neighbours": 5, "seeds": 0, **options}
    found = evaluate("pixels", given, out="o", **options)
    assert found.files[0].name == "index.html"
    return found.files[0].read_text()


def drawn(page):
    """Number of points in each path of the first map."""
    (svg,) = re.findall(r'<svg class="map".*?</svg>', page)[:1]
    return {style: path.count("M") for style, path in re.findall(r'class="(\w+)" d="(M.+?)"', svg)}


@pytest.mark.parametrize("shape", [(3, 8, 20), (3, 20, 8), (1, 8, 8), (2, 8, 8), (30, 6, 9)])
def test_every_image_is_on_the_map_and_eight_have_six_neighbours(place, shape):
    page = page_of(shape)
    assert drawn(page) == {"k0": COUNT / 2, "k1": COUNT / 2}
    tiles = re.findall(r'class="tile', page)
    assert len(tiles) == 8 * (1 + 6)
    assert page.count('class="tile same"') > page.count('class="tile other"')
    shown = f"channels 1, 2 and 3 of {shape[0]}" in page
    assert shown == (shape[0] > 3)


def test_of_many_classes_the_most_common_have_colours(place):
    page = page_of((1, 8, 8), classes=12)
    points = drawn(page)
    assert points.pop("rest") == COUNT / 6
    assert sorted(points) == sorted(f"k{number}" for number in range(10))


def test_without_labels_the_page_has_a_map_and_neighbours(place):
    page = page_of((1, 8, 8), labels=False)
    assert drawn(page) == {"rest": COUNT}
    assert 'id="scores"' not in page
    assert "Nearest neighbours of some images" in page


def test_the_page_says_how_far_the_map_can_be_trusted(place):
    page = page_of((1, 8, 8))
    assert "The nearest neighbour has the same label for 100 % of the images" in page
    assert "Made by principal components" in page


def test_groups_colour_a_map_of_their_own_and_mark_neighbours(place):
    page = page_of((1, 8, 8), groups=np.arange(COUNT) // 6)
    assert page.count('class="map"') == 2
    assert "same group" in page


def test_every_label_column_colours_a_map(place):
    (place / "labels.csv").write_text(
        "row,kind,site\n" + "\n".join(f"{k},{'ab'[k % 2]},{'xyz'[k % 3]}" for k in range(COUNT))
    )
    page = page_of((1, 8, 8), labels=False)
    assert page.count('class="map"') == 1
    x = np.random.default_rng(0).integers(0, 99, (COUNT, 8, 8), dtype=np.uint8)
    found = evaluate("pixels", x, labels="labels.csv", protocols=["knn"], seeds=0, out="two")
    text = found.files[0].read_text()
    assert [name in text for name in ("<h3>kind</h3>", "<h3>site</h3>")] == [True, True]
    says = re.compile("<span>kind, .{0,300}minus raw pixels", re.DOTALL)
    assert not says.search(text)  # raw pixels are compared with nothing
    found = evaluate("convnet(width=2)", x, labels="labels.csv", protocols=["knn"], seeds=0)
    assert says.search(found.files[0].read_text())


def test_an_unknown_map_is_refused_before_anything_is_computed(place):
    with pytest.raises(InputError, match="Unknown map 'tsne'"):
        page_of((1, 8, 8), map_by="tsne")
    assert not (place / "o").exists()


@pytest.mark.parametrize(
    ("labels", "title"),
    [
        ((np.arange(COUNT)[:, None] >> np.arange(2)) % 2, "label, the rarest of each image"),
        (np.arange(COUNT) + 0.5, "label, in ranges"),
        (np.arange(COUNT) % 3, "label"),
    ],
)
def test_the_map_says_what_a_colour_stands_for(labels, title, place):
    x = np.random.default_rng(0).random((COUNT, 1, 8, 8), dtype=np.float32)
    found = evaluate("pixels", (x, labels), protocols=["knn"], seeds=0, out="o")
    assert f"<h3>{title}</h3>" in found.files[0].read_text()
