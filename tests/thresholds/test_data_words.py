"""Every threshold behind the words of ``goodviews doctor`` has a case close to either side."""

import numpy as np
import pytest

from goodviews.data import Images, load
from goodviews.data.doctor import _labels, _squashed


def images(*counts):
    """Images of classes of these sizes."""
    column = np.repeat(np.arange(len(counts)), counts)
    pixels = np.zeros((len(column), 1, 2, 2), dtype=np.uint8)
    names = tuple(map(str, range(len(counts))))
    return Images(
        name="made", pixels=pixels, scale=(0.0, 255.0), labels={"label": column},
        classes={"label": names}, skipped=(), source="", range_note="", hash="0" * 16,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("smaller", "larger", "odd"),
    [(100, 280, False), (100, 320, True), (7, 23, False), (7, 33, True)],
)
def test_classes_are_imbalanced_once_one_is_three_times_another_beyond_chance(
    smaller, larger, odd
):
    assert ("odd" in {one.kind for one in _labels(images(smaller, larger))}) is odd


@pytest.mark.parametrize(("known", "few"), [(80, True), (125, False)])
def test_less_than_a_hundred_labels_leave_wide_intervals(known, few):
    half = known // 2
    assert ("missing" in {one.kind for one in _labels(images(half, known - half))}) is few


@pytest.mark.parametrize("marked", [1, 40])
@pytest.mark.parametrize(
    ("fill", "top", "reported"),
    [(255, 40, True), (255, 60, False), (200, 40, True), (130, 40, False)],
)
def test_a_fill_value_far_from_a_sliver_is_reported(marked, fill, top, reported):
    """8-bit values keep their range, so a fill value leaves the others in a small part of it."""
    pixels = np.random.default_rng(0).integers(0, top, (40, 16, 16), dtype=np.uint8)
    pixels.reshape(40, -1)[:, :marked] = fill
    assert ("mark no data" in _squashed(load(pixels))) is reported
