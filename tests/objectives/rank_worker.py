"""Run every objective of the table over several processes, and write down what came out.

Called as ``rank_worker.py FOLDER PROCESSES``: one start of Python, then one fork per
rank. Each rank holds a part of the batch, uneven for the batch of 11, and an encoder
with the same weights as the others.
"""

import multiprocessing
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from cases import CASES, DIMS, Case
from torch import Tensor

from goodviews.core import distributed
from goodviews.objectives import ranks
from goodviews.objectives.catalogue import OBJECTIVES

BATCHES = (12, 11)
FEW = ("alignment", "infonce", "ntxent", "vicreg")
"""Also with a batch of 3, which leaves a fourth rank without any example."""


def encoder() -> Tensor:
    """Weights near a small multiple of the identity, the same on every rank."""
    rng = torch.Generator().manual_seed(3)
    noise = torch.randn(DIMS, DIMS, generator=rng, dtype=torch.float64)
    return 0.4 * torch.eye(DIMS, dtype=torch.float64) + 0.1 * noise


def encode(t: Tensor, weight: Tensor) -> Tensor:
    """What the encoder gives; scores, which are of one dimension, are multiplied."""
    return t @ weight if t.ndim > 1 else t * weight[0, 0]


def own_part(case: Case, batch: int, rank: int, processes: int) -> tuple[Any, list[int]]:
    """This rank's examples, and the places of the tensors that are split."""
    tensors, keywords = case.inputs(batch)
    rule = OBJECTIVES[case.name].combine
    split = list(range(len(tensors) - rule.shared))
    mine = [
        t.tensor_split(processes, dim=rule.axis)[rank].clone() if place in split else t
        for place, t in enumerate(tensors)
    ]
    more = {
        key: t.tensor_split(processes)[rank] if key in case.per_row else t
        for key, t in keywords.items()
    }
    return (mine, more), split


def step(case: Case, inputs: Any, split: list[int], gradients: str) -> dict[str, Any]:
    """Loss, gradient of the inputs and gradient of the encoder's weights, on this rank."""
    tensors, keywords = inputs
    weight = encoder().requires_grad_()
    leaves = [t.clone().requires_grad_() if t.is_floating_point() else t for t in tensors]
    encoded = [
        encode(t, weight) if place in split and t.is_floating_point() else t
        for place, t in enumerate(leaves)
    ]
    result = ranks.across_ranks(case.function, *encoded, **keywords, **case.options)
    loss = ranks.total(result, gradients=gradients)
    loss.backward()
    nothing = torch.zeros(0, dtype=torch.float64)
    return {
        "loss": loss.detach(),
        "inputs": [t.grad if t.grad is not None else nothing for t in leaves],
        "weight": weight.grad,
    }


def work(rank: int, processes: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=processes
    )
    out: dict[str, Any] = {}
    for label, case in CASES.items():
        for batch in (*BATCHES, *((3,) if label in FEW else ())):
            inputs, split = own_part(case, batch, rank, processes)
            out[f"{label}/{batch}/summed"] = step(case, inputs, split, "summed")
            out[f"{label}/{batch}/averaged"] = step(case, inputs, split, "averaged")
    # What a gather without gradient does: the other ranks' rows are constants.
    right, ranks.gather = ranks.gather, cut_gather
    inputs, split = own_part(CASES["ntxent"], 12, rank, processes)
    out["cut"] = step(CASES["ntxent"], inputs, split, "averaged")
    ranks.gather = right
    out["gathered"] = {
        "others": distributed.gather_others(torch.full((rank, 2), float(rank))),
        "all": distributed.gather(torch.full((2, rank), float(rank)), dim=1),
        "mean": distributed.mean(torch.full((rank + 1,), float(rank))),
    }
    torch.save(out, folder / f"rank{rank}.pt")
    dist.destroy_process_group()


def cut_gather(tensor: Tensor, *, dim: int = 0) -> Tensor:
    """A common mistake: own rows with gradient, everyone else's without."""
    full = distributed.gather(tensor.detach(), dim=dim).split(tensor.shape[dim], dim=dim)
    parts = list(full)
    parts[distributed.rank()] = tensor
    return torch.cat(parts, dim=dim)


def main() -> int:
    folder, processes = Path(sys.argv[1]), int(sys.argv[2])
    fork = multiprocessing.get_context("fork")
    children = [
        fork.Process(target=work, args=(rank, processes, folder)) for rank in range(processes)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return max(abs(child.exitcode or 0) for child in children)


if __name__ == "__main__":
    sys.exit(main())
