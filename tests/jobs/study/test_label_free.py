"""Rows hold the scores that need no labels, and they follow from the encoder alone."""

from dataclasses import fields, replace

import numpy as np
import pytest

from goodviews.core.records.rows import Row
from goodviews.data import load, splits
from goodviews.encoders import build_pair
from goodviews.evaluation.label_free import RANKERS, rank_views
from goodviews.evaluation.label_free.rankers import SCORES
from goodviews.jobs.study import label_free_scores
from goodviews.jobs.study.label_free import spread
from goodviews.views import parse_view


@pytest.fixture(scope="module")
def digits():
    whole = load("digits")
    return replace(whole, pixels=whole.pixels[:300], labels={}, classes={}, part=whole.part[:300])


def scored(images, view="crop(scale=(0.3, 1))", seed=0, count=None):
    pair, some = parse_view(view), images.batch(np.arange(8))
    encoders = build_pair(
        "convnet(width=4)", some, some, shared=pair.same, head="projector(dim=8)", seed=0
    ).eval()
    held = splits(images).held_out[:count]
    return label_free_scores(encoders, pair, images, held, seed=seed)


def test_every_score_is_a_column_and_every_ranker_has_its_scores(digits):
    found = scored(digits)
    assert set(found) | {"estimate_nats"} == set(SCORES)
    assert set(found) <= {field.name for field in fields(Row)}
    assert all(np.isfinite(value) for value in found.values())
    two = {name: np.array([value, value + 1]) for name, value in found.items()}
    two["estimate_nats"] = np.array([1.0, 2.0])
    assert all(rank_views(ranker, two).sum() == 1 for ranker in RANKERS)


def test_the_same_encoder_and_seed_give_the_same_scores(digits):
    assert scored(digits) == scored(digits)


def test_scores_of_whole_images_do_not_depend_on_the_draw_of_views(digits):
    one, other = scored(digits, seed=0), scored(digits, seed=1)
    for name in ("spectrum_decay", "learnability", "intrinsic_dimension", "rotation_top1"):
        assert one[name] == other[name]
    assert one["lidar"] != other["lidar"]


def test_too_few_images_leave_the_score_undefined(digits):
    found = scored(digits, count=3)
    assert np.isnan(found["spectrum_decay"])
    assert np.isnan(found["learnability"])
    assert np.isfinite(found["lidar"])


def test_rows_are_spread_over_images_in_the_order_of_their_classes():
    classes = np.repeat(np.arange(10), 300)
    some = spread(np.arange(3000), 256)
    assert len(np.unique(some)) == 256
    assert np.bincount(classes[some]).min() >= 25
    assert spread(np.arange(5), 9).tolist() == [0, 1, 2, 3, 4]
