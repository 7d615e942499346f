"""Networks of the comparison: what they learn, and what they cannot."""

from dataclasses import replace

import numpy as np
import pytest
from tests.jobs.study.test_study import few

from goodviews.jobs.study.comparison.draws import make_draws
from goodviews.jobs.study.comparison.recipe import Work, augments, fit_and_test
from goodviews.jobs.study.plan import make_plan
from goodviews.training import supervised
from goodviews.training.small import small_settings

RANDOM = "convnet(width=8)"
LIGHT = "translate(0.1)"


@pytest.fixture(scope="module")
def plan():
    return planned(few(500))


def planned(images):
    settings = replace(small_settings(16, device="cpu"), encoder=RANDOM)
    return make_plan(
        images, images, views=("crop()",), seeds=(0,), settings=settings, candidates=None,
        per_class=10, draws=1,
    )  # fmt: skip


def accuracy(plan, work, name="right"):
    draw = make_draws(plan.tasks[0], None, 1)[0]
    return float(fit_and_test(plan, work, draw)[name].mean())


def test_all_arms_learn_digits_and_training_beats_random_weights(plan, monkeypatch):
    monkeypatch.setattr(supervised, "_LEAST_STEPS", 120)
    scratch = accuracy(plan, Work(0, "scratch", LIGHT))
    probe = accuracy(plan, Work(0, "frozen", encoder=RANDOM))
    tuned = accuracy(plan, Work(0, "tuned", LIGHT, RANDOM, 1.0))
    assert scratch > 0.8
    assert tuned > 0.8  # random weights that are trained: training from scratch under a probe
    assert probe < min(scratch, tuned)


def test_a_rate_of_nothing_keeps_the_encoder(plan, monkeypatch):
    monkeypatch.setattr(supervised, "_LEAST_STEPS", 20)
    heads = [accuracy(plan, Work(0, "tuned", LIGHT, RANDOM, share)) for share in (0.0, 1e-12)]
    assert heads[0] == heads[1]


def test_shuffled_labels_are_learned_by_no_arm(monkeypatch):
    monkeypatch.setattr(supervised, "_LEAST_STEPS", 60)
    images = few(500)
    mixed = np.random.default_rng(0).permutation(images.labels["label"])
    plan = planned(replace(images, labels={"label": mixed}, hash="mixed"))
    tested = len(plan.tasks[0].items)
    chance = 0.1 + 3 * (0.1 * 0.9 / tested) ** 0.5 + 0.01  # the largest class is a little larger
    for work in (
        Work(0, "scratch", LIGHT),
        Work(0, "tuned", LIGHT, RANDOM, 1.0),
        Work(0, "frozen", encoder=RANDOM),
    ):
        assert accuracy(plan, work) < chance
    assert accuracy(plan, Work(0, "frozen", encoder=RANDOM), "knn") < chance


def test_views_of_another_form_do_not_augment():
    images = few(100)
    assert augments("crop()|flip()", images)
    assert not augments("crop(size=8)", images)


@pytest.mark.usefixtures("as_shipped")
def test_steps_grow_with_the_labels():
    assert supervised.training_steps(20) == supervised.training_steps(1000) == 300
    assert supervised.training_steps(64_000) == 10_000
