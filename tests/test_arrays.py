"""Functions of tensors answer a NumPy array with one sentence."""

import inspect

import numpy as np
import pytest
import torch

from goodviews import information, objectives
from goodviews.core.errors import InputError
from goodviews.views import parse_view


def of_tensors():
    """Public functions with their arguments that must be tensors."""
    for room in (objectives, information):
        for name in room.__all__:
            function = getattr(room, name)
            if inspect.isfunction(function):
                given = inspect.signature(function).parameters.values()
                needed = [
                    one
                    for one in given
                    if one.default is one.empty and one.kind != one.VAR_POSITIONAL
                ]
                tensors = [one.name for one in needed if str(one.annotation) == "Tensor"
                           or one.annotation is torch.Tensor]  # fmt: skip
                if tensors and len(tensors) == len([one for one in needed if one.kind < 2]):
                    yield pytest.param(function, needed, id=name)


@pytest.mark.parametrize(("function", "needed"), list(of_tensors()))
def test_an_array_is_refused_and_the_conversion_named(function, needed):
    array = np.full((8, 8), 0.5, np.float32)
    given = [array for one in needed if one.kind < 2]
    more = {one.name: 1 for one in needed if one.kind is inspect.Parameter.KEYWORD_ONLY}
    with pytest.raises(InputError, match=r"must be a torch tensor.*torch\.as_tensor"):
        function(*given, **more)


def test_the_table_is_not_empty():
    assert len(list(of_tensors())) > 25


def test_a_view_refuses_an_array():
    pair, pixels = parse_view("crop()|flip()"), np.zeros((2, 1, 8, 8), np.float32)
    with pytest.raises(InputError, match="images must be a torch tensor"):
        pair(pixels, seed=0, samples=torch.arange(2), epoch=0)
