"""The heat-map: complete, legible in both themes, safe, and free of torch."""

import re
import subprocess
import sys

import pytest

from goodviews.core.tokens import TOKENS
from goodviews.pages.chart.heat import contrast, heat, mix
from goodviews.pages.leakage.page import leakage_page


def cell(row, factor, skill, *, kind="discrete", told=True):
    chance = 0.25 if kind == "discrete" else 0.0
    score = chance + skill * (1 - chance)
    return {
        "row": row, "factor": factor, "kind": kind, "items": 400, "fitted": 400,
        "score": score, "score_low": score - 0.02, "score_high": min(score + 0.02, 1),
        "chance": chance, "skill": skill,
        "error": 3.0 if kind == "continuous" else None,
        "constant_error": 5.0 if kind == "continuous" else None,
        "nats": skill, "nats_low": skill - 0.05, "nats_high": skill + 0.05,
        "entropy_nats": 1.38 if kind == "discrete" else None,
        "p": 0.001, "p_adjusted": 0.001 if told else 0.7, "told": told, "penalty": 0.1,
    }  # fmt: skip


def board(rows=("ours", "random weights"), factors=("form", "size <b>", "colour"), task="form"):
    kinds = {name: "continuous" if name.startswith("size") else "discrete" for name in factors}
    return {
        "data": "shapes", "task": task, "level": 0.05, "permutations": 999,
        "advice": "Vary size between the two views: ours keeps it.",
        "finding": "1 of 2 other factors are kept", "more": ["Also kept: colour."],
        "kept": ["size <b>"], "command": "goodviews evaluate z.npy shapes",
        "made": [("Data", "shapes")],
        "rows": [
            {"name": row, "detail": "", "nats": 2.5 if place == 0 else None,
             "role": "encoder" if place == 0 else "baseline"}
            for place, row in enumerate(rows)
        ],
        "columns": [{"name": n, "kind": kinds[n], "task": n == task} for n in factors],
        "cells": [
            [cell(row, n, 0.9 / (k + 1), kind=kinds[n], told=k < 2) for k, n in enumerate(factors)]
            for row in rows
        ],
    }  # fmt: skip


def test_the_page_has_a_cell_for_every_row_and_factor_and_hatches_chance():
    text = leakage_page(board())
    assert text.count('<td role="cell" class="cell') == 6
    assert text.count('class="cell chance') == 2
    assert text.count('not significantly above chance"><i') == 2
    assert text.count("<h1") == 1
    assert not re.search(r"\bnan\b|\binf\b|None|\{\{", text)
    assert "http" not in text.replace("http-equiv", "")
    assert "<b>size" not in text  # names come from users
    assert "size &lt;b&gt;" in text


def test_the_same_board_gives_the_same_bytes_and_the_first_words_are_the_advice():
    one, two = leakage_page(board()), leakage_page(board())
    assert one == two
    assert re.search(r"<h1[^>]*>Vary size between the two views", one)
    assert one.index("<h1") < one.index("<h2")


@pytest.mark.parametrize("count", [1, 3, 25])
def test_many_factors_are_stacked_and_few_are_a_table(count):
    names = tuple(f"factor {k}" for k in range(count))
    text = leakage_page(board(factors=names, task=None))
    assert text.count('<td role="cell" class="cell') == 2 * count
    assert ('class="card heat many"' in text) == (count > 8)
    assert 'class="rule"' not in text  # no task, no rule


@pytest.mark.parametrize("share", [k / 50 for k in range(51)])
def test_numbers_can_be_read_on_every_shade(share):
    found = heat(share)
    for theme in ("light", "dark"):
        assert contrast(found[f"{theme}_ink"], found[theme]) >= 4.5


def test_one_hue_runs_evenly_from_the_page_to_the_link():
    assert heat(-3) == heat(0)
    assert heat(7) == heat(1)
    for theme in ("light", "dark"):
        low, high = getattr(TOKENS["page"], theme), getattr(TOKENS["link"], theme)
        steps = [contrast(mix(low, high, k / 20), low) for k in range(21)]
        assert steps == sorted(steps)
        assert (mix(low, high, 0), mix(low, high, 1)) == (low, high)


def test_the_page_needs_no_torch():
    code = "import goodviews.pages.leakage.page, sys; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert out.stdout.strip() == "False", out.stderr
