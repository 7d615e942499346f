"""Readouts of several labels and of numbers: right values, chance, groups, what is refused."""

import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data.tasks import LabelTask
from goodviews.evaluation.scores import Parts
from goodviews.evaluation.task_readout import linear_maps
from goodviews.evaluation.task_scores import evaluate_task, task_difference

N = 400
PARTS = Parts(np.arange(200), np.zeros(0, dtype=int), np.arange(200, N))
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 8))
LABELS = (X[:, :3] + 0.5 * RNG.standard_normal((N, 3)) > 0.5).astype(float)
NUMBERS = X[:, :1] + 0.5 * RNG.standard_normal((N, 1))  # the best R2 is 0.8


def several(values=LABELS):
    names = tuple(f"label_{k}" for k in range(values.shape[1]))
    return LabelTask("a", "labels", values[:, 0].astype(int), ("0", "1"), values, names)


def number(values=NUMBERS):
    strata = np.digitize(values[:, 0], np.quantile(values, (0.25, 0.5, 0.75)))
    return LabelTask("y", "number", strata, ("1", "2", "3", "4"), values, ("y",))


def scored(task, x=X, parts=PARTS, **more):
    found, items = evaluate_task(x, task, parts, budgets=("10",), **more)
    return {one.protocol: one for one in found}, items


def test_a_number_is_predicted_as_well_as_its_noise_allows():
    found, items = scored(number())
    linear = found["linear"]
    assert linear.r2_low < 0.8 < linear.r2_high
    assert linear.r2 == pytest.approx(0.8, abs=0.06)
    assert linear.usable_nats == pytest.approx(-0.5 * np.log(1 - linear.r2), abs=0.03)
    assert found["few 10"].r2 < linear.r2
    assert found["few 10"].draws == 5
    assert items["linear"].mean() == pytest.approx(linear.r2)
    assert found["geometry"].effective_rank > 6
    assert linear.top1 is None


def test_several_labels_are_read_by_a_probe_each():
    found, _ = scored(several())
    linear = found["linear"]
    assert 0.9 < linear.auroc_low < linear.macro_auroc < linear.auroc_high < 1
    assert 0.8 < linear.mean_average_precision < 1
    assert linear.top1 > 0.8
    assert linear.usable_nats > 0.2
    for seed in range(1, 4):  # without knowledge the interval holds chance
        noise = np.random.default_rng(seed).standard_normal((N, 8))
        blank, _ = scored(several(), noise, kinds=("linear", "knn"))
        for one in blank.values():
            assert one.auroc_low < 0.5 + 0.03
            assert one.auroc_high > 0.5 - 0.03


def test_a_better_representation_is_better_by_its_paired_interval():
    for task, name in ((several(), "macro_auroc"), (number(), "r2")):
        good, mine = scored(task, kinds=("linear",))
        _, other = scored(task, X[:, 3:], kinds=("linear",))
        gap = task_difference(
            mine["linear"], other["linear"], name="gap", like=good["linear"], groups=None
        )
        low = gap.auroc_low if name == "macro_auroc" else gap.r2_low
        assert gap.role == "difference"
        assert low > 0.1


def test_folds_test_every_item_once_and_leave_groups_whole():
    groups = np.repeat(np.arange(N // 5), 5)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((N // 5, 30))[groups]  # all images of a group are alike
    values = rng.standard_normal((N // 5, 1))[groups]
    found, items = evaluate_task(
        x, number(values), np.arange(N), kinds=("linear", "knn"), groups=groups
    )
    assert len(items["linear"]) == N
    assert all(one.r2 < 0.15 for one in found)
    known, _ = evaluate_task(x, number(values), np.arange(N), kinds=("knn",), neighbours=3)
    assert known[0].r2 > 0.8  # what groups prevent


def test_labels_that_are_not_known_are_neither_fitted_nor_tested():
    values = LABELS.copy()
    values[::2, 1] = np.nan
    found, _ = scored(several(values), kinds=("linear", "knn"))
    assert all(one.macro_auroc > 0.85 for one in found.values())


def test_protocols_for_classes_say_so():
    with pytest.raises(InputError, match="needs one class for each image, but 'y' holds a number"):
        scored(number(), kinds=("moco",))


def test_frequencies_alone_are_worth_nothing_where_few_images_have_the_even_label():
    rng = np.random.default_rng(1)
    values = (rng.random((N, 2)) < (0.5, 0.05)).astype(float)
    values[rng.random(N) < 0.9, 0] = np.nan
    noise = rng.standard_normal((N, 2))
    found, _ = scored(several(np.nan_to_num(values)), noise, kinds=("linear",))
    assert abs(found["linear"].usable_nats) < 0.03
    task = LabelTask("a", "labels", np.zeros(N, int), ("0",), values, ("even", "rare"))
    found, _ = scored(task, noise, kinds=("linear",))
    assert abs(found["linear"].usable_nats) < 0.03


def test_a_label_that_is_unknown_of_all_fitted_images_is_left_to_chance():
    values = LABELS[:, :2].copy()
    values[:200, 0] = np.nan
    task = LabelTask("a", "labels", np.zeros(N, int), ("0",), values, ("late", "known"))
    found, _ = scored(task, kinds=("linear", "knn", "few"))
    own, _ = scored(several(values[:, 1:]), kinds=("linear", "knn"))
    for kind in ("linear", "knn"):
        assert found[kind].macro_auroc == pytest.approx((0.5 + own[kind].macro_auroc) / 2)
    weight, bias = linear_maps(torch.from_numpy(X).float(), task, np.arange(200), penalty=0.1)
    assert weight[:, 0].abs().max() == bias[0] == 0
    assert weight[:, 1].abs().max() > 0
