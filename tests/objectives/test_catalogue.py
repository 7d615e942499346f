"""An objective is one record beside its function, and nothing lists objectives a second time."""

import ast
from pathlib import Path

import pytest
import torch

from goodviews import objectives
from goodviews.core.errors import InputError
from goodviews.objectives import across_ranks, classify, register, total
from goodviews.objectives.catalogue import OBJECTIVES, TRAINED
from goodviews.spec.presets import PRESETS
from goodviews.training.objective import build_objective

PACKAGE = Path(objectives.__file__).parents[1]
OURS = dict(OBJECTIVES)


def apart(view1, view2, *, power=2.0):
    return (view1 - view2).abs().pow(power).sum(dim=1)


def test_every_record_is_whole_and_public():
    for name, record in OURS.items():
        assert getattr(objectives, name) is record.function
        assert name in objectives.__all__
        assert record.side
        assert record.reason.endswith(".")


def test_what_is_trained_by_name_is_in_the_catalogue():
    for name, record in TRAINED.items():
        assert OBJECTIVES[record.function.__name__] is record
        assert build_objective(f"{name}()").kind == record.kind


def test_nothing_else_lists_objectives():
    methods = {file.stem for file in (PACKAGE / "methods").glob("*.py")}
    names, lists = (set(OURS) | set(TRAINED)) - methods - set(PRESETS), []
    for file in sorted(PACKAGE.rglob("*.py")):
        if file == PACKAGE / "objectives" / "__init__.py":  # the public names
            continue
        for node in ast.walk(ast.parse(file.read_text("utf8"))):
            parts = getattr(node, "elts", None) or getattr(node, "keys", None) or []
            texts = {part.value for part in parts if isinstance(part, ast.Constant)}
            if len({str(text).partition("(")[0] for text in texts} & names) > 3:
                lists.append(f"{file.relative_to(PACKAGE)}:{node.lineno}")
    assert lists == []


def test_an_objective_of_ones_own_is_trained_classified_and_combined_like_any_other():
    assert (
        register("pair", ranks="rows", side="outside", reason="It has no repulsion.")(apart)
        is apart
    )
    view1, view2 = torch.rand(2, 4, 3)
    loss = build_objective("apart(power=1.0)")
    assert torch.equal(
        total(across_ranks(loss.loss, view1, view2)), apart(view1, view2, power=1.0).mean()
    )
    assert classify("apart").side == "outside"
    with pytest.raises(InputError, match="Did you mean 'apart'"):
        build_objective("apert()")
    with pytest.raises(InputError, match="Unknown option of apart 'pover'"):
        build_objective("apart(pover=1)")


def test_a_side_that_was_not_given_is_not_guessed():
    register()(apart)
    with pytest.raises(InputError, match="without a side"):
        classify("apart")


def named(function, name):
    function.__name__ = function.__qualname__ = name
    return function


@pytest.mark.parametrize(
    ("function", "options", "words"),
    [
        (named(lambda a, b: a, "ntxent"), {}, "'ntxent' of an objective is already taken by good"),
        (named(lambda a, b: a, "cpc"), {}, "'cpc' of an objective is already taken by goodviews"),
        (lambda a, b: a, {}, "'<lambda>' is not a name"),
        (named(lambda a: a, "mine"), {}, r"must take \(view1, view2\)"),
        (named(lambda a, b, c: a, "mine"), {}, r"but it takes \(a, b, c\)"),
        (named(lambda a, b, *, t: a, "mine"), {}, "options by keyword with defaults"),
        (named(lambda a, b: a, "mine"), {"kind": "labels"}, r"\(view1, view2, labels\)"),
        (apart, {"kind": "pairs"}, "Did you mean 'pair'"),
        (apart, {"ranks": "row"}, "Did you mean 'rows'"),
        (apart, {"side": "samples"}, "Did you mean 'sample'"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(function, options, words):
    before = set(OBJECTIVES), set(TRAINED)
    with pytest.raises(InputError, match=words) as error:
        register(**options)(function)
    assert "\n" not in str(error.value)
    assert (set(OBJECTIVES), set(TRAINED)) == before
