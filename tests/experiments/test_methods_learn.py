"""Methods against their controls: what is compared with what, and what the table says."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from goodviews.data import splits
from goodviews.evaluation.scores import Parts
from goodviews.methods import METHODS, method
from goodviews.spec.names import spell
from goodviews.views import parse_view
from goodviews_experiments import run
from goodviews_experiments.methods_learn.run import CONTROLS, READOUTS, Outcome, compare, learn
from goodviews_experiments.methods_learn.small_scale import small_scale
from goodviews_experiments.methods_learn.textures import TEXTURES, planted_textures

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results" / "methods_learn"


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def outcomes(gaps, items=4000, seed=0):
    """Runs whose right answers exceed the controls' by some shares, on the same items."""
    rng = np.random.default_rng(seed)
    made = []
    for gap in gaps:
        right = np.zeros((2, 3, items))
        right[:, 1:] = rng.random(items) < 0.3
        right[:, 0] = rng.random(items) < 0.3 + gap
        made.append(Outcome(right, 1, 0.0, 0.0, 0.0))
    return made


def test_intervals_hold_the_truth_and_claim_nothing_where_nothing_is():
    """Of 200 worlds without a difference, those that are claimed, at most 3 standard errors."""
    claims = [row["learns"] for s in range(200) for row in compare("", outcomes([0] * 3, 300, s))]
    assert np.mean(claims) < 0.025 + 3 * (0.025 * 0.975 / 200) ** 0.5
    assert all(row["learns"] for row in compare("", outcomes([0.2, 0.22, 0.21])))
    assert not any(row["learns"] for row in compare("", outcomes([0.3, -0.1, 0.1])))


def test_a_run_that_does_not_train_equals_its_random_weights():
    images = planted_textures(192, seed=0)
    parts = Parts(np.arange(128), np.arange(0), np.arange(128, 192))
    settings, _ = small_scale(method("simclr"), images, 128, width=4, batch=64, epochs=1)
    settings = replace(settings, optimiser="sgd(lr=1e-12, momentum=0.0, weight_decay=0.0)")
    seen = []

    def reading(features, labels):
        assert len(features) == len(labels) == 192
        seen.append(features)
        return np.zeros((2, 64))

    learn(settings, images, parts, seed=0, read=reading)
    trained, drawn, raw = seen
    assert raw.shape == (192, 768)
    # One filter each; their normalisations saw other images, so only the order is the same.
    ours, theirs = (torch.corrcoef(x.T).nan_to_num() for x in (trained, drawn))
    assert trained.shape == drawn.shape
    correlation = torch.corrcoef(torch.stack([ours.flatten(), theirs.flatten()]))[0, 1]
    assert correlation > 0.7


@pytest.mark.parametrize("name", METHODS)
def test_at_a_small_scale_loss_memory_and_steps_stay_the_papers(name):
    images, usual = planted_textures(640, seed=0), method(name)
    made, _ = small_scale(usual, images, 640, width=8, batch=64, epochs=2)
    if name == "swav":  # its epsilon fits the batch, and nothing else
        assert made.objective.replace("epsilon=0.03", "epsilon=0.05") == usual.objective
    else:
        assert made.objective == usual.objective or name == "wmse"
    assert made.memory.partition("(")[0] == usual.memory.partition("(")[0]
    assert bool(made.momentum) == bool(usual.momentum)
    assert bool(made.jigsaw) == bool(usual.jigsaw)
    steps = [
        [call.name for call in calls if call.name != "blur"] for calls in spell(usual.views)[1]
    ]
    assert [[call.name for call in calls] for calls in spell(made.views)[1]] == steps
    planted, _ = small_scale(
        usual, images, 640, width=8, batch=64, epochs=2, views="crop(scale=(0.3, 1))|flip()"
    )
    assert parse_view(planted.views).alike == parse_view(usual.views).alike or name == "supcon"


def test_textures_are_drawn_whatever_their_number_and_raw_pixels_hide_the_class():
    few, many = planted_textures(50, seed=3), planted_textures(400, seed=3)
    assert np.array_equal(few.pixels, many.pixels[:50])
    assert not np.array_equal(few.pixels, planted_textures(50, seed=4).pixels)
    labels = many.labels["texture"]
    assert np.bincount(labels, minlength=len(TEXTURES)).min() > 60
    # The mean image of a class is that of the others: the phase is random.
    means = np.stack([many.pixels[labels == kind].mean(axis=0) for kind in range(4)])
    error = many.pixels.std(axis=0) / 60**0.5
    assert (np.abs(means - many.pixels.mean(axis=0)) < 5 * error).all()
    assert splits(many).test  # a study can read them too


def test_a_run_goes_on_from_the_methods_that_are_done(tmp_path):
    from goodviews_experiments.methods_learn.run import methods_learn

    methods_learn(scale="test", out=tmp_path, methods=("simclr",))
    assert not (tmp_path / "rows.csv").exists()
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "items").iterdir()}
    run("methods_learn", "test", tmp_path)
    assert all(file.stat().st_mtime_ns == time for file, time in before.items())
    rows, table = read(tmp_path / "rows.csv"), read(tmp_path / "differences.csv")
    assert {row["method"] for row in rows} == {"simclr", "cmc", "supervised"}
    assert len(rows) == 3 * 2 * 3
    assert len(table) == 3 * len(READOUTS) * len(CONTROLS)
    agrees(rows, table)


def agrees(rows, table):
    for line in table:
        own = [r for r in rows if r["method"] == line["method"]]
        mean = {
            role: np.mean([float(r[f"{line['readout']}_top1"]) for r in own if r["role"] == role])
            for role in ("learned", *CONTROLS)
        }
        gap = mean["learned"] - mean[line["control"]]
        assert float(line["difference"]) == pytest.approx(gap, abs=1e-5)
        assert float(line["low"]) <= float(line["difference"]) <= float(line["high"])
        assert (line["learns"] == "True") == (float(line["low"]) > 0)


@pytest.mark.parametrize("folder", sorted(RESULTS.glob("*/")), ids=lambda folder: folder.name)
def test_the_committed_table_agrees_with_its_rows_and_the_page_with_both(folder):
    rows, table = read(folder / "rows.csv"), read(folder / "differences.csv")
    done = {row["method"] for row in table}
    assert done <= set(METHODS)
    agrees(rows, table)
    origin = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert {"command", "commit", "versions", "hardware", "seeds", "wall_s"} <= set(origin)
    page = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    for name in done:
        own = [row for row in table if row["method"] == name]
        cells = [f"{100 * float(r['difference']):+.1f}" for r in own]
        line = next(text for text in page.splitlines() if text.startswith(f"| {name} |"))
        assert all(cell in line for cell in cells), name
