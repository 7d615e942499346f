"""Readouts see only what they may, are right where the answer is known, and chance is chance."""

import math

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.evaluation import LabelDraw, evaluate_readout, represent
from goodviews.evaluation import readout as module
from goodviews.evaluation.knn import knn_predict
from goodviews.evaluation.linear import choose_penalty, linear_logs, penalties


def blobs(count, classes, *, distance, dims=6, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % classes)
    centres = np.eye(classes, dims) * distance
    return centres[labels] + rng.standard_normal((count, dims)), labels


def halves(count, draws, *, seed=0, share=0.5):
    rng = np.random.default_rng(seed)
    cut = int(count * share)
    orders = [rng.permutation(count) for _ in range(draws)]
    return [LabelDraw(np.sort(order[:cut]), np.sort(order[cut:])) for order in orders]


def test_perfect_features_are_read_out_perfectly_and_give_the_whole_entropy():
    labels = np.arange(400) % 4
    features = 50 * np.eye(4)[labels]
    found = evaluate_readout(features, labels, halves(400, 3), classes=4)
    assert (found.right == 1).all()
    assert (found.knn_right == 1).all()
    assert (found.by_draw == 1).all()
    # H(y) - CE: a penalised readout is a little less sure than it could be.
    usable = math.log(4) + found.log_prob.mean()
    assert math.log(4) - 0.02 < usable <= math.log(4)


def test_shuffled_labels_are_read_out_at_chance():
    features, labels = blobs(600, 3, distance=8)
    shuffled = np.random.default_rng(1).permutation(labels)
    found = evaluate_readout(features, shuffled, halves(600, 4), classes=3)
    n = len(found.items)
    stderr = math.sqrt(1 / 3 * 2 / 3 / n)
    assert abs(found.right.mean() - 1 / 3) < 3 * stderr
    assert abs(found.knn_right.mean() - 1 / 3) < 3 * stderr
    # Knowing nothing, it says so: no usable information, and hardly less than none.
    assert -0.05 < math.log(3) + found.log_prob.mean() < 0.02
    real = evaluate_readout(features, labels, halves(600, 4), classes=3)
    assert real.right.mean() > 0.95


def test_no_item_is_tested_where_it_was_fitted(monkeypatch):
    labels = np.arange(60) % 3
    features = np.arange(60.0)[:, None]  # a feature that names its item
    draws = halves(60, 5, share=0.7)
    seen = []

    def spy(features, known, fit, tested, *, classes, penalty):
        seen.append((features[fit, 0].astype(int), tested[:, 0].astype(int)))
        assert (known == labels).all()
        return np.full((len(tested), classes), -math.log(classes)), penalty

    monkeypatch.setattr(module, "linear_logs", spy)
    found = evaluate_readout(features, labels, draws, classes=3)
    assert len(seen) == 5
    for (fitted, tested), draw in zip(seen, draws, strict=True):
        assert not set(fitted) & set(tested)
        assert set(fitted) == set(draw.fit)
        assert set(tested) == set(draw.test)
    assert set(found.items) == set(np.concatenate([draw.test for draw in draws]))


def test_a_draw_that_tests_what_it_fits_is_refused():
    with pytest.raises(InputError, match="both"):
        LabelDraw(np.array([0, 1, 2]), np.array([2, 3]))


def test_the_penalty_is_chosen_from_fitted_items_alone():
    features, labels = blobs(200, 3, distance=1.5)
    draws = halves(200, 3, share=0.3)
    fits = [draw.fit for draw in draws]
    used = np.unique(np.concatenate(fits))
    rest = np.setdiff1d(np.arange(200), used)
    assert len(rest) > 20
    scrambled_x, scrambled_y = features.copy(), labels.copy()
    scrambled_x[rest] = np.nan
    scrambled_y[rest] = 2 - scrambled_y[rest]
    assert choose_penalty(features, labels, fits, classes=3) == choose_penalty(
        scrambled_x, scrambled_y, fits, classes=3
    )


def test_the_penalty_is_strong_for_noise_and_weak_for_signal():
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    noise = choose_penalty(rng.standard_normal((120, 30)), labels, [np.arange(120)], classes=2)
    clear = np.concatenate([labels[:, None] * 10.0 + rng.standard_normal((120, 1))], axis=1)
    signal = choose_penalty(clear, labels, [np.arange(120)], classes=2)
    assert noise == max(penalties(120))
    assert signal < noise


@pytest.mark.parametrize("labels", [[0], [0, 1], [0, 0, 0, 0], [0, 0, 0, 1], [0, 1, 2, 3]])
def test_few_labels_and_single_classes_still_give_a_penalty(labels):
    labels = np.array(labels)
    features = np.random.default_rng(0).standard_normal((len(labels), 3))
    penalty = choose_penalty(features, labels, [np.arange(len(labels))], classes=4)
    assert penalty in penalties(len(labels))


def probe(fitted, labels, tested, *, classes):
    every = np.arange(len(fitted))
    return linear_logs(fitted, labels, every, tested, classes=classes, penalty=1e-3)[0]


def test_probabilities_sum_to_one_and_a_class_never_seen_keeps_a_share():
    features, labels = blobs(90, 3, distance=3)
    for known in (labels < 3, labels < 2, labels < 1):
        logs = probe(features[known], labels[known], features, classes=3)
        assert logs.shape == (90, 3)
        assert np.allclose(np.exp(logs).sum(axis=1), 1, atol=1e-6)
        assert np.isfinite(logs).all()
    assert (logs[:, 0] > logs[:, 1]).all()


def test_the_readout_does_not_mind_scale_shift_or_a_feature_that_never_changes():
    features, labels = blobs(200, 3, distance=2)
    fit, test = np.arange(100), np.arange(100, 200)
    one = probe(features[fit], labels[fit], features[test], classes=3)
    moved = features * 1000 - 37
    two = probe(moved[fit], labels[fit], moved[test], classes=3)
    assert np.allclose(one, two, atol=5e-3)
    dead = np.concatenate([features, np.full((200, 1), 5.0)], axis=1)
    three = probe(dead[fit], labels[fit], dead[test], classes=3)
    assert np.isfinite(three).all()
    assert (three.argmax(axis=1) == one.argmax(axis=1)).mean() > 0.95


def test_features_that_separate_nothing_give_the_label_counts():
    labels = np.array([0] * 75 + [1] * 25)
    logs = probe(np.zeros((100, 2)), labels, np.zeros((1, 2)), classes=2)
    assert np.allclose(np.exp(logs[0]), [0.75, 0.25], atol=0.01)


def test_a_readout_on_other_features_tests_those():
    features, labels = blobs(200, 2, distance=8)
    draws = halves(200, 2)
    same = evaluate_readout(features, labels, draws, classes=2)
    noise = np.random.default_rng(3).standard_normal(features.shape)
    other = evaluate_readout(features, labels, draws, classes=2, tested=noise)
    assert same.right.mean() > 0.98
    assert other.right.mean() < 0.7
    assert other.penalty == same.penalty


def test_each_item_counts_its_own_draws():
    features, labels = blobs(60, 2, distance=10)
    draws = [
        LabelDraw(np.arange(0, 40), np.arange(40, 50)),
        LabelDraw(np.arange(0, 40), np.arange(45, 55)),
    ]
    found = evaluate_readout(features, labels, draws, classes=2, knn=False)
    assert found.items.tolist() == list(range(40, 55))
    assert (found.knn_right == 0).all()
    assert len(found.by_draw) == 2
    assert found.penalty in penalties(40)


@pytest.mark.parametrize("neighbours", [1, 5, 50])
def test_nearest_neighbours_equal_a_written_out_vote(neighbours):
    rng = np.random.default_rng(neighbours)
    known, tested = rng.standard_normal((30, 4)), rng.standard_normal((20, 4))
    labels = rng.integers(0, 3, 30)
    found = knn_predict(known, labels, tested, classes=3, neighbours=neighbours, temperature=0.2)
    for row, guess in zip(tested, found, strict=True):
        cosines = [row @ k / np.linalg.norm(row) / np.linalg.norm(k) for k in known]
        near = np.argsort(cosines)[::-1][:neighbours]
        votes = [sum(math.exp(cosines[j] / 0.2) for j in near if labels[j] == c) for c in range(3)]
        assert guess == int(np.argmax(votes))


def test_nearest_neighbours_see_directions_only_and_survive_zeros():
    rng = np.random.default_rng(0)
    known, tested = rng.standard_normal((30, 4)), rng.standard_normal((20, 4))
    labels = rng.integers(0, 3, 30)
    stretched = known * rng.uniform(0.1, 10, (30, 1))
    found = knn_predict(known, labels, tested, classes=3)
    assert (knn_predict(stretched, labels, tested * 7, classes=3) == found).all()
    assert knn_predict(known * 0, labels, tested, classes=3).shape == (20,)


class Numbered:
    """Images whose pixels are their own place."""

    def batch(self, index, device=None):
        return torch.as_tensor(index, dtype=torch.float32)[:, None, None, None]


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_representations_come_in_the_order_asked_in_any_batches_without_a_gradient(batch):
    index = np.array([5, 2, 9, 0, 7])
    weight = torch.ones(1, requires_grad=True)

    def embed(x, places):
        assert (x.flatten().long() == places).all()
        return x.flatten(1) * weight

    found = represent(Numbered(), index, embed, batch=batch)
    assert found.flatten().tolist() == index.tolist()
    assert not found.requires_grad
