"""Spaces: what is searched is read from the spec, and every point is a spec that reads back."""

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.spec.grammar import expand, parse_spec
from goodviews.spec.space import read_space

SPACE = "crop(scale=({0.05: 1.0}, 1))|rotate({0: 45})|blur(p={0, 0.5, 1}) // patches({8: 12})"


def test_every_point_is_a_spec_that_gives_its_values_back():
    space, rng = read_space(SPACE), np.random.default_rng(0)
    for places in rng.random((200, 4)):
        values = tuple(one.at(at) for one, at in zip(space.parameters, places, strict=True))
        view = space.view(values)
        assert space.values(view) == values
        assert len(view) < len(SPACE) + 10  # values are short
        for one, value in zip(space.parameters, values, strict=True):
            assert 0 <= one.place(value) <= 1


def test_points_reach_both_ends_and_no_further():
    for one in read_space(SPACE).parameters:
        ends = [one.at(0.0), one.at(np.nextafter(1, 0))]
        assert [one.place(end) for end in ends] == pytest.approx([0, 1], abs=1e-2)
        assert one.at(1.0) == one.at(np.nextafter(1, 0))


def test_whole_numbers_are_meant_only_where_the_argument_takes_them():
    whole = {one.name: one.whole for one in read_space(f"{SPACE}|jitter({{0: 1}})").parameters}
    assert whole == {
        "crop.scale": False, "rotate.degrees": False, "blur.p": False, "patches.size": True,
        "jitter.strength": False,
    }  # fmt: skip
    drawn = {read_space("patches({8: 10})|flip()").parameters[0].at(at / 100) for at in range(101)}
    assert drawn == {8, 9, 10}


def test_two_parameters_of_one_name_are_told_apart():
    names = [one.name for one in read_space("crop(scale=({0.1: 0.5}, {0.6: 1}))").parameters]
    assert names == ["crop.scale", "crop.scale (2)"]


def test_other_specs_are_no_points_of_a_space():
    space = read_space("crop(scale=({0.05: 1.0}, 1))|flip()")
    for view in ("flip()", "crop(scale=(0.2, 0.9))|flip()", "crop(scale=(0.2, 1))", "crop(", ""):
        assert space.values(view) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("crop(scale=({1.0: 0.1}, 1))", "lower number first, such as {0.1: 1.0}"),
        ("crop(scale=({0.1: 0.1}, 1))", "lower number first"),
        ("crop(scale=({0.1: 0.2, 0.3: 0.4}, 1))", "low and high, such as {0.1: 1.0}"),
        ("crop(scale=({'a': 1}, 1))", "low and high"),
        ("crop(scale=({0.1: True}, 1))", "low and high"),
        ("crop(scale=({{0.1: 0.2}, 0.3}, 1))", "expected plain values"),
        ("crop(interpolation={0: 1})", "takes text; write a set"),
        ("flip(p=0.5)", "neither a range nor a set"),
        ("flip(p={0, 1})", "one set of values"),
        ("crop(scale=({0.1: 1.0}, 1))|zork()", "Unknown view 'zork'"),
        ("crop(scal={0.1: 1.0})", "Unknown argument of crop 'scal'"),
    ],
)
def test_a_space_that_cannot_be_meant_is_refused_in_a_sentence(text, says):
    with pytest.raises(InputError) as caught:
        read_space(text)
    assert says in str(caught.value)


def test_a_family_refuses_ranges_and_says_how_to_search():
    for text in ("crop(scale=({0.1: 1.0}, 1))", "crop(scale=({0.1, 1}, 1))|blur(p={0, 1})"):
        with pytest.raises(InputError, match="--search 40"):
            expand(text)
    assert str(parse_spec("jitter({0.0: 1.0})")[0]) == "jitter({0.0: 1.0})"
