"""Errors say what was given, what was expected and what to type next."""

import math

import numpy as np
import pytest

from goodviews.core.errors import InputError, ShapeError, check_positive, check_shapes, unknown


def test_letters_that_agree_are_returned():
    sizes = check_shapes(
        "a: B D, b: B D, c: M D", np.zeros((4, 8)), np.zeros((4, 8)), np.zeros((5, 8))
    )
    assert sizes == {"B": 4, "D": 8, "M": 5}


def test_what_is_none_is_passed_over():
    assert check_shapes("a: B D, b: M D", np.zeros((4, 8)), None) == {"B": 4, "D": 8}


def test_dots_stand_for_any_axes_in_front():
    for front in [(), (2,), (2, 3)]:
        assert check_shapes("x: ... H W", np.zeros((*front, 5, 6))) == {"H": 5, "W": 6}
    with pytest.raises(ShapeError):
        check_shapes("x: ... H W", np.zeros(5))


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ([(4, 8), (4, 9)], ["b is (4, 9)", "D = 9", "a has D = 8"]),
        ([(4, 8), (5, 8)], ["b is (5, 8)", "B = 5", "a has B = 4"]),
        ([(4, 8), (4, 8, 1)], ["b must have", "has 3 axes", "(B, D)"]),
        ([(4,), (4, 8)], ["a must have", "has 1 axes", "(B, D)"]),
        ([(), (4, 8)], ["a must have", "has 0 axes"]),
    ],
)
def test_a_disagreement_names_both_tensors_and_the_letter(shapes, words):
    with pytest.raises(ShapeError) as error:
        check_shapes("a: B D, b: B D", *(np.zeros(shape) for shape in shapes))
    assert all(word in str(error.value) for word in words)


def test_one_letter_twice_in_a_tensor_means_a_square():
    assert check_shapes("scores: B B", np.zeros((3, 3))) == {"B": 3}
    with pytest.raises(ShapeError, match="B = 4"):
        check_shapes("scores: B B", np.zeros((3, 4)))


def test_one_tensor_for_each_name_is_needed():
    with pytest.raises(ValueError):
        check_shapes("a: B, b: B", np.zeros(3))


@pytest.mark.parametrize("value", [0, -1, math.inf, -math.inf, math.nan])
def test_what_is_not_positive_and_finite_is_refused(value):
    with pytest.raises(InputError, match="temperature"):
        check_positive("temperature", value)


def test_the_nearest_name_is_suggested_and_all_are_listed():
    message = str(unknown("view", "crpo", {"crop": 1, "flip": 2, "blur": 3}))
    assert message == "Unknown view 'crpo'. Did you mean 'crop'? Known: blur, crop, flip."
    assert "Did you mean" not in str(unknown("view", "zzz", ["crop"]))
