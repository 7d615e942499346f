"""Images of an evaluation are read as those of the pretraining run were."""

import numpy as np
import pytest

from goodviews import evaluate, load, pretrain
from goodviews.core.errors import InputError


def test_channels_and_range_of_a_run_are_those_of_its_evaluation(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    values = np.random.default_rng(0).integers(-1000, 3000, (90, 6, 8, 12)).astype(np.int16)
    file = tmp_path / "bands.npz"
    np.savez(file, images=values, labels=np.arange(90) % 2)
    with pytest.raises(InputError, match="--channels first"):
        evaluate("pixels", file, protocols=["knn"], seeds=0, out=tmp_path / "none")
    small = {"backbone": "convnet(width=2)", "changes": {"head": "projector(dim=4)"}}
    run = pretrain(
        file, channels="first", value_range=(-1000, 3000), views="noise(std=0.1)",
        epochs=1, out=tmp_path / "run", **small,
    )  # fmt: skip
    loaded = []

    def spy(data, **options):
        loaded.append(load(data, **options))
        return loaded[-1]

    monkeypatch.setattr("goodviews.evaluation.openers.load", spy)
    for i, encoder in enumerate((run, run.folder, run.file)):
        evaluate(encoder, file, protocols=["knn"], seeds=0, out=tmp_path / str(i))
        assert loaded[-1].scale == (-1000, 3000)
        assert np.array_equal(loaded[-1].pixels, values)
    evaluate(run, file, value_range=(0, 3000), protocols=["knn"], seeds=0, out=tmp_path / "own")
    assert loaded[-1].scale == (0, 3000)
