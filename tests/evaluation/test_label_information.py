"""The bound on I(v; y): below the truth, and near it where labels suffice."""

import math

import numpy as np
import pytest
import torch

from goodviews.core.errors import ShapeError
from goodviews.evaluation.label_information import label_information
from goodviews.evaluation.patches import Patches

pytestmark = pytest.mark.usefixtures("as_shipped")


def cut(count, folds=5):
    return [np.arange(count)[place::folds] for place in range(folds)]


def noisy(labels, share, *, draws=4, rng, classes=4):
    """Indicators of a symmetric channel: with some chance another class is shown, in all draws."""
    other = (labels + torch.randint(1, classes, labels.shape, generator=rng)) % classes
    wrong = torch.rand(labels.shape, generator=rng) < share
    seen = torch.where(wrong, other, labels)
    shown = torch.eye(classes)[seen].expand(draws, -1, -1)
    return shown + 0.2 * torch.randn(draws, len(labels), classes, generator=rng)


def of_channel(share, classes=4):
    parts = np.array([1 - share, *[share / (classes - 1)] * (classes - 1)])
    return math.log(classes) + float((parts[parts > 0] * np.log(parts[parts > 0])).sum())


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_the_bound_is_near_the_information_of_a_channel_and_not_above_it(share):
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(800) % 4
    found = label_information(noisy(labels, share, rng=rng), labels.numpy(), cut(800), classes=4)
    error = found.items.std(ddof=1) / 800**0.5
    truth = of_channel(share)
    assert truth - 0.1 - 2 * error < found.nats < truth + 2.5 * error
    assert found.ceiling_nats == pytest.approx(math.log(4))


def test_nothing_is_found_where_there_is_nothing():
    lows, values = [], []
    for seed in range(5):
        rng = torch.Generator().manual_seed(seed)
        labels = np.random.default_rng(seed).integers(0, 3, 90)
        found = label_information(
            torch.randn(3, 90, 20, generator=rng), labels, cut(90), classes=3
        )
        values.append(found.nats)
        lows.append(found.nats - 2 * found.items.std(ddof=1) / 90**0.5)
    assert sum(low > 0 for low in lows) == 0
    assert np.mean(values) < 0.02
    assert np.median(values) > -0.1  # and little is lost by looking


def test_half_a_label_is_half_of_it_with_ten_labels_a_class():
    rng = torch.Generator().manual_seed(1)
    labels = torch.arange(80) % 8
    half = torch.eye(4)[labels // 2].expand(4, -1, -1)
    features = torch.cat([half + 0.05 * torch.randn(4, 80, 4, generator=rng),
                          torch.randn(4, 80, 12, generator=rng)], dim=2)  # fmt: skip
    order = torch.randperm(80, generator=rng)
    found = label_information(features[:, order], labels[order].numpy(), cut(80), classes=8)
    assert found.nats == pytest.approx(math.log(4), abs=0.25)
    assert found.rise.mean() > -0.05


def test_no_label_of_a_fold_has_a_say_in_its_own_probabilities():
    rng = torch.Generator().manual_seed(0)
    labels = (torch.arange(60) % 3).numpy()
    features = noisy(torch.from_numpy(labels), 0.1, rng=rng, classes=3)
    folds = cut(60)
    before = label_information(features, labels, folds, classes=3)
    swapped = labels.copy()
    pair = folds[0][:2]
    swapped[pair] = labels[pair[::-1]]  # the frequencies stay the same
    after = label_information(features, swapped, folds, classes=3)
    rest = folds[0][2:]
    np.testing.assert_allclose(before.items[rest], after.items[rest], atol=1e-6)


def test_two_folds_choose_nothing_and_say_nothing():
    labels = np.arange(20) // 2 % 2
    told = torch.eye(2)[torch.from_numpy(labels)][None]
    found = label_information(told, labels, cut(20, folds=2), classes=2)
    assert found.items == pytest.approx(0, abs=0.06)
    with pytest.raises(ShapeError):
        label_information(told, labels[:-1], cut(19), classes=2)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 96, 96), (16, 1, 1), (12, 16, 16), (1, 2, 5)])
def test_patches_describe_images_of_any_shape(shape):
    x = torch.rand(40, *shape, generator=torch.Generator().manual_seed(0))
    describe = Patches(x, atoms=8)
    made = describe(x)
    assert made.isfinite().all()
    assert made.shape[1] <= 8 * 2 * 9 + 256
    assert torch.equal(made, Patches(x, atoms=8)(x))
    assert torch.allclose(describe(x[3:5]), made[3:5], atol=1e-5)
    flat = torch.full((40, *shape), 0.5)
    assert Patches(flat, atoms=8)(flat).isfinite().all()
