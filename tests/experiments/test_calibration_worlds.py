import math

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.views import parse_view
from goodviews_experiments.calibration_erasure.run import ERASED, erasures
from goodviews_experiments.calibration_worlds import run as worlds
from goodviews_experiments.calibration_worlds.planted import HELD_OUT, TUNING, plant, seed_of


@pytest.mark.parametrize("name", ["vectors", "shapes"])
def test_a_planted_view_keeps_the_factors_it_names_and_no_other(name):
    planted = plant(name, 3)
    assert list(planted.images.labels) == [planted.task]
    assert planted.images.part.sum() == 400
    kept = planted.nuisances[0]
    x = planted.images.batch(np.arange(300))
    v1, v2 = parse_view(planted.keep(planted.task, kept))(
        x, seed=0, samples=torch.arange(300), epoch=0
    )
    for factor, block in planted.blocks.items():
        own = list(block)
        if factor in (planted.task, kept):
            assert torch.equal(v1[:, own], x[:, own])
            assert torch.equal(v2[:, own], x[:, own])
        else:
            both = torch.stack([v1[:, own].flatten(), v2[:, own].flatten()])
            assert abs(float(torch.corrcoef(both)[0, 1])) < 5 / math.sqrt(both.shape[1])
    # As many different blocks as the factor has values: the block shows it, all of it.
    for factor, block in planted.blocks.items():
        shown = {image.tobytes() for image in planted.images.pixels[:, list(block)]}
        assert len(shown) == planted.world.factors[factor]


def test_regimes_of_planted_views_follow_from_their_factors():
    planted = plant("vectors", 1)
    task, first = planted.task, planted.nuisances[0]
    assert planted.sharing(task).regime == "sweet_spot"
    assert planted.sharing(task, first).regime == "excess"
    assert planted.sharing(first).regime == "missing"
    assert planted.keep(*planted.blocks) == "identity()"
    assert planted.keep(first) != planted.keep(first, turned=True)
    with pytest.raises(InputError, match="planted world"):
        plant("graphs", 0)


def test_seeds_of_the_two_halves_are_fixed_and_apart():
    halves = [
        {seed_of(sentence, world, n) for world in ("vectors", "shapes") for n in range(200)}
        for sentence in (TUNING, HELD_OUT)
    ]
    assert [len(half) for half in halves] == [400, 400]
    assert not halves[0] & halves[1]


@pytest.mark.usefixtures("as_shipped")
def test_what_a_view_keeps_of_a_label_is_found_in_planted_worlds():
    rows = [r for n in range(2) for r in erasures("vectors", seed_of(TUNING, "vectors", n), 40)]
    assert not any(row["above"] for row in rows)
    for row in rows:
        assert row["apart"] is (row["erased"] in ("half", "label"))
        assert not (row["less"] and row["erased"] in ("nothing", "background"))
        assert row["less"] or row["erased"] != "label"
        assert row["low"] <= row["nats"] <= row["ceiling_nats"] <= math.log(4)
    by = {name: [row["nats"] for row in rows if row["erased"] == name] for name in ERASED}
    assert max(by["label"]) < min(by["half"]) < max(by["half"]) < min(by["nothing"])
    assert max(abs(nats - math.log(2)) for nats in by["half"]) < 0.15


@pytest.mark.slow
@pytest.mark.usefixtures("as_shipped")
def test_a_small_study_finds_what_was_planted(monkeypatch):
    for name, value in (("EPOCHS", 15), ("DRAWS", 5), ("RUNS", 2)):
        monkeypatch.setattr(worlds, name, value)
    rows = worlds.one_study("vectors", seed_of(TUNING, "vectors", 0))
    views = [row for row in rows if row["kind"] == "view"]
    assert [row["truth"] for row in views[:5]] == ["sweet_spot", *2 * ["excess"], *2 * ["missing"]]
    for row in views:
        # The bound may not pass the truth by more than its noise.
        assert row["nats"] < row["true_nats"] + 0.15
        if row["truth"] == "missing":
            assert row["said"] == "missing"
        else:
            assert row["said"] != "missing"
    nulls = [row for row in rows if row["kind"] != "view"]
    assert [row["kind"] for row in nulls] == ["twin", "double", "shuffled"]
    table = worlds.summary(rows)
    assert sum(row["count"] for row in table if row["truth"] == "missing") >= 2
    assert all(row["low"] <= row["count"] / row["total"] <= row["high"] for row in table)
