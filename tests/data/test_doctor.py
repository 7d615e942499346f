"""The doctor names what is odd, and never raises for a set that cannot be used."""

from pathlib import Path

import numpy as np
import pytest
import torch

from goodviews.data import examine, load
from goodviews.jobs.look.pace import pace


def test_digits_are_ready() -> None:
    found = examine("digits")
    assert found[-1].action == "goodviews study digits"
    assert {finding.kind for finding in found} == {"read", "next"}


def test_doubles_constants_and_missing_labels_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    pixels = np.random.default_rng(0).integers(0, 256, (80, 8, 8), dtype=np.uint8)
    pixels[3] = pixels[4]
    pixels[9] = 5
    np.save(tmp_path / "a.npy", pixels)
    text = "\n".join(map(str, examine(tmp_path / "a.npy")))
    assert "1 of 80 images are exact duplicates" in text
    assert "1 of 80 images have a single colour" in text
    assert "missing: There are no labels" in text
    np.save(tmp_path / "b.npy", pixels[:9])
    assert examine(tmp_path / "b.npy")[-1].kind == "broken"
    assert examine(tmp_path / "nothing")[0].kind == "broken"


def test_a_step_is_timed_in_its_parts() -> None:
    finding, study = pace(load("digits"))
    assert study.kind == "read"
    assert "A study at 16x16 pixels is expected to take about" in study.sentence
    assert finding.kind in ("read", "slow")
    for part in ("reading", "two views", "model"):
        assert f"{part} " in finding.sentence
    assert finding.action


def test_raw_images_are_bytes_where_255_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    pixels = np.random.default_rng(0).integers(0, 256, (80, 8, 8), dtype=np.uint8)
    rows = np.array([3, 70, 3])
    for name, values, dtype in (
        ("full", pixels, torch.uint8),
        ("dark", pixels // 8, torch.float32),
        ("deep", pixels.astype(np.uint16) * 200, torch.float32),
    ):
        np.save(tmp_path / f"{name}.npy", values)
        images = load(tmp_path / f"{name}.npy")
        raw = images.raw(rows)
        assert raw.dtype == dtype
        unit = raw.float() / 255 if dtype == torch.uint8 else raw
        assert torch.equal(unit, images.batch(rows))


def test_images_of_one_value_are_not_ready(tmp_path):
    np.save(tmp_path / "flat.npy", np.zeros((80, 8, 8), np.uint8))
    found = examine(tmp_path / "flat.npy")
    assert any(f.kind == "broken" and "a single colour" in str(f) for f in found)
    assert all(f.kind != "next" for f in found)


def test_images_of_one_pixel_or_one_colour_are_not_ready(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (80, 1, 1, 3), dtype=np.uint8)
    np.save(tmp_path / "dots.npy", colours)
    np.save(tmp_path / "plain.npy", np.broadcast_to(colours, (80, 8, 8, 3)))
    for name, said in (("dots", "only one pixel"), ("plain", "a single colour")):
        found = examine(tmp_path / f"{name}.npy")
        assert any(f.kind == "broken" and said in str(f) for f in found)
        assert all(f.kind != "next" for f in found)


def test_the_doctor_looks_at_images_in_memory():
    pixels = np.random.default_rng(0).integers(0, 256, (80, 8, 8), dtype=np.uint8)
    found = examine(pixels, labels=np.arange(80) % 2)
    assert found[0].sentence == "80 images named 'array', 1 channel, 8x8 pixels, uint8."
    assert found[-1].action == "goodviews.study(...) with the same arguments"
