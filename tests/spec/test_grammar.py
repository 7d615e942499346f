"""Specs are text that parses and prints back to itself; nothing in them is ever evaluated."""

import random

import pytest

from goodviews.core.errors import InputError
from goodviews.spec.grammar import Call, expand, format_calls, parse_pair, parse_spec


def literal(rng, depth=0):
    kind = rng.randrange(7 if depth < 3 else 5)
    if kind == 0:
        return rng.choice([0, 1, -1, 7, -(2**40), 2**62])
    if kind == 1:
        return rng.choice([0.0, -0.5, 1e-300, 1 / 3, 1e17, rng.random(), -rng.gauss(0, 1e6)])
    if kind == 2:
        letters = "ab |/'\"\\(){}=,#é\n\t\0…"
        return "".join(rng.choice(letters) for _ in range(rng.randrange(8)))
    if kind == 3:
        return rng.choice([True, False])
    if kind == 4:
        return None
    return tuple(literal(rng, depth + 1) for _ in range(rng.randrange(4)))


def call(rng):
    args = tuple(literal(rng) for _ in range(rng.randrange(3)))
    names = rng.sample(["p", "scale", "größe", "_x1"], rng.randrange(4))
    name = rng.choice(["crop", "flip", "x_2"])
    return Call(name, args, tuple((word, literal(rng)) for word in names))


@pytest.mark.parametrize("seed", range(200))
def test_any_spec_reads_back_as_what_was_written(seed):
    rng = random.Random(seed)
    calls = tuple(call(rng) for _ in range(rng.randrange(1, 5)))
    text = format_calls(calls)
    assert parse_spec(text) == calls
    assert format_calls(parse_spec(text)) == text
    # Types survive: 1, 1.0 and True are equal but not the same argument.
    assert repr(parse_spec(text)) == repr(calls)


@pytest.mark.parametrize("seed", range(100))
def test_any_pair_is_split_where_it_was_joined(seed):
    rng = random.Random(1000 + seed)
    first, second = (tuple(call(rng) for _ in range(rng.randrange(1, 3))) for _ in range(2))
    text = f"{format_calls(first)} // {format_calls(second)}"
    assert parse_pair(text) == (first, second)
    assert parse_pair(format_calls(first)) == (first, first)


def test_spaces_lists_and_bare_names_are_free():
    assert parse_spec(" crop( scale = [ .2 , 1 ] )  |  flip ") == parse_spec(
        "crop(scale=(0.2, 1))|flip()"
    )


@pytest.mark.parametrize("seed", range(50))
def test_a_family_is_its_template_with_each_value_put_in(seed):
    rng = random.Random(seed)
    values = rng.sample([0.1, 0.25, 0.5, 1, 3, -2, "a b", None, (1, 2)], rng.randrange(2, 6))
    plain = [call(rng) for _ in range(rng.randrange(2))]
    swept = "crop(scale=({{{}}}, 1))".format(", ".join(map(repr, values)))
    text = "|".join([*map(str, plain), swept])
    family = expand(text)
    assert family.values == tuple(values)
    assert family.argument == "scale"
    assert len(set(family.specs)) == len(values)
    for value, spec in zip(values, family.specs, strict=True):
        assert spec == family.template.replace("{s}", repr(value))
        assert parse_spec(spec)[-1] == Call("crop", (), (("scale", (value, 1)),))
        assert expand(spec) is None


def test_a_brace_within_a_text_sweeps_nothing():
    assert expand("crop('{1, 2}')") is None
    assert expand("crop()") is None


def test_a_family_may_sweep_one_side_of_a_pair_and_a_positional_value():
    family = expand("crop() // jitter({0.1, 0.5})|flip()")
    assert family.argument == "jitter"
    assert family.specs == ("crop() // jitter(0.1)|flip()", "crop() // jitter(0.5)|flip()")


@pytest.mark.parametrize(
    "text",
    [
        "crop(scale={0.1, 0.2}, ratio={1, 2})",
        "crop(scale={0.1})",
        "crop(scale={0.1, 0.1})",
        "crop(scale={{0.1, 0.2}, {0.3, 0.4}})",
        "crop(scale={})",
    ],
)
def test_what_is_no_family_is_refused(text):
    with pytest.raises(InputError) as error:
        expand(text)
    assert "\n" not in str(error.value)


HOSTILE = [
    "",
    " ",
    "|",
    "crop(",
    "crop()|",
    "crop() flip()",
    "crop()//flip()//grey()",
    "__import__('os').system('echo evil')",
    "crop(__import__('os'))",
    "crop(scale=__import__('os').getcwd())",
    "crop(scale=open('/etc/passwd').read())",
    "crop(f'{__import__(\"os\")}')",
    "crop(lambda: 1)",
    "(lambda: crop)()",
    "crop(scale=[x for x in (1, 2)])",
    "crop(x := 3)",
    "crop(*args)",
    "crop(**{'a': 1})",
    "crop(a=1, a=2)",
    "crop(1 + 1)",
    "crop(2 ** 99999999)",
    "crop('a' * 10 ** 9)",
    "crop(1j)",
    "crop(b'x')",
    "crop(...)",
    "crop({'a': 1})",
    "crop(1e999)",
    "crop(-1e999)",
    "crop(" + "9" * 6000 + ")",
    "crop(0x" + "f" * 6000 + ")",
    "crop(flip())",
    "crop[0]",
    "crop.flip()",
    "crop()()",
    "'crop'",
    "3",
    "None",
    "crop if 1 else flip",
    "crop() and flip()",
    "crop() + flip()",
    "import os",
    "crop()\nflip()",
    "crop(\0)",
    "crop('\udc80')|\udc80",
    "crop('\\d')|?",
    "(" * 100_000 + ")" * 100_000,
    "crop(" + "(" * 150 + "1" + ",)" * 150 + ")|" * 3000,
    "crop(" + "-" * 100_000 + "1)",
    "crop(" + "1+" * 100_000 + "1)",
    "a." * 50_000 + "b()",
    "crop()|" * 100_000 + "crop()",
    "not " * 50_000 + "crop()",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:40])
def test_hostile_texts_give_one_sentence(text, monkeypatch):
    import builtins
    import os

    def never(*args, **kwargs):
        raise AssertionError("something was evaluated")

    monkeypatch.setattr(os, "system", never)
    monkeypatch.setattr(os, "getcwd", never)
    monkeypatch.setattr(builtins, "eval", never)
    monkeypatch.setattr(builtins, "exec", never)
    with pytest.raises(InputError) as error:
        parse_pair(text)
    message = str(error.value)
    assert message.endswith((".", "…"))
    assert "\n" not in message
    assert len(message) < 700


@pytest.mark.parametrize("length", [1, 100, 300])
def test_a_long_chain_parses(length):
    text = "|".join(["flip()"] * length)
    assert len(parse_spec(text)) == length
    assert format_calls(parse_spec(text)) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flip()//", "has no view after '//'; write a view on each side"),
        (" // flip()", "has no view before '//'"),
        ("colour(lab)", "'lab' is not a literal; write strings in quotes, 'lab'"),
    ],
)
def test_what_is_missing_is_named(text, said):
    with pytest.raises(InputError) as error:
        parse_pair(text)
    assert said in str(error.value)
