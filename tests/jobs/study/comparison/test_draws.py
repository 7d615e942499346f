import numpy as np
import pytest

from goodviews.jobs.study.comparison.draws import label_counts, make_draws
from goodviews.jobs.study.plan import Task


def task(labels, *, pool, items, crossed=False, groups=None, budget=20, chose=()):
    choose = np.isin(items, chose)
    names = tuple(map(str, range(labels.max() + 1)))
    return Task("label", labels, names, (), items, choose, budget, crossed, groups, pool)


def test_draws_of_a_pool_are_tested_on_the_reported_images_only():
    labels = np.arange(400) % 2
    made = task(labels, pool=np.arange(200), items=np.arange(200, 400))
    assert label_counts(made, 2) == [4, None]
    small = make_draws(made, 4, 4)
    assert [draw.labels for draw in small] == [8] * 4
    assert len({tuple(draw.fit) for draw in small}) == 4
    whole = make_draws(made, None, 4)
    for draw in [*small, *whole]:
        assert np.isin(draw.fit, made.pool).all()
        assert np.array_equal(draw.test, made.items)
    assert all(np.array_equal(draw.fit, made.pool) for draw in whole)
    assert {len(draw.fit) for draw in make_draws(made, None, 4, most=50)} == {50}
    assert all(np.isin(a.fit, make_draws(made, 4, 8)[a.number].fit).all() for a in small)


def test_folds_test_every_image_once_and_divide_no_group():
    labels, groups = np.arange(120) % 3, np.arange(120) // 4
    made = task(labels, pool=np.arange(120), items=np.arange(120), crossed=True, groups=groups)
    for each in (4, None):
        draws = make_draws(made, each, 4)
        assert np.array_equal(np.sort(np.concatenate([d.test for d in draws])), made.items)
        for draw in draws:
            assert not np.isin(groups[draw.fit], groups[draw.test]).any()


def test_few_labels_have_one_count_and_still_four_draws():
    labels = np.arange(6) % 3
    made = task(labels, pool=np.arange(6), items=np.arange(6), crossed=True, budget=3)
    assert label_counts(made, 3) == [1, None]
    draws = make_draws(made, None, 4)
    assert len(draws) == 4
    assert all(len(np.intersect1d(d.fit, d.test)) == 0 for d in draws)


def test_more_counts_lie_between_the_smallest_and_the_full_one():
    labels = np.arange(2000) % 2
    made = task(labels, pool=np.arange(1000), items=np.arange(1000, 2000))
    counts = label_counts(made, 5)
    assert counts[:3] == [4, None, 10]
    assert all(4 < one < 500 for one in counts[2:])


@pytest.mark.parametrize(("classes", "each"), [(2, 4), (5, 4), (7, 3), (10, 2), (100, 2)])
def test_the_smallest_count_is_a_handful_where_nearly_all_is_labelled(classes, each):
    labels = np.arange(3000) % classes
    pool, items = np.arange(2000), np.arange(2000, 3000)
    assert label_counts(task(labels, pool=pool, items=items), 2) == [each, None]
    crossed = task(labels, pool=np.arange(3000), items=np.arange(3000), crossed=True)
    assert label_counts(crossed, 2) == [4, None]


def test_images_that_chose_the_view_are_fitted_to_and_never_tested():
    labels, chose = np.arange(120) % 3, np.arange(0, 120, 2)
    made = task(labels, pool=np.arange(120), items=np.arange(120), crossed=True, chose=chose)
    draws = make_draws(made, None, 4)
    tested = np.sort(np.concatenate([draw.test for draw in draws]))
    assert np.array_equal(tested, np.arange(1, 120, 2))
    assert all(np.isin(chose, draw.fit).any() for draw in draws)
