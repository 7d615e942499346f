"""The arm that learned from labels: as many images, the same batch and network, stored once."""

import json

import numpy as np
import pytest
from PIL import Image

import goodviews
from goodviews.core.errors import InputError
from goodviews.jobs.transfer import supervised

TINY = {"steps": 2, "batch": 4, "size": 32, "seeds": 1, "label_counts": [3]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run, images with classes, and images with a class for each pixel."""
    root, rng = tmp_path_factory.mktemp("supervised"), np.random.default_rng(0)
    for number in range(70):
        pixels = rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)
        folder = root / "classes" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    for number in range(8):
        for folder in ("images", "labels"):
            (root / "pixels" / folder).mkdir(parents=True, exist_ok=True)
            values = rng.integers(0, 2, (32, 32), dtype=np.uint8)
            Image.fromarray(values).save(root / "pixels" / folder / f"{number}.png")
    goodviews.pretrain(
        rng.random((100, 3, 16, 16)),
        backbone="convnet(width=2)",
        epochs=3,
        batch=20,
        out=root / "run",
        changes={"head": "projector(dim=4)"},
    )
    return root


def test_it_sees_as_many_images_as_the_encoder_and_is_trained_once(made, tmp_path, monkeypatch):
    against = [f"supervised:{made / 'classes'}"]
    found = goodviews.transfer(
        made / "run", made / "pixels", against=against, out=tmp_path / "t", **TINY
    )
    (one,) = found.differences
    assert one.against == "supervised on classes"
    (folder,) = (tmp_path / "t").glob("supervised-*")
    about = json.loads((folder / "passport.json").read_text())
    assert about["settings"]["epochs"] * about["data"]["count"] == pytest.approx(300, rel=0.15)
    assert about["settings"]["batch"] == 20
    assert about["settings"]["encoder"].startswith("convnet(width=2")
    assert about["settings"]["objective"] == "cross_entropy()"
    assert about["size"] == [16, 16]
    monkeypatch.setattr(supervised, "train", None)
    again = goodviews.transfer(
        made / "run", made / "pixels", against=against, out=tmp_path / "t", **TINY
    )
    assert again.rows == found.rows


def test_what_lacks_a_length_or_classes_is_said(made, tmp_path, monkeypatch):
    monkeypatch.delenv("GOODVIEWS_DATA", raising=False)
    for encoder, against, words in (
        ("convnet(width=2)", "supervised", "as long as the encoder was.*--recipe supervised"),
        (made / "run", "supervised", "no imagenette96 in GOODVIEWS_DATA.*supervised:FOLDER"),
        (made / "run", f"supervised:{made / 'pixels' / 'images'}", "class for each image"),
    ):
        with pytest.raises(InputError, match=words):
            goodviews.transfer(
                encoder, made / "pixels", against=[against], out=tmp_path / "bad", **TINY
            )
