import csv
import json
import re

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.objectives import dashboard
from goodviews.pages.methods.page import methods_page

METHODS = ("SimCLR", "VICReg")
HEADS = ("8-8", "64-8")


def write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path):
    rng = torch.Generator().manual_seed(0)
    boards, levels, ways, gaps = [], [], [], []
    for head in HEADS:
        for method in METHODS:
            about = {"row": f"{method}, {head}", "method": method, "head": head}
            board = dashboard(torch.randn(40, 8, generator=rng))
            boards.append({**about, "seed": 0, "board": board})
            levels.append({**about, "points": 41.25, "low": 40.0, "high": 42.5})
            for seed in (0, 1):
                for step in (1, 2, 3):
                    numbers = {"loss": 5.0 - step, "gram_rms": 0.5 / step, "correlation_rms": 0.2}
                    ways.append({**about, "seed": seed, "step": step, **numbers})
        pair = {"head": head, "first": "VICReg", "second": "SimCLR", "among": 2}
        gaps.append({"kind": "spread", **pair, "points": 1.5, "low": 0.0, "high": 3.0})
    more = {"head": "64-8 less 8-8", "first": "SimCLR", "second": "SimCLR", "among": 2}
    gaps.append({"kind": "head", **more, "points": -2.0, "low": -3.5, "high": -0.5})
    (tmp_path / "boards.json").write_text(json.dumps(boards))
    write(tmp_path / "methods.csv", levels)
    write(tmp_path / "comparisons.csv", gaps)
    write(tmp_path / "training.csv", ways)
    return tmp_path


def test_every_method_has_both_histograms_and_three_ways(folder):
    page = methods_page(folder)
    charts = page.count('class="l-chart"')
    assert charts == len(METHODS) * len(HEADS) * 2 + len(METHODS) * 3
    labels = re.findall(r'aria-label="([^"]*)"', page)
    for method in METHODS:
        assert sum(f"{method}, {HEADS[0]}: histogram" in label for label in labels) == 2
        assert any(label.startswith(f"{method}: Gram over training") for label in labels)


def test_the_numbers_of_the_tables_stand_on_the_page(folder):
    page = re.sub(r"<[^>]+>", "", methods_page(folder))
    assert "No two methods differ significantly." in page
    assert "1.5 [0.0, 3.0] points between them" in page
    assert "41.2 [40.0, 42.5] points" in page
    assert "−2.0 [−3.5, −0.5] points over the smaller one" in page


def test_a_page_needs_no_network_and_is_the_same_each_time(folder):
    page = methods_page(folder)
    assert page == methods_page(folder)
    assert not re.search(r"(src|href)=\"(https?:)?//", page)


@pytest.mark.parametrize("name", ["boards.json", "training.csv"])
def test_a_file_that_is_missing_is_named_with_the_command_that_makes_it(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"no {name}.*reproduce duality"):
        methods_page(folder)
