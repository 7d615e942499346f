"""Large tables are in files, and give what small ones give."""

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.evaluation import large
from goodviews.evaluation.features import represent
from goodviews.evaluation.knn import knn_votes
from goodviews.evaluation.linear import linear_logs
from goodviews.evaluation.openers import open_encoder
from goodviews.evaluation.protocols import evaluate_representation
from goodviews.evaluation.ridge import fit_ridge
from goodviews.evaluation.scores import Parts
from goodviews.jobs.evaluate import evaluate

N, F = 600, 12


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Every table above 100 values counts as large."""
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))

    def shrink():
        monkeypatch.setattr(large, "LARGE", 100)
        monkeypatch.setattr(large, "BLOCK", 64)

    return shrink


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, N)
    x = 0.7 * np.eye(3)[labels] @ rng.normal(size=(3, F)) + rng.normal(size=(N, F))
    return x.astype(np.float32), labels, np.arange(400), np.arange(400, N)


@pytest.fixture
def mapped(monkeypatch):
    """Shapes of the tables that were put in files."""
    shapes, real = [], np.memmap

    def memmap(*given, shape):
        shapes.append(shape)
        return real(*given, shape=shape)

    monkeypatch.setattr(large.np, "memmap", memmap)
    return shapes


def test_a_table_is_in_a_file_only_where_it_is_large(small, mapped):
    large.room(20, 10)
    small()
    large.room(5, 10)
    assert mapped == []
    assert large.room(20, 10).shape == (20, 10)
    assert mapped == [(20, 10)]


def test_rows_that_are_taken_are_those_of_the_table(small, problem, mapped):
    x, _, _, some = problem
    small()
    found = large.take(torch.from_numpy(x), some)
    assert mapped == [(len(some), F)]
    assert np.array_equal(found.numpy(), x[some])
    every = large.take(torch.from_numpy(x), slice(None, None, 8))
    assert np.array_equal(every.numpy(), x[::8])


def test_a_probe_a_ridge_and_votes_are_the_same_in_files(small, problem):
    x, labels, fit, tested = problem

    def found():
        logs, penalty = linear_logs(x, labels, fit, x[tested], classes=3)
        ridge = fit_ridge(x[fit], labels[fit], penalties=(0.01,))[0].predict(x[tested])
        tables = [torch.from_numpy(one) for one in (x[fit], labels[fit], x[tested])]
        return penalty, logs, ridge, knn_votes(*tables, classes=3, neighbours=9).numpy()

    before = found()
    small()
    after = found()
    assert before[0] == after[0]
    assert after[1] == pytest.approx(before[1], abs=1e-3)  # the probe is fitted to a tolerance
    for one, other in zip(before[2:], after[2:], strict=True):
        assert other == pytest.approx(one, abs=1e-4)


def test_scores_are_the_same_in_files(small, problem):
    x, labels, fit, tested = problem
    parts = Parts(fit, fit[:0], tested)
    kinds = ("linear", "knn", "few", "geometry")

    def tops():
        scores, _ = evaluate_representation(x, labels, parts, classes=3, kinds=kinds, draws=2)
        return [score.top1 for score in scores if score.top1 is not None]

    before = tops()
    small()
    assert tops() == pytest.approx(before, abs=1 / len(tested))


def test_an_evaluation_leaves_no_file_behind(small, tmp_path):
    images = load("digits")
    small()
    evaluate("pixels", images, protocols=["knn"], seeds=0, out=tmp_path / "o")
    left = [path for path in (tmp_path / "cache").glob("*") if path.is_file()]
    assert left == []


def test_a_full_disk_is_a_sentence(small, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    small()
    monkeypatch.setattr("os.posix_fallocate", full, raising=False)
    with pytest.raises(InputError, match="GOODVIEWS_CACHE"):
        large.room(20, 10)


def test_representations_in_a_file_are_not_read_into_memory(tmp_path):
    np.save(tmp_path / "z.npy", np.eye(4, dtype=np.float32))
    opened = open_encoder(tmp_path / "z.npy", channels=1, size=8, count=4)
    assert opened.embed(None, torch.tensor([2])).tolist() == [[0, 0, 1, 0]]
    np.save(tmp_path / "bad.npy", np.full((4, 2), np.nan, dtype=np.float32))
    with pytest.raises(InputError, match="not finite"):
        open_encoder(tmp_path / "bad.npy", channels=1, size=8, count=4)


def test_several_representations_of_each_image_keep_their_shape():
    images, index = load("digits"), np.arange(7)

    def turned(x, _):
        return torch.stack([x.flatten(1), x.flip(3).flatten(1)], dim=1)

    made = represent(images, index, turned, batch=4)
    assert made.shape == (7, 2, 256)
    x = images.batch(index)
    assert torch.equal(made[:, 1], x.flip(3).flatten(1))
