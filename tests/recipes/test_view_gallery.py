"""The sheets of the documentation: every family, each step at every strength."""

import numpy as np
from PIL import Image

from goodviews.core.names import VIEWS
from goodviews.recipes.view_gallery import FAMILIES, FORMS, STRENGTHS, view_gallery
from goodviews.views import parse_view


def test_the_sheets_are_drawn_and_strength_nothing_is_the_photograph(tmp_path):
    view_gallery(scale="test", out=tmp_path)
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
