"""What is read from the files of views is what their classes say; others may add to it."""

import re
from dataclasses import fields

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.spec.catalogue import VIEWS, _classes, _views
from goodviews.views import View, parse_view, register
from goodviews.views.base import Step, step_class, view_class

OURS = dict(_views())


class Faded(View):
    """Values times a constant."""

    by: float = 0.5

    def sample(self, shape, key):
        return {}

    def apply(self, images, params):
        return images * self.by


def faded(**members):
    """A class as above, with other members, that nobody has registered."""
    return type(
        "Faded",
        (View,),
        {**{k: v for k, v in vars(Faded).items() if k[0] != "_"}}
        | {"__annotations__": {"by": float}, "__module__": __name__}
        | members,
    )


@pytest.mark.parametrize("name", OURS)
def test_what_is_read_from_the_file_is_what_the_class_registers(name):
    view = step_class(name)  # imports its file, which registers it anew
    assert view.name == name
    assert VIEWS[name] == OURS[name]
    assert f"{view.__module__}:{view.__qualname__}" == OURS[name].home
    assert tuple((field.name, field.default) for field in fields(view)) == OURS[name].arguments


@pytest.mark.parametrize(
    "name", [name for name in OURS if name != "learned" and OURS[name].takes == "images"]
)
def test_the_channels_of_a_view_are_those_it_takes(name):
    view = view_class(name)()  # a learned view takes what its file says
    taken = set()
    for channels in range(1, 14):
        try:
            view.check((24,) * (view.axes - 3) + (channels, 255, 255))
            taken.add(channels)
        except InputError:
            continue
    said = OURS[name].channels
    expected = (
        set(range(1, 14)) if said == "any" else {int(w) for w in said.split() if w.isdigit()}
    )
    if said.endswith("or more"):
        expected = set(range(min(expected), 14))
    assert taken == expected


@pytest.mark.parametrize("name", OURS)
def test_a_view_has_a_strength_where_it_says_what_that_scales(name):
    assert bool(OURS[name].strength) == (step_class(name).at is not Step.at)


def test_every_class_of_the_room_with_a_name_is_read():
    def below(kind):
        return {kind, *(deep for sub in kind.__subclasses__() for deep in below(sub))}

    for name in OURS:
        step_class(name)
    named = {k for k in below(Step) if k.__module__.startswith("goodviews.") and "name" in vars(k)}
    assert {f"{kind.__module__}:{kind.__name__}" for kind in named} == {
        listing.home for listing in OURS.values()
    }


def test_a_class_that_inherits_arguments_has_them_first_and_may_change_their_defaults():
    text = (
        "@dataclass(frozen=True, repr=False)\nclass _Base(View):\n    most: ClassVar[float] = 1\n"
        "    a: float = 1\n    b: int = 2\n    def f(self): ...\n\n\n"
        "@register('x', 'does', source='s')\nclass X(_Base):\n    b: int = 3\n    c: str = ''\n"
    )
    ((name, listing),) = _classes(text, "m")
    assert (name, listing.home, listing.does, listing.source) == ("x", "m:X", "does", "s")
    assert listing.arguments == (("a", 1), ("b", 3), ("c", ""))


def test_a_view_of_ones_own_is_named_in_specs_like_any_other():
    made = register("faded", "values times a constant")(faded())
    pair = parse_view("faded(0.25)|flip()")
    assert repr(pair) == "faded(0.25)|flip()"
    assert repr(made(by=0.25)) == "faded(by=0.25)"
    images = torch.ones(2, 1, 4, 4)
    view = pair.view(0, images, seed=0, samples=torch.arange(2), epoch=0)
    assert view.unique().tolist() == [0.25]
    with pytest.raises(InputError, match="Did you mean 'faded'"):
        parse_view("fadet()")


def test_a_cell_that_is_run_twice_gives_the_view_anew():
    register("faded", "first")(faded())
    register("faded", "second")(faded(by=0.75))
    assert VIEWS["faded"].does == "second"
    assert parse_view("faded()").first.steps[0].by == 0.75


@pytest.mark.parametrize(
    ("name", "members", "words"),
    [
        ("crop", {}, "'crop' of a view is already taken by goodviews.views.geometric:Crop"),
        ("simclr", {}, "'simclr' of a view is already taken"),
        ("two words", {}, "is not a name for a view"),
        ("faded", {"sample": lambda self: {}}, "sample() that does not take (self, shape, key)"),
        ("faded", {"apply": lambda self: 0}, "apply() that does not take (self, images, params)"),
        ("faded", {"apply": View.apply}, "lacks apply"),
        ("faded", {"by": [1]}, "View faded cannot be a dataclass: mutable default"),
        ("faded", {"by": 1j}, "Argument by of view faded has no default"),
        ("faded", {"__annotations__": {"to": float}}, "Argument to of view faded has no default"),
    ],
)
def test_what_cannot_be_a_view_is_refused_in_a_sentence(name, members, words):
    with pytest.raises(InputError, match=re.escape(words)) as error:
        register(name, "does")(faded(**members))
    assert str(error.value).count("\n") == 0
    assert str(error.value).endswith(".")


def test_a_strength_needs_its_method():
    with pytest.raises(InputError, match=r"no method at\(self, strength\)"):
        register("faded", "does", strength="by")(faded())
    with pytest.raises(InputError, match="Expected a subclass of"):
        register("faded", "does")(lambda images: images)
