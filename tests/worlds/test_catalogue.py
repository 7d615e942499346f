"""A world by name is a dataset; what cannot be one is refused in a sentence."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.data.names import TORCHVISION
from goodviews.data.reading import MOVING
from goodviews.worlds import FactorWorld, register
from goodviews.worlds.catalogue import DATASETS, WORLDS, make_world


class Plain(FactorWorld):
    factors, shape = {"bright": 2, "half": 2}, (1, 4, 4)

    def render(self, values, key):
        return values[:, :1, None, None].float().expand(-1, 1, 4, 4)


def like(**members):
    own = {name: value for name, value in vars(Plain).items() if name[0] != "_"}
    return type("Plain", (FactorWorld,), own | {"__module__": __name__} | members)


def test_names_of_other_data_are_those_that_load_knows():
    assert set(DATASETS) == {"digits", MOVING, *TORCHVISION}


def test_a_world_of_ones_own_is_loaded_by_name():
    register("plain")(Plain)
    images = load("plain")
    assert images.pixels.shape == (4000, 1, 4, 4)
    assert torch.equal(
        torch.from_numpy(images.labels["bright"]),
        torch.from_numpy(images.pixels[:, 0, 0, 0]) // 255,
    )
    with pytest.raises(InputError, match="Did you mean 'plain'"):
        load("plane")


def test_the_size_is_the_side_where_a_world_has_one():
    assert make_world("shapes", 16).shape == (3, 16, 16)
    assert make_world("shapes").shape == (3, 32, 32)
    assert make_world("vectors", 16) == make_world("vectors")


@pytest.mark.parametrize(
    ("name", "members", "words"),
    [
        ("bands", {}, r"'bands' of a world is already taken by goodviews\.worlds\.bands:Bands"),
        ("mnist", {}, "'mnist' of a world is already taken"),
        ("my world", {}, "is not a name for a world"),
        ("plain", {"shape": FactorWorld.shape}, "World plain lacks shape"),
        ("plain", {"render": lambda self, values: values}, r"does not take \(self, values, key\)"),
        (
            "plain",
            {"__init__": lambda self, side: None},
            "Argument side of world plain has no def",
        ),
    ],
)
def test_what_is_not_a_world_is_refused_in_a_sentence(name, members, words):
    before = dict(WORLDS)
    with pytest.raises(InputError, match=words) as error:
        register(name)(like(**members))
    assert "\n" not in str(error.value)
    assert before == WORLDS
    with pytest.raises(InputError, match=r"Expected a subclass of goodviews\.worlds\.FactorWorld"):
        register("plain")(dict)
