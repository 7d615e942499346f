"""Push, update and shuffle over several processes, and write down what came out."""

from typing import Any

import torch
from tests.ranks import work_forked
from torch import nn

from goodviews.training.memory import Bank, Queue, forward_in_groups, shuffle_order

BATCHES = (6, 5, 9)
"""Rows of the joint batch in each step; 5 and 9 are uneven over the ranks."""


def rows(step: int) -> torch.Tensor:
    """The joint batch of a step, the same wherever it is made."""
    rng = torch.Generator().manual_seed(step)
    return torch.randn(BATCHES[step], 3, generator=rng)


def work(rank: int, processes: int) -> dict[str, Any]:
    queue, bank = Queue(8, 3), Bank(10, 3)
    for step, batch in enumerate(BATCHES):
        mine = torch.arange(batch).tensor_split(processes)[rank]
        queue.push(rows(step)[mine])
        bank.update(mine, rows(step)[mine])
    mine = torch.arange(9).tensor_split(processes)[rank]
    order = shuffle_order(9, seed=0, step=1)
    norm = nn.BatchNorm1d(3, affine=False)
    out = forward_in_groups(norm, rows(2)[mine], order=order)
    return {"queue": queue.state_dict(), "bank": bank.entries, "keys": out}


if __name__ == "__main__":
    work_forked(work)
