"""Tested images that an encoder was trained on are found by their pixels, and told."""

import numpy as np
import pytest

from goodviews.data import Images, load
from goodviews.evaluation.seen import Seen, fingerprints, seen_sentence, share_seen


def made(pixels, name="some"):
    return Images(
        name=name,
        pixels=pixels,
        scale=(0.0, 255.0),
        labels={},
        classes={},
        skipped=(),
        source="",
        range_note="",
        hash="0" * 16,
    )


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (60, 1, 4, 4), dtype=np.uint8)


def test_the_share_is_that_of_equal_pixels_in_any_order_and_under_any_name(pixels):
    first = made(pixels)
    seen = Seen("some", np.unique(fingerprints(first, np.arange(20, 50))), (1, 4, 4))
    order = np.random.default_rng(1).permutation(60)
    other = made(pixels[order], name="other")
    tested = np.flatnonzero(order < 30)  # of which 20 to 29 were seen
    assert share_seen(seen, other, tested) == pytest.approx(10 / 30)
    changed = pixels.copy()
    changed[:, 0, 0, 0] ^= 1
    assert share_seen(seen, made(changed), tested) == 0


def test_what_cannot_be_compared_is_not_called_unseen(pixels):
    images, some = made(pixels), np.arange(10)
    prints = fingerprints(images, some)
    assert share_seen(None, images, some) is None
    assert share_seen(Seen("some", None, (1, 4, 4)), images, some) is None
    assert share_seen(Seen("some", prints, (1, 8, 8)), images, some) is None


@pytest.mark.parametrize(
    ("seen", "share", "said"),
    [
        (None, None, "Nothing says which images"),
        (Seen("d", None, (1, 16, 16)), None, "kept no fingerprints of d"),
        (Seen("d", np.zeros(1), (1, 8, 8)), None, "at 1 x 8 x 8 pixels, and these have 1 x 16"),
        (Seen("d", np.zeros(1), (1, 16, 16)), 0.0, "None of the 10 tested images"),
        (Seen("d", np.zeros(1), (1, 16, 16)), 0.3, "3 of the 10 tested images, without"),
        (Seen("d", np.zeros(1), (1, 16, 16), True), 1.0, "do not hold for new images"),
    ],
)
def test_each_case_has_its_sentence(seen, share, said):
    assert said in seen_sentence("ours", seen, load("digits"), share, 10)
