"""A map keeps what it says it keeps, and the nearest neighbours are those of all rows."""

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.evaluation.plane import nearest_agreement, nearest_rows, plane


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.parametrize("shape", [(40, 7), (12, 30)])  # more rows than features, and fewer
def test_the_plane_is_that_of_the_two_largest_singular_values(shape):
    x = np.random.default_rng(0).normal(size=shape)
    points, share = plane(x)
    left, values, _ = np.linalg.svd(unit(x) - unit(x).mean(axis=0), full_matrices=False)
    expected = left[:, :2] * values[:2]
    assert np.abs(points) == pytest.approx(np.abs(expected), abs=1e-9)
    assert share == pytest.approx((values[:2] ** 2).sum() / (values**2).sum())


def test_a_plane_neither_depends_on_norms_nor_on_the_order_of_the_rows():
    rng = np.random.default_rng(0)
    x, order = rng.normal(size=(50, 5)), rng.permutation(50)
    points, _ = plane(x)
    again, _ = plane(x[order] * rng.uniform(0.1, 10, (50, 1)))
    assert again == pytest.approx(points[order], abs=1e-9)


def test_directions_on_a_line_and_equal_images_have_a_plane():
    assert plane(np.ones((5, 3)))[0] == pytest.approx(np.zeros((5, 2)))
    assert plane(np.array([[1.0], [-1.0], [2.0]]))[0][:, 1].tolist() == [0, 0, 0]


def test_too_few_images_and_an_unknown_map_are_refused():
    with pytest.raises(InputError, match="at least 3 images, but got 2"):
        plane(np.ones((2, 4)))
    with pytest.raises(InputError, match="Unknown map 'tsne'"):
        plane(np.ones((5, 4)), by="tsne")


@pytest.mark.slow
def test_umap_keeps_two_far_groups_apart():
    pytest.importorskip("umap")
    rng = np.random.default_rng(0)
    groups = np.arange(60) % 2
    x = 5 * np.eye(4)[groups] + 0.1 * rng.normal(size=(60, 4))
    points, share = plane(x, by="umap")
    assert np.isnan(share)
    assert nearest_agreement(points, groups)[0] == 1
    assert np.array_equal(points, plane(x, by="umap")[0])


@pytest.mark.parametrize("block", [3, 1000])
def test_the_nearest_rows_are_those_of_the_whole_matrix_of_cosines(block, monkeypatch):
    monkeypatch.setattr("goodviews.evaluation.plane._ROWS", block)
    x = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    near, cosines = nearest_rows(x, np.array([4, 11]), count=5)
    for row, places, found in zip((4, 11), near, cosines, strict=True):
        true = unit(x) @ unit(x)[row]
        true[row] = -2
        assert places.tolist() == np.argsort(-true)[:5].tolist()
        assert found == pytest.approx(np.sort(true)[::-1][:5], abs=1e-6)


def test_an_image_is_not_its_own_neighbour_even_where_few_exist():
    near, _ = nearest_rows(np.eye(3), np.array([1]), count=10)
    assert sorted(near[0].tolist()) == [0, 2]


def test_agreement_is_that_of_chance_for_labels_without_meaning():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 1500)
    share, chance = nearest_agreement(rng.normal(size=(1500, 3)), labels)
    assert chance == pytest.approx(0.25, abs=0.01)
    assert abs(share - chance) < 4 * (chance * (1 - chance) / 1500) ** 0.5


def test_neighbours_of_the_same_group_do_not_count():
    points = np.array([[0.0], [0.1], [1.0], [5.0]])
    labels, groups = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    assert nearest_agreement(points, labels)[0] == 0.75  # the third image is nearer to the second
    assert nearest_agreement(points, labels, groups)[0] == 0.25
