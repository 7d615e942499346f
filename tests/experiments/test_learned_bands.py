"""Bands: every split once, what crosstalk counts, and a run that goes on where it stopped."""

import csv

import pytest
import torch

from goodviews.core.intervals import runs_interval
from goodviews.worlds.bands import Bands
from goodviews_experiments.learned_bands.arms import (
    SCALE,
    bands_parts,
    crosstalk,
    every_split,
    sides_of,
)
from goodviews_experiments.learned_bands.run import KNOWN, learned_bands


def test_every_split_stands_there_once():
    for channels in (2, 3, 4, 6):
        found = set()
        for split in every_split(channels):
            order, first = sides_of(split, channels)
            picked = order.argmax(1).tolist()
            assert sorted(picked) == list(range(channels))
            found.add(frozenset((frozenset(picked[:first]), frozenset(picked[first:]))))
        assert len(found) == len(every_split(channels)) == 2 ** (channels - 1) - 1


def test_crosstalk_is_none_when_unmixed_and_a_half_when_halved():
    unmix = torch.linalg.inv(Bands.matrix())
    assert crosstalk(unmix, 3) < 1e-10
    swapped = torch.diag(torch.tensor([-2.0, 1, 1, 0.3, 1, 5])) @ unmix
    assert crosstalk(swapped, 3) < 1e-10  # neither signs nor lengths of channels matter
    # Channels i and i + 3 hold half of planes i and i + 3 each.
    both = torch.eye(3).repeat(2, 2) * torch.tensor([[1.0], [1.0], [1.0], [-1.0], [-1.0], [-1.0]])
    both[3:, 3:] *= -1
    assert crosstalk(both @ unmix, 3) == pytest.approx(0.5)
    for split in every_split(6):
        order, first = sides_of(split)
        assert crosstalk(order, first) == pytest.approx(min(first, 6 - first) / 6)


def test_nobody_is_tested_or_held_out_who_trains_and_planes_are_unmixed():
    parts, unmixed = bands_parts(SCALE["test"])
    groups = [parts.pretrain_on, parts.held_out, parts.test]
    assert sum(map(len, groups)) == len({int(one) for group in groups for one in group})
    assert set(parts.labelled) <= set(parts.pretrain_on)
    planes = unmixed.images.batch(parts.test)
    again = Bands(16).unmix(parts.images.batch(parts.test))
    for one, other in zip(planes.flatten(2).unbind(1), again.flatten(2).unbind(1), strict=True):
        both = torch.stack([one.flatten(), other.flatten()])
        assert torch.corrcoef(both)[0, 1] > 0.99  # but for the scale and a few ends


def test_the_smallest_run_writes_its_tables_and_goes_on_where_it_stopped(tmp_path):
    learned_bands(scale="test", out=tmp_path)
    tables = {name: _read(tmp_path / f"{name}.csv") for name in ("rows", "table", "orders")}
    assert [row["arm"] for row in tables["rows"]][:2] == [KNOWN, "semi, matrix"]
    assert float(tables["rows"][0]["crosstalk"]) == 0
    assert {row["over"] for row in tables["orders"]} == {KNOWN, *every_split(6)[:2]}
    assert (tmp_path / "figure.svg").exists()
    cells = {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}
    learned_bands(scale="test", out=tmp_path)
    assert cells == {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}
    assert _read(tmp_path / "rows.csv") == tables["rows"]


def test_an_interval_of_one_run_counts_items_alone():
    runs = torch.rand(1, 50, generator=torch.Generator().manual_seed(0)).numpy()
    low, high = runs_interval(runs)
    assert high - low == pytest.approx(2 * 2.0096 * runs.std(ddof=1) / 50**0.5, rel=1e-3)


def _read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
