"""Many processes train as one would: every objective, two and four processes."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from tests.objectives.cases import CASES, DIMS

from goodviews.core.errors import InputError
from goodviews.objectives import VICRegTerms, across_ranks, infonce, ntxent, total
from goodviews.objectives.catalogue import OBJECTIVES

HERE = Path(__file__).parent
TOLERANCE = 1e-10


def apart(one: torch.Tensor, other: torch.Tensor) -> float:
    """Largest difference, relative to the largest entry."""
    if one.shape != other.shape:
        return float("inf")
    if not one.numel():
        return 0.0
    return float((one - other).abs().max() / other.abs().max().clamp_min(1e-12))


def one_process(label: str, batch: int) -> dict:
    """Loss and gradients of the whole batch, without any process group."""
    case = CASES[label]
    split = len(case.inputs(batch)[0]) - OBJECTIVES[case.name].combine.shared
    rng = torch.Generator().manual_seed(3)
    noise = torch.randn(DIMS, DIMS, generator=rng, dtype=torch.float64)
    weight = (0.4 * torch.eye(DIMS, dtype=torch.float64) + 0.1 * noise).requires_grad_()
    tensors, keywords = case.inputs(batch)
    leaves = [t.requires_grad_() if t.is_floating_point() else t for t in tensors]
    encoded = [
        (t @ weight if t.ndim > 1 else t * weight[0, 0])
        if place < split and t.is_floating_point()
        else t
        for place, t in enumerate(leaves)
    ]
    loss = total(case.function(*encoded, **keywords, **case.options))
    loss.backward()
    return {"loss": loss.detach(), "inputs": [t.grad for t in leaves], "weight": weight.grad}


def joined(outcome: list[dict], key: str, place: int, label: str) -> torch.Tensor:
    """The ranks' gradients of one input: rows side by side, shared tensors added."""
    parts = [rank[key]["inputs"][place] for rank in outcome]
    rule = OBJECTIVES[CASES[label].name].combine
    if place < len(CASES[label].inputs(2)[0]) - rule.shared:
        return torch.cat(parts, dim=rule.axis)
    return torch.stack(parts).sum(dim=0)


@pytest.mark.parametrize("processes", [2, 4])
def test_ranks_give_the_loss_and_gradient_of_one_process(processes, tmp_path):
    command = [sys.executable, str(HERE / "rank_worker.py"), str(tmp_path), str(processes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    outcome = [torch.load(tmp_path / f"rank{rank}.pt") for rank in range(processes)]
    wrong = []
    for label in CASES:
        for batch in (12, 11, 3):
            if f"{label}/{batch}/summed" not in outcome[0]:
                continue
            wanted = one_process(label, batch)
            summed, averaged = (f"{label}/{batch}/{kind}" for kind in ("summed", "averaged"))
            errors = {
                f"loss on rank {place} ({key})": apart(rank[key]["loss"], wanted["loss"])
                for place, rank in enumerate(outcome)
                for key in (summed, averaged)
            }
            for place, gradient in enumerate(wanted["inputs"]):
                if gradient is not None:
                    got = joined(outcome, summed, place, label)
                    errors[f"gradient of input {place}"] = apart(got, gradient)
            bare = torch.stack([rank[summed]["weight"] for rank in outcome])
            wrapped = torch.stack([rank[averaged]["weight"] for rank in outcome])
            errors["weights, summed"] = apart(bare.sum(dim=0), wanted["weight"])
            errors["weights, averaged"] = apart(wrapped.mean(dim=0), wanted["weight"])
            wrong += [
                f"{label} x {batch}: {k}: {v:.2g}" for k, v in errors.items() if v > TOLERANCE
            ]
            # The wrong scale: bare gradients under a wrapper that averages them. It must
            # show, and by exactly the number of processes.
            assert apart(bare.mean(dim=0), wanted["weight"]) == pytest.approx(
                1 - 1 / processes, rel=1e-6
            ), label
            assert apart(wrapped.sum(dim=0), wanted["weight"]) == pytest.approx(
                processes - 1, rel=1e-6
            ), label
    assert not wrong, "\n".join(wrong)
    # A gather that cuts the gradient has the right loss and the wrong gradient.
    wanted = one_process("ntxent", 12)
    assert apart(outcome[0]["cut"]["loss"], wanted["loss"]) < TOLERANCE
    cut = torch.stack([rank["cut"]["weight"] for rank in outcome]).mean(dim=0)
    assert apart(cut, wanted["weight"]) > 0.1
    for own, rank in enumerate(outcome):  # rank r holds r rows: none on the first
        counts = torch.arange(processes).repeat_interleave(torch.arange(processes)).double()
        assert rank["gathered"]["all"][0].tolist() == counts.tolist()
        assert rank["gathered"]["others"][:, 0].tolist() == counts[counts != own].tolist()
        rows = torch.arange(processes).repeat_interleave(torch.arange(processes) + 1)
        assert rank["gathered"]["mean"].item() == pytest.approx(rows.double().mean().item())


def test_one_process_is_the_objective_itself(rng):
    a, b = torch.randn(2, 5, 3, generator=rng)
    for objective in (infonce, ntxent):
        assert torch.equal(across_ranks(objective, a, b), objective(a, b))


def test_options_may_be_fixed_beforehand(rng):
    a, b = torch.randn(2, 5, 3, generator=rng)
    fixed = partial(partial(infonce, temperature=0.3), in_batch=True)
    assert torch.equal(across_ranks(fixed, a, b), infonce(a, b, temperature=0.3))
    assert torch.equal(across_ranks(fixed, a, b, temperature=0.4), infonce(a, b, temperature=0.4))


def test_total_adds_terms_and_rows_and_averages_anchors():
    terms = VICRegTerms(torch.tensor([1.0, 3.0]), torch.tensor(5.0), torch.tensor(7.0))
    assert total(terms).item() == 2 + 5 + 7
    assert total(torch.tensor([1.0, 3.0])).item() == 2
    assert total(torch.tensor([[1.0, 3.0], [5.0, 7.0]])).item() == 2 + 6
    assert total(torch.tensor(4.0)).item() == 4


def test_an_objective_of_no_known_kind_is_refused():
    with pytest.raises(InputError, match="Unknown objective"):
        across_ranks(torch.add, torch.ones(2, 2), torch.ones(2, 2))
