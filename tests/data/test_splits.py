"""Who is held out: sizes, disjointness, and what labels allow."""

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.data import Images, draw_labels, load, splits


def made(labels: dict[str, np.ndarray], n: int, part: np.ndarray | None = None) -> Images:
    return Images(
        name="made",
        pixels=np.zeros((n, 1, 1, 1), np.uint8),
        scale=(0, 255),
        labels=labels,
        classes=dict.fromkeys(labels, ("a", "b", "c", "d")),
        skipped=(),
        source="",
        range_note="",
        hash="0",
        **({} if part is None else {"part": part}),
    )


def test_digits_leave_797_and_classes_keep_their_shares() -> None:
    images = load("digits")
    parts = splits(images, seed=0)
    assert (len(parts.pretrain), len(parts.held_out)) == (1000, 797)
    assert np.array_equal(parts.test["label"], parts.held_out)
    shares = [
        np.bincount(images.labels["label"][i]) / len(i) for i in (parts.pretrain, parts.held_out)
    ]
    assert np.abs(shares[0] - shares[1]).max() < 0.01
    assert parts.hash == splits(images, seed=0).hash != splits(images, seed=1).hash


@pytest.mark.parametrize(
    ("n", "labelled", "pretrain", "held"),
    [
        (64, 64, 52, 12),
        (100, 100, 80, 20),
        (3000, 3000, 1500, 1500),
        (60_000, 60_000, 50_000, 10_000),
        (10_000, 200, 9_488, 512),
        (10_000, 900, 9_100, 900),
        (700, 100, 300, 400),
        (900, 500, 720, 180),
        (1_000, 0, 800, 200),
        (100, 0, 50, 50),
        (80_000, 0, 70_000, 10_000),
    ],
)
def test_sizes_follow_the_rules(n: int, labelled: int, pretrain: int, held: int) -> None:
    column = np.full(n, -1)
    column[:labelled] = np.arange(labelled) % 4
    parts = splits(made({"kind": column} if labelled else {}, n), seed=3)
    assert (len(parts.pretrain), len(parts.held_out)) == (pretrain, held)
    assert len(np.union1d(parts.pretrain, parts.held_out)) == n
    if 0 < labelled < 1000 <= n:
        assert parts.cross_fitted("kind")
        assert np.array_equal(parts.pool["kind"], np.arange(labelled))
        assert not np.isin(parts.pool["kind"], parts.pretrain).any()


@pytest.mark.parametrize("train", [1_000, 30_000])
def test_the_sets_own_test_images_are_held_out(train: int) -> None:
    part = np.repeat(np.array([0, 1], np.int8), [train, 500])
    parts = splits(made({"kind": np.arange(train + 500) % 4}, train + 500, part), seed=0)
    assert np.array_equal(parts.held_out, np.arange(train, train + 500))
    assert np.array_equal(parts.test["kind"], parts.held_out)
    chosen = parts.choose["kind"]
    assert len(chosen) == (5_000 if train == 30_000 else 200)
    assert np.isin(chosen, parts.pretrain).any() == (train == 1_000)


def test_several_tasks_are_split_together() -> None:
    rng = np.random.default_rng(0)
    n = 4000
    rare = np.where(rng.random(n) < 0.1, rng.integers(0, 3, n), -1)
    parts = splits(made({"a": rng.integers(0, 4, n), "b": rare}, n), seed=0)
    for task in "ab":
        assert not parts.cross_fitted(task)
        assert np.isin(parts.test[task], parts.held_out).all()
        assert len(parts.test[task]) > 100


def test_a_class_of_one_image_is_left_out_and_one_class_is_refused() -> None:
    column = np.arange(200) % 2
    column[7] = 2
    parts = splits(made({"kind": column}, 200), seed=0)
    used = np.concatenate([parts.test["kind"], parts.choose["kind"], parts.pool["kind"]])
    assert 7 not in used
    with pytest.raises(InputError, match="one class"):
        splits(made({"kind": np.zeros(200, int)}, 200), seed=0)
    with pytest.raises(InputError, match="at least 64"):
        splits(made({}, 63), seed=0)


def test_a_test_part_of_one_class_is_refused() -> None:
    part = np.repeat(np.array([0, 1], np.int8), [300, 100])
    column = np.where(part == 1, 0, np.arange(400) % 3)
    with pytest.raises(InputError, match="1 classes in both its 100 test"):
        splits(made({"kind": column}, 400, part), seed=0)


def test_label_draws_are_stratified_repeatable_and_nested_in_the_pool() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    pool = np.arange(0, 1000, 2)
    draws = draw_labels(labels, pool, count=50, draws=5, seed=1)
    assert all(np.bincount(labels[one]).tolist() == [30, 15, 5] for one in draws)
    assert all(np.isin(one, pool).all() for one in draws)
    assert len({one.tobytes() for one in draws}) == 5
    again = draw_labels(labels, pool, count=50, draws=3, seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(draws, again, strict=False))
    few = draw_labels(labels, pool, per_class=60, draws=1)[0]
    assert np.bincount(labels[few]).tolist() == [60, 60, 50]
    for wrong in ({}, {"count": 2}, {"count": 501}, {"per_class": 0}):
        with pytest.raises(InputError):
            draw_labels(labels, pool, **wrong)
