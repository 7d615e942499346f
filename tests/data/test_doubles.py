"""Near-doubles and columns of groups are found, and nothing where images are independent."""

import time

import numpy as np

from goodviews.data import examine, load
from goodviews.data.doubles import near_doubles
from goodviews.data.group_checks import like_groups

PATIENTS = np.repeat(np.arange(60), 5)


def near(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    faces = rng.integers(20, 236, (60, 16, 16))[PATIENTS]
    return (faces + rng.integers(-6, 7, faces.shape)).astype(np.uint8)


def test_near_doubles_are_found_and_belong_to_the_same_patient() -> None:
    found = near_doubles(load(near()), np.arange(0, 300, 5), np.arange(1, 300, 5))
    assert (found >= 0).mean() > 0.95
    assert np.isin(found, [-1, *range(1, 300, 5)]).all()
    assert np.array_equal(found[found >= 0], np.arange(1, 300, 5)[found >= 0])


def test_independent_images_and_digits_have_few() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2000, 16, 16)).astype(np.uint8)
    assert (near_doubles(load(noise), np.arange(500), np.arange(500, 2000)) < 0).all()
    found = near_doubles(load("digits"), np.arange(500), np.arange(500, 1797))
    assert (found >= 0).mean() < 0.01


def test_doctor_reports_near_doubles_until_groups_are_named() -> None:
    images = near()
    labels = {"kind": (PATIENTS % 7 < 3).astype(int), "patient": PATIENTS}
    text = " ".join(map(str, examine(images, labels=labels)))
    assert "are nearly the same as an image for pretraining" in text
    assert "add --groups patient" in text
    text = " ".join(map(str, examine(images, labels=labels, groups="patient")))
    assert "nearly the same" not in text
    assert "looks like a group" not in text


def test_a_column_inside_another_looks_like_a_group_and_a_class_does_not() -> None:
    labels = {"kind": (PATIENTS % 7 < 3).astype(int), "code": PATIENTS, "age": np.arange(300) % 30}
    assert like_groups(load(near(), labels=labels)) == ["code"]


def test_many_images_are_compared_in_seconds() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (52_000, 12, 12)).astype(np.uint8)
    images, begun = load(pixels), time.process_time()
    near_doubles(images, np.arange(1000), np.arange(2000, 52_000))
    assert time.process_time() - begun < 10
