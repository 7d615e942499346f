"""Real sets, where GOODVIEWS_DATA says they are."""

import os

import numpy as np
import pytest

from goodviews.data import load, splits

pytestmark = pytest.mark.skipif(
    "GOODVIEWS_DATA" not in os.environ, reason="GOODVIEWS_DATA names no folder of real data"
)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_mnist_is_read_packed_and_where_it_lies() -> None:
    images = load("mnist")
    assert images.pixels.shape == (70_000, 1, 28, 28)
    assert np.bincount(images.labels["label"]).tolist()[:2] == [6903, 7877]
    parts = splits(images, seed=0)
    assert [len(parts.pretrain), len(parts.held_out)] == [55_000, 10_000]
    assert len(parts.choose["label"]) == 5_000


def test_cifar10_pixels_are_the_files_own() -> None:
    images = load("cifar10_exact")
    with np.load(os.path.join(os.environ["GOODVIEWS_DATA"], "cifar10_exact", "test.npz")) as own:
        assert np.array_equal(images.pixels[-1], own["images"][-1].transpose(2, 0, 1))
        assert np.array_equal(images.labels["label"][images.part == 1], own["labels"])
        assert images.classes["label"] == tuple(own["classes"])


def test_jpegs_in_an_array_file_are_decoded() -> None:
    images = load(os.path.join(os.environ["GOODVIEWS_DATA"], "cifar10_jpeg", "test.npz"))
    assert images.pixels.shape == (10_000, 3, 32, 32)
    mean = images.pixels.reshape(10_000, 3, -1).mean(axis=(0, 2)) / 255
    assert np.allclose(mean, [0.494, 0.485, 0.450], atol=0.01)


def test_imagenette_shrinks_to_32_pixels_with_its_parts() -> None:
    images = load("imagenette96", size=32)
    assert images.pixels.shape == (11_469, 3, 32, 32)
    assert int(images.part.sum()) == 2_000
    assert len(images.classes["label"]) == 10
    assert images.skipped == ()
