"""Readouts are right where the answer is known, see only what they may, and say what they did."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from goodviews.core.errors import InputError
from goodviews.evaluation import scores as module
from goodviews.evaluation.budgets import usable_budgets
from goodviews.evaluation.knn import knn_predict, knn_votes
from goodviews.evaluation.protocols import (
    KINDS,
    evaluate_representation,
    paired_difference,
    uniformity_of,
)
from goodviews.evaluation.scores import Parts, few_labels, knn, linear, sgd
from goodviews.evaluation.sgd import PROTOCOLS, Protocol, train_sgd
from goodviews.objectives import uniformity

BRIEF = Protocol("brief", 6, (3, 5), 0.2, rate=1.0, batch=64)


def blobs(count=900, classes=3, dims=6, distance=3.0, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, count)
    x = distance * np.eye(classes, dims)[y] + rng.standard_normal((count, dims))
    return torch.from_numpy(x).float(), y


def thirds(count):
    cut = count // 3
    return Parts(np.arange(cut), np.arange(cut, 2 * cut), np.arange(2 * cut, count))


def test_every_readout_finds_perfect_features_and_none_finds_noise():
    x, y = blobs(distance=40)
    noise, _ = blobs(distance=0, seed=1)
    kinds = ["linear", "knn", "few", "infomin"]
    parts = thirds(900)
    for features, low, high in ((x, 1.0, 1.0), (noise, 1 / 3 - 0.1, 1 / 3 + 0.1)):
        found, right = evaluate_representation(
            features, y, parts, classes=3, kinds=kinds, budgets=["10"], neighbours=20
        )
        assert [one.protocol for one in found] == ["linear", "knn", "few 10", "infomin"]
        for one in found:
            assert low <= one.top1 <= high
            assert one.top1_low <= one.top1 <= one.top1_high
            assert one.tested == 300
            assert len(right[one.protocol]) == 300
        assert found[2].fitted == 30
        assert found[2].draws == 5
    assert found[0].usable_nats == pytest.approx(0, abs=0.05)


def test_the_linear_readout_reaches_the_bayes_rate_of_two_gaussians():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 9000)
    x = torch.from_numpy((2 * y[:, None] - 1) + rng.standard_normal((9000, 1)))
    found = linear(x, y, thirds(9000), classes=2)
    truth = 0.5 * (1 + math.erf(1 / math.sqrt(2)))
    assert abs(found.right.mean() - truth) < 3 * math.sqrt(truth * (1 - truth) / 3000)


def test_no_readout_sees_a_tested_label_nor_a_tested_item(monkeypatch):
    x, y = blobs()
    parts = thirds(900)
    scrambled = y.copy()
    scrambled[parts.test] = (y[parts.test] + 1) % 3
    for job in (
        lambda labels: linear(x, labels, parts, classes=3),
        lambda labels: knn(x, labels, parts, classes=3, neighbours=5),
        lambda labels: few_labels(x, labels, parts, classes=3, budget="10", draws=2),
        lambda labels: sgd(x, labels, parts, classes=3, protocol=BRIEF),
    ):
        one, two = job(y), job(scrambled)
        assert one.setting == two.setting
        assert (two.right <= 1 - one.right + 1e-9).all()  # the same guesses against other labels
    with pytest.raises(InputError, match="must not be fitted"):
        Parts(np.arange(5), np.arange(5, 8), np.arange(4, 9))


def test_items_for_selection_are_neither_fitted_nor_used_by_the_linear_probe():
    x, y = blobs(distance=1.0)
    parts = thirds(900)
    other = y.copy()
    other[parts.choose] = np.random.default_rng(0).integers(0, 3, 300)
    one, two = (linear(x, labels, parts, classes=3) for labels in (y, other))
    assert one.setting == two.setting
    assert (one.right == two.right).all()


def test_cross_fitting_tests_every_item_once_and_fits_on_others(monkeypatch):
    x, y = blobs(count=120)
    seen = []
    real = module.linear_logs

    def spy(features, labels, fit, tested, **options):
        seen.append(len(fit))
        return real(features, labels, fit, tested, **options)

    monkeypatch.setattr(module, "linear_logs", spy)
    found, right = evaluate_representation(
        x, y, np.arange(120), classes=3, kinds=("linear", "knn")
    )
    assert found[0].tested == len(right["linear"]) == 120
    assert found[0].fitted == 96
    assert max(seen) == 96
    assert "5 folds" in found[0].setting
    with pytest.raises(InputError, match="use linear"):
        evaluate_representation(x, y, np.arange(120), classes=3, kinds=("moco",))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("block", [1, 700, 1 << 24])
def test_votes_in_blocks_equal_a_written_out_loop(dtype, block, monkeypatch):
    monkeypatch.setattr("goodviews.evaluation.knn.BLOCK", block)
    rng = torch.Generator().manual_seed(0)
    known, tested = torch.randn(90, 5, generator=rng), torch.randn(11, 5, generator=rng)
    labels = torch.arange(90) % 4
    found = knn_votes(known.to(dtype), labels, tested.to(dtype), classes=4, neighbours=7)
    cosines = F.normalize(tested.double(), dim=1) @ F.normalize(known.double(), dim=1).T
    for m in range(11):
        wanted = torch.zeros(4, dtype=torch.float64)
        for n in cosines[m].argsort(descending=True)[:7]:
            wanted[labels[n]] += math.exp((cosines[m, n] - 1) / 0.1)
        assert torch.allclose(found[m].double(), wanted, atol=1e-5)


def test_bfloat16_changes_few_neighbours_and_hardly_an_answer():
    x, y = blobs(count=1500, distance=2.0)
    known, labels = x[:1000], torch.from_numpy(y[:1000])
    votes = [
        knn_votes(known, labels, x[1000:], classes=3, bf16=b).argmax(1) for b in (False, True)
    ]
    assert (votes[0] == votes[1]).float().mean() > 0.98
    plain = knn_predict(x[:1000].numpy(), y[:1000], x[1000:].numpy(), classes=3, neighbours=200)
    assert (votes[0].numpy() == plain).all()


def test_rates_side_by_side_equal_torchs_optimiser_one_by_one():
    x, y = blobs(count=150)
    labels = torch.from_numpy(y)
    rates = (1.0, 0.01)
    found = train_sgd(x, labels, x, classes=3, protocol=BRIEF, rates=rates, seed=4)
    for place, share in enumerate(rates):
        layer = torch.nn.Linear(6, 3)
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        optimiser = torch.optim.SGD(layer.parameters(), lr=BRIEF.rate * share, momentum=0.9)
        schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, list(BRIEF.drops), BRIEF.factor)
        rng = torch.Generator().manual_seed(4)
        for _ in range(BRIEF.epochs):
            for rows in torch.randperm(150, generator=rng).split(BRIEF.batch):
                optimiser.zero_grad()
                F.cross_entropy(layer(x[rows]), labels[rows]).backward()
                optimiser.step()
            schedule.step()
        assert torch.allclose(found[place], layer(x).log_softmax(1), atol=1e-4)


def test_the_papers_schedules_are_the_papers():
    infomin, cmc, moco = (PROTOCOLS[name] for name in ("infomin", "cmc", "moco"))
    assert (infomin.epochs, infomin.drops, infomin.factor) == (60, (30, 40, 50), 0.2)
    assert (infomin.rate, infomin.batch, infomin.momentum) == (30, 256, 0.9)
    assert (cmc.epochs, cmc.drops, cmc.factor, cmc.batch) == (60, (30, 40, 50), 0.2, 128)
    assert (moco.epochs, moco.drops, moco.factor, moco.rate) == (100, (60, 80), 0.1, 30)
    assert set(PROTOCOLS) <= set(KINDS)


@pytest.mark.parametrize("budget", ["x", "0", "1.5", "200%", "-1", "0.1%"])
def test_a_budget_that_cannot_be_is_refused(budget):
    x, y = blobs(count=300)
    with pytest.raises(InputError, match=r"budget|fewer than one"):
        few_labels(x, y, thirds(300), classes=3, budget=budget)


def test_budgets_that_fit_are_about_label():
    labels = np.arange(1000) % 20
    assert usable_budgets(["1%", "10%", "10", "80"], labels, np.arange(1000)) == ["10%", "10"]


def test_geometry_knows_its_closed_forms():
    _, y = blobs(count=300)
    x = torch.eye(300)[:, :8].repeat(1, 1)
    x = torch.eye(8).repeat(38, 1)[:300]
    found, _ = evaluate_representation(x, y, thirds(300), classes=3, kinds=("geometry",))
    assert found[0].effective_rank == pytest.approx(8, rel=1e-2)
    z = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))
    assert uniformity_of(z) == pytest.approx(
        float(uniformity(F.normalize(z, dim=1)).mean()), abs=1e-4
    )


def test_a_difference_is_paired():
    x, y = blobs(distance=1.5)
    found, right = evaluate_representation(x, y, thirds(900), classes=3, kinds=("linear", "knn"))
    gap = paired_difference(right["linear"], right["knn"], name="linear minus kNN", like=found[0])
    assert gap.role == "difference"
    assert gap.top1 == pytest.approx(found[0].top1 - found[1].top1)
    assert gap.top1_high - gap.top1 < found[0].top1_high - found[0].top1 + 0.02
    none = paired_difference(right["knn"], right["knn"], name="same", like=found[0])
    assert (none.top1, none.top1_low, none.top1_high) == (0, 0, 0)


def test_an_unknown_protocol_names_the_nearest():
    x, y = blobs(count=30)
    with pytest.raises(InputError, match="Did you mean 'linear'"):
        evaluate_representation(x, y, thirds(30), classes=3, kinds=("linaer",))


def test_coin_flip_labels_of_patients_are_read_out_at_chance() -> None:
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(60), 5)
    x = rng.standard_normal((60, 100))[patients] + 0.02 * rng.standard_normal((300, 100))
    y = rng.integers(0, 2, 60)[patients]
    (wide,), _ = evaluate_representation(x, y, np.arange(300), classes=2, kinds=("linear",))
    assert wide.top1 > 0.9  # images of a patient are on both sides
    found, _ = evaluate_representation(
        x, y, np.arange(300), classes=2, budgets=("10",), groups=patients
    )
    for score in found[:3]:
        assert score.top1_low < 0.5 < score.top1_high
        assert score.top1 < 0.7
    with pytest.raises(InputError, match="groups are on both sides"):
        Parts(np.arange(2), np.arange(0), np.arange(2, 5), patients)
