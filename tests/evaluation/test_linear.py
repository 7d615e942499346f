"""One linear probe: the same features, labels and parts give the same number everywhere."""

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from goodviews.evaluation import LabelDraw, evaluate_readout, linear_logs, scores
from goodviews.evaluation.factor_readout import read_factor
from goodviews.evaluation.factors import as_factors
from goodviews.evaluation.protocols import evaluate_representation
from goodviews.jobs.pretrain import probe as log

judging = import_module("goodviews.jobs.learn_views.judge")


@pytest.fixture
def made():
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 4
    features = np.eye(4)[labels] + 0.9 * rng.standard_normal((300, 4))
    order = rng.permutation(300)
    return features.astype(np.float32), labels, np.sort(order[:80]), np.sort(order[80:])


def test_the_same_features_and_labels_give_the_same_number_everywhere(made, monkeypatch):
    features, labels, fit, test = made
    logs, penalty = linear_logs(features, labels, fit, features[test], classes=4)
    right, picked = logs.argmax(axis=1) == labels[test], logs[np.arange(len(test)), labels[test]]
    assert 0.5 < right.mean() < 0.95

    study = evaluate_readout(features, labels, [LabelDraw(fit, test)], classes=4)
    assert (study.right == right).all()
    assert study.log_prob == pytest.approx(picked, abs=1e-6)
    assert study.penalty == penalty

    parts = scores.Parts(fit, np.zeros(0, np.int64), test)
    evaluate, _ = evaluate_representation(features, labels, parts, classes=4, kinds=("linear",))
    assert evaluate[0].top1 == right.mean()
    one = scores.linear(torch.from_numpy(features), labels, parts, classes=4)
    assert one.log_prob == pytest.approx(picked, abs=1e-6)

    (factor,), _ = as_factors({"class": labels})
    leak = read_factor(features, factor, fit=fit, test=test)
    assert leak.score == right.mean()
    assert leak.penalty == penalty

    index = np.concatenate([fit, test])
    images = SimpleNamespace(labels={"class": labels}, classes={"class": tuple("abcd")})
    encoders = SimpleNamespace(
        training=False,
        eval=lambda: None,
        train=lambda mode: None,
        parameters=lambda: iter([torch.ones(1)]),
    )

    def represent(_, rows, embed, **options):
        return torch.from_numpy(features[rows])

    monkeypatch.setattr(log, "represent", represent)
    own = log.Probe.__new__(log.Probe)
    own.images, own.pair, own.task, own.known, own.tested = images, None, "class", fit, test
    assert own(encoders)["linear_top1"] == right.mean()

    monkeypatch.setattr(judging, "represent", represent)
    monkeypatch.setattr(judging, "parse_view", lambda view: None)
    found = SimpleNamespace(
        encoders=encoders, estimate=None, levelled_off=True, history=SimpleNamespace(steps=1)
    )
    monkeypatch.setattr(judging, "shared_nats", lambda *given, **options: found)
    judged = judging.judge(
        images, "crop()", pretrain_on=index, held_out=index, labelled=fit, test=test,
        labels=labels, settings=None, candidates=2, seed=0,
    )  # fmt: skip
    assert (judged.right == right).all()


def test_few_labels_are_a_study_of_the_same_draws(made):
    features, labels, fit, test = made
    parts = scores.Parts(fit, np.zeros(0, np.int64), test)
    x = torch.from_numpy(features)
    few = scores.few_labels(x, labels, parts, classes=4, budget="5", draws=3)
    sets = scores.drawn_sets(labels, fit, budget="5", draws=3)
    study = evaluate_readout(features, labels, [LabelDraw(one, test) for one in sets], classes=4)
    assert few.by_draw == pytest.approx(study.by_draw)
    assert few.log_prob == pytest.approx(study.log_prob)


def test_a_value_beyond_the_fitted_ones_counts_as_the_nearest_of_them(made):
    features, labels, fit, _ = made
    far = features[fit].max(axis=0, keepdims=True)
    logs, _ = linear_logs(features, labels, fit, np.concatenate([far, 100 * far]), classes=4)
    assert logs[0] == pytest.approx(logs[1])
