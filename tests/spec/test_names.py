"""A spec is checked by name, with the nearest name for one that is not known, and no torch."""

import subprocess
import sys

import pytest

from goodviews.core.errors import InputError
from goodviews.spec.grammar import Call
from goodviews.spec.names import bind, check_names


@pytest.mark.parametrize(
    "module", ["goodviews.spec.names", "goodviews", "goodviews.core.records.run"]
)
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
