"""Laws of every objective, by the shared table."""

import inspect
from pathlib import Path

import pytest
import torch
from tests.objectives.cases import CASES, TOOLS, Case, cast, leaves

from goodviews import objectives
from goodviews.objectives.catalogue import OBJECTIVES

every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
HERE = Path(__file__).parent


def evaluate(case: Case, inputs, **options):
    tensors, keywords = inputs
    return leaves(case.function(*tensors, **keywords, **{**case.options, **options}))


def assert_finite_with_gradient(case: Case, inputs, **options) -> None:
    tensors, keywords = inputs
    trained = [
        tensor.requires_grad_()
        for place, tensor in enumerate(tensors)
        if tensor.is_floating_point() and place not in case.fixed
    ]
    terms = evaluate(case, (tensors, keywords), **options)
    assert all(term.isfinite().all() for term in terms)
    gradients = torch.autograd.grad(sum(term.sum() for term in terms), trained)
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_no_public_function_is_missing_from_the_table():
    public = {n for n in objectives.__all__ if inspect.isfunction(getattr(objectives, n))}
    assert public == {case.name for case in CASES.values()} | TOOLS.keys()
    assert OBJECTIVES.keys() == public - TOOLS.keys()


def test_every_function_has_its_test_where_its_file_says():
    for name in objectives.__all__:
        room, file = getattr(objectives, name).__module__.rsplit(".", 1)
        assert room == "goodviews.objectives"
        text = (HERE / f"test_{TOOLS.get(name, file)}.py").read_text()
        if name in TOOLS or name in OBJECTIVES:
            assert name in text, f"{name} is not tested in test_{file}.py"


@pytest.mark.parametrize("name", sorted({case.name for case in CASES.values()} | TOOLS.keys()))
def test_every_function_says_formula_shapes_unit_and_paper(name):
    text = inspect.getdoc(getattr(objectives, name))
    wanted = ["Args:", "Returns:", "Example:", ">>> "]
    if name not in ("across_ranks", "register"):  # which compute nothing themselves
        wanted += [".. math::", "References:"]
    assert [part for part in wanted if part not in text] == []
    results = text.split("Returns:")[1].split("\n\n")[0]
    kinds = ("(", "Lower", "pairs", "Factor", "The", "A dict", "A decorator", "What")
    assert any(kind in results for kind in kinds)


@every_case
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("form", ["random", "opposed", "constant", "tiny"])
def test_stays_finite_at_the_harshest_options(case, dtype, form):
    tensors, keywords = case.inputs(dtype=dtype)
    if form == "constant" and not case.degenerate:
        pytest.skip("not defined for constant embeddings")
    if form == "opposed" and len(tensors) > 1 and tensors[0].shape == tensors[1].shape:
        tensors = (tensors[0], -tensors[0], *tensors[2:])
    if form == "constant":
        tensors = tuple(torch.ones_like(t) if t.is_floating_point() else t for t in tensors)
    if form == "tiny" and case.degenerate:
        tensors = tuple(t * 1e-6 if t.is_floating_point() else t for t in tensors)
    assert_finite_with_gradient(case, (tensors, keywords), **case.sharp)


@every_case
def test_half_precision_under_autocast_is_computed_in_float32(case):
    tensors, keywords = case.inputs(dtype=torch.bfloat16)
    lifted = (
        tuple(cast(t, torch.float32) for t in tensors),
        {key: cast(t, torch.float32) for key, t in keywords.items()},
    )
    wanted = evaluate(case, lifted, **case.sharp)
    with torch.autocast("cpu", torch.bfloat16):
        assert_finite_with_gradient(case, (tensors, keywords), **case.sharp)
        got = evaluate(case, (tensors, keywords), **case.sharp)
    for one, other in zip(got, wanted, strict=True):
        assert one.dtype == torch.float32
        assert torch.equal(one, other)


@every_case
def test_precisions_agree(case):
    single = evaluate(case, case.inputs(dtype=torch.float32))
    double = evaluate(case, case.inputs(dtype=torch.float64))
    for one, other in zip(single, double, strict=True):
        assert one.dtype == torch.float32
        assert other.dtype == torch.float64
        torch.testing.assert_close(one.double(), other, rtol=1e-4, atol=1e-4)


@every_case
def test_permuting_the_batch_permutes_the_losses(case):
    inputs = case.inputs()
    order = torch.randperm(6, generator=torch.Generator().manual_seed(1))
    moved = evaluate(case, case.permuted(inputs, order))
    for one, other in zip(evaluate(case, inputs), moved, strict=True):
        torch.testing.assert_close(one.sort().values, other.sort().values, rtol=1e-10, atol=1e-10)


@every_case
def test_swapping_the_views_changes_nothing(case):
    if case.swapped is None:
        pytest.skip("the views play different parts")
    tensors, keywords = case.inputs()
    swapped = tuple(tensors[place] for place in case.swapped)
    for one, other in zip(
        evaluate(case, (tensors, keywords)), evaluate(case, (swapped, keywords)), strict=True
    ):
        torch.testing.assert_close(one.mean(dim=-1), other.mean(dim=-1), rtol=1e-10, atol=1e-10)


@every_case
def test_gradient_is_that_of_finite_differences(case):
    if case.detached:
        pytest.skip("part of the value is held fixed: its own test compares the gradient")
    tensors, keywords = case.inputs(batch=5)
    trained = [
        place
        for place, tensor in enumerate(tensors)
        if tensor.is_floating_point() and place not in case.fixed
    ]

    def of_trained(*values):
        full = list(tensors)
        for place, value in zip(trained, values, strict=True):
            full[place] = value
        return evaluate(case, (tuple(full), keywords))

    wanted = [tensors[place].requires_grad_() for place in trained]
    assert torch.autograd.gradcheck(of_trained, wanted)


@every_case
def test_compiled_in_one_graph_equals_eager(case):
    tensors, keywords = case.inputs(dtype=torch.float32)
    trained = [t.requires_grad_() for t in tensors if t.is_floating_point()]
    torch._dynamo.reset()
    compiled = torch.compile(case.function, fullgraph=True, backend="eager", dynamic=False)
    options = {**keywords, **case.options}
    got = leaves(compiled(*tensors, **options))
    wanted = leaves(case.function(*tensors, **options))
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other)
    for one, other in zip(
        *(
            torch.autograd.grad(sum(t.sum() for t in terms), trained, allow_unused=True)
            for terms in (got, wanted)
        ),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("label", ["infonce", "ntxent", "dcl"])
def test_large_batches_are_compiled_in_one_graph_too(label):
    case = CASES[label]
    tensors, _ = case.inputs(batch=400, dtype=torch.float32)
    torch._dynamo.reset()
    compiled = torch.compile(case.function, fullgraph=True, backend="eager", dynamic=False)
    torch.testing.assert_close(compiled(*tensors), case.function(*tensors), rtol=1e-5, atol=1e-5)


@every_case
def test_inputs_are_left_as_they_were(case):
    tensors, keywords = case.inputs()
    before = [tensor.clone() for tensor in tensors]
    evaluate(case, (tensors, keywords))
    assert all(torch.equal(one, other) for one, other in zip(tensors, before, strict=True))


@every_case
def test_refuses_sizes_that_disagree(case):
    tensors, keywords = case.inputs()
    wrong = (tensors[0].unsqueeze(0), *tensors[1:])
    with pytest.raises(ValueError, match=r"wanted|but"):
        evaluate(case, (wrong, keywords))


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
@every_case
def test_refuses_a_temperature_that_is_not_above_zero(case, value):
    tensors, keywords = case.inputs()
    for option in case.sharp:
        with pytest.raises(ValueError, match=option):
            evaluate(case, (tensors, keywords), **{option: value})


def test_a_learned_temperature_gets_its_gradient():
    tensors, _ = CASES["ntxent"].inputs()
    for name in ("infonce", "ntxent", "dcl", "supcon"):
        more = (torch.arange(6),) if name == "supcon" else ()
        temperature = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
        function = CASES[name].function
        assert torch.autograd.gradcheck(
            lambda t, f=function, more=more: f(*tensors, *more, temperature=t), temperature
        )


LARGE = ("dcl", "infonce", "infonce[queue]", "infonce_two_sided", "multiview[core]", "ntxent")


@pytest.mark.parametrize("label", LARGE)
@pytest.mark.parametrize("temperature", [1e-3, 0.1])
def test_large_float32_batches_agree_with_float64_in_loss_and_gradient(label, temperature):
    # From some hundred rows on, float32 takes another route than float64.
    case, results = CASES[label], {}
    for dtype in (torch.float32, torch.float64):
        tensors, keywords = case.inputs(batch=400, dtype=dtype)
        trained = [tensor.requires_grad_() for tensor in (*tensors, *keywords.values())]
        (losses,) = evaluate(case, (tensors, keywords), temperature=temperature)
        gradients = torch.autograd.grad(losses.mean(), trained)
        results[dtype] = [losses.double(), *(gradient.double() for gradient in gradients)]
    loss, *gradients = zip(*results.values(), strict=True)
    torch.testing.assert_close(*loss, rtol=1e-5, atol=2e-6 / temperature)
    for one, other in gradients:
        # Rounding of a logit, 1e-7 / tau, is a relative error of its softmax.
        assert (one - other).abs().max() <= 2e-6 / temperature * other.abs().max()


@pytest.mark.parametrize("label", LARGE)
@pytest.mark.parametrize("form", ["random", "opposed", "constant"])
def test_large_half_precision_batches_stay_finite_at_a_tiny_temperature(label, form):
    case = CASES[label]
    tensors, keywords = case.inputs(batch=400, dtype=torch.bfloat16)
    if form == "opposed" and len(tensors) > 1:
        tensors = (tensors[0], -tensors[0])
    if form == "constant":
        tensors = tuple(torch.ones_like(tensor) for tensor in tensors)
    with torch.autocast("cpu", torch.bfloat16):
        assert_finite_with_gradient(case, (tensors, keywords), temperature=1e-3)
