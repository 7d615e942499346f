"""The page of a view of photographs at their own sizes."""

import base64
import io
import re

import numpy as np
from PIL import Image

from goodviews.jobs.look import doctor, show_views


def photos():
    rng = np.random.default_rng(0)
    sizes = ((30, 50), (48, 32), (40, 40), (30, 50))
    return [Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8)) for size in sizes * 18]


def test_the_page_shows_whole_pictures_and_then_views_of_one_size(tmp_path):
    shown = show_views(
        "jitter()|crop(scale=(0.3, 1))|flip()", photos(), out=tmp_path, size="16,natural"
    )
    page = shown.page.read_text(encoding="utf-8")
    stored = re.findall(r"data:image/(?:png|webp);base64,([A-Za-z0-9+/=]+)", page)
    sizes = [Image.open(io.BytesIO(base64.b64decode(one))).size for one in stored]
    assert {(50, 30), (32, 48), (40, 40)} <= set(sizes)  # originals, and after jitter()
    assert sizes.count((16, 16)) > 2 * 6
    assert "now 16 × 16 × 3" in page
    assert shown.steps.splitlines()[2].startswith("crop(scale=(0.3, 1), size=16)")


def test_the_pace_is_that_of_views_of_whole_pictures():
    found = doctor(photos(), size="16,natural")
    assert found.usable
    text = str(found)
    assert "crops and patches are cut from whole images" in text
    assert "A step of 72 images" in text
