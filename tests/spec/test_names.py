"""Each line of the table of views tells the truth about its class, and costs no torch."""

import subprocess
import sys
from dataclasses import fields
from importlib import import_module

import pytest

from goodviews.core.errors import InputError
from goodviews.spec.grammar import Call
from goodviews.spec.names import VIEWS, bind, check_names


@pytest.mark.parametrize("name", VIEWS)
def test_the_line_of_a_view_is_its_class(name):
    listing = VIEWS[name]
    module, _, attribute = listing.home.partition(":")
    view = getattr(import_module(module), attribute)
    assert view.name == name
    assert tuple((field.name, field.default) for field in fields(view)) == listing.arguments
    assert listing.does
    assert listing.source
    assert listing.strength


@pytest.mark.parametrize("name", VIEWS)
def test_the_channels_of_a_line_are_those_the_class_takes(name):
    module, _, attribute = VIEWS[name].home.partition(":")
    kind = getattr(import_module(module), attribute)
    if name == "learned":  # takes what its file says; tests/views/learned has its laws
        return
    view = kind()
    taken = set()
    for channels in range(1, 14):
        try:
            view.check((24,) * (view.axes - 3) + (channels, 255, 255))
            taken.add(channels)
        except InputError:
            continue
    said = VIEWS[name].channels
    wanted = set(range(1, 14)) if said == "any" else {int(w) for w in said.split() if w.isdigit()}
    if said.endswith("or more"):
        wanted = set(range(min(wanted), 14))
    assert taken == wanted


def test_every_concrete_view_of_the_room_has_a_line():
    from goodviews.views import base, geometric, photometric

    def below(kind):
        return {kind, *(deep for sub in kind.__subclasses__() for deep in below(sub))}

    mine = {
        k
        for k in below(base.View)
        if k.__module__.startswith("goodviews.views.") and "name" in vars(k)
    }
    homes = {f"{kind.__module__}:{kind.__name__}" for kind in mine}
    assert homes == {listing.home for listing in VIEWS.values()}
    assert geometric
    assert photometric


@pytest.mark.parametrize("module", ["goodviews.spec.names", "goodviews", "goodviews.core.records"])
def test_names_and_records_load_neither_torch_nor_numpy(module):
    code = (
        f"import sys, {module}; "
        "print(sorted({'torch', 'numpy', 'sklearn', 'scipy', 'PIL'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_spec_is_checked_and_a_family_is_spelt_out():
    assert check_names(" crop()|flip() ") == ("crop()|flip()",)
    assert check_names("crop() // jitter({0.1, 1})") == (
        "crop() // jitter(0.1)",
        "crop() // jitter(1)",
    )


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("crap()", ["'crap'", "Did you mean 'crop'?", "translate"]),
        ("crop(scael=(0.2, 1))", ["scael", "Did you mean 'scale'?"]),
        ("flip(0.5, 3)", ["2 arguments", "takes 1"]),
        ("identity(1)", ["none"]),
        ("flip(0.5, p=0.2)", ["p twice"]),
        ("crop() // crap()", ["crap"]),
        ("crop(scale=({0.1, 0.2}, 1))|crap()", ["crap"]),
    ],
)
def test_an_unknown_name_gets_the_nearest_one(spec, words):
    with pytest.raises(InputError) as error:
        check_names(spec)
    assert all(word in str(error.value) for word in words)


def test_arguments_are_bound_by_place_and_by_name():
    assert bind(Call("crop", ((0.2, 1),), (("size", 8),))) == {"scale": (0.2, 1), "size": 8}
    assert bind(Call("crop")) == {}
