"""Training against a plain loop: that both take the same steps, and what counts as equal."""

import csv
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from goodviews.core import InputError
from goodviews_experiments import run
from goodviews_experiments.training_parity.peer import lightly_loss
from goodviews_experiments.training_parity.run import MARGIN, METHODS, difference, training_parity


def contrastive(options, queue):
    """Of all views in the batch or, with a queue, of stored keys; written out."""
    stored = [F.normalize(torch.randn(*queue, generator=torch.Generator().manual_seed(0)), dim=1)]

    def loss(one, other):
        one, other = F.normalize(one, dim=1), F.normalize(other, dim=1)
        if queue[0]:
            logits = torch.cat([(one * other).sum(1, keepdim=True), one @ stored[0].T], dim=1)
            stored[0] = torch.cat([other.detach(), stored[0]])[: queue[0]]
            target = torch.zeros(len(one), dtype=torch.long)
        else:
            both = torch.cat([one, other])
            logits = both @ both.T
            logits = logits.masked_fill(torch.eye(len(both), dtype=torch.bool), -torch.inf)
            target = torch.arange(len(both)).roll(len(one))
        return F.cross_entropy(logits / options["temperature"], target)

    return loss


def barlow(options):
    def loss(one, other):
        one, other = ((z - z.mean(0)) / z.std(0, correction=0) for z in (one, other))
        gap = (one.T @ other / len(one) - torch.eye(one.shape[1])) ** 2
        rest = gap.sum() - gap.diagonal().sum()
        return gap.diagonal().sum() + options["redundancy"] * rest

    return loss


def vicreg(options):
    def loss(one, other):
        total = options["invariance"] * F.mse_loss(one, other)
        for z in (one, other):
            total = total + options["variance"] * F.relu(1 - (z.var(0) + 1e-4).sqrt()).mean() / 2
            cov = torch.cov(z.T)
            rest = (cov**2).sum() - (cov.diagonal() ** 2).sum()
            total = total + options["covariance"] * rest / z.shape[1]
        return total

    return loss


def make_loss(name, options, queue):
    if name == "byol":
        return lambda one, other: -F.cosine_similarity(one, other).mean()
    if name in ("barlow", "vicreg"):
        return {"barlow": barlow, "vicreg": vicreg}[name](options)
    return contrastive(options, queue)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("parity")
    return training_parity(scale="test", out=place, make_loss=make_loss)


def rows(file):
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_the_small_run_trains_every_method_both_ways_and_resumes(folder):
    before = {path: path.stat().st_mtime_ns for path in (folder / "items").iterdir()}
    training_parity(scale="test", out=folder, make_loss=make_loss)
    assert {path: path.stat().st_mtime_ns for path in (folder / "items").iterdir()} == before
    found = rows(folder / "rows.csv")
    assert len(found) == len(METHODS) * 2 * 2
    assert [row["method"] for row in rows(folder / "differences.csv")] == list(METHODS)


def test_losses_of_both_arms_agree_as_far_as_batch_norm_over_two_views_allows(folder):
    """The plain loop encodes each view alone; its loss of BYOL is lower by a constant of 4."""
    found = {(row["method"], row["seed"], row["arm"]): row for row in rows(folder / "rows.csv")}
    for (method, seed, arm), ours in found.items():
        if arm == "plain":
            continue
        plain = found[method, seed, "plain"]
        for name in ("loss_first", "loss_last"):
            constant = 4 if method == "byol" else 0
            wanted = pytest.approx(float(plain[name]) + constant, rel=0.12)
            if method != "mocov2" or name == "loss_last":  # the first queue is drawn differently
                assert float(ours[name]) == wanted, (method, seed, name)


@pytest.mark.parametrize(
    ("shift", "verdict"), [(0.0, "equal"), (0.04, "different"), (0.015, "undecided")]
)
def test_a_difference_is_equal_only_where_its_interval_is_within_the_margin(shift, verdict):
    rng = np.random.default_rng(0)
    plain = rng.random((8, 20_000)) < 0.4
    ours = np.where(rng.random(plain.shape) < shift / 0.6, True, plain)
    row = difference("simclr", np.stack([ours, plain], axis=1).astype(float))
    assert row["verdict"] == verdict
    assert row["points"] == pytest.approx(100 * shift, abs=0.3)
    assert MARGIN == 1.5


def test_noise_over_seeds_keeps_a_difference_undecided():
    rates = 0.4 + 0.03 * np.array([[1, 0], [0, 1], [1, 0], [0, 1]])
    right = np.random.default_rng(1).random((4, 2, 4000)) < rates[:, :, None]
    assert difference("byol", right.astype(float))["verdict"] == "undecided"


def test_a_missing_peer_is_named_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightly", None)
    with pytest.raises(InputError, match="pip install lightly"):
        run("training_parity", "test", tmp_path / "parity")


def test_our_losses_are_those_of_the_peer():
    pytest.importorskip("lightly")
    options = {"temperature": 0.2, "redundancy": 0.005}
    options |= {"invariance": 25.0, "variance": 25.0, "covariance": 1.0}
    one, other = torch.randn(2, 32, 8, generator=torch.Generator().manual_seed(0))
    for name in METHODS:
        queue = (0, 8) if name != "mocov2" else (64, 8)
        peer, own = lightly_loss(name, options, queue), make_loss(name, options, queue)
        if name != "mocov2":  # its first queue is random
            torch.testing.assert_close(peer(one, other), own(one, other))
