"""The sheets of the documentation: every family, each step at every strength."""

import runpy
from pathlib import Path

import numpy as np
from PIL import Image

from goodviews.spec.catalogue import VIEWS
from goodviews.views import parse_view

TOOLS = Path(__file__).parents[2] / "tools"
GALLERY = runpy.run_path(str(TOOLS / "view_gallery.py"))
FAMILIES, FORMS, STRENGTHS = (GALLERY[name] for name in ("FAMILIES", "FORMS", "STRENGTHS"))


def test_the_sheets_are_drawn_and_strength_nothing_is_the_photograph(tmp_path):
    GALLERY["view_gallery"](out=tmp_path, short=True)
    assert {file.stem for file in tmp_path.iterdir()} == {*FAMILIES, "pairs"}
    with Image.open(tmp_path / "photometric.png") as opened:
        sheet = np.asarray(opened.convert("RGB"))
    step = (sheet.shape[1] - 300) // len(STRENGTHS)
    columns = [sheet[24:120, 300 + k * step : 396 + k * step].astype(int) for k in range(5)]
    assert columns[0].std() > 20
    assert np.abs(columns[4] - columns[0]).mean() > 5  # jitter at 1 shows


def test_every_spec_of_a_sheet_is_one_that_lists_know():
    for spec in [spec for specs in FAMILIES.values() for spec in specs]:
        assert spec.split("(")[0] in VIEWS
    for spec in FORMS:
        parse_view(spec)


def test_the_pictures_of_moving_digits_are_drawn_and_are_small_files(tmp_path):
    runpy.run_path(str(TOOLS / "moving_pictures.py"))["moving_pictures"](out=tmp_path, short=True)
    with Image.open(tmp_path / "moving_digits.gif") as film:
        assert film.n_frames == 3
    with Image.open(tmp_path / "moving_digits.png") as sheet:
        assert sheet.width > 600
    for file in tmp_path.iterdir():
        assert file.stat().st_size < 200_000
