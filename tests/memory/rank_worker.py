"""Push, update and shuffle over several processes, and write down what came out.

Called as ``rank_worker.py FOLDER PROCESSES``: one start of Python, then one fork per rank.
"""

import multiprocessing
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn

from goodviews.memory import Bank, Queue, forward_in_groups, shuffle_order

BATCHES = (6, 5, 9)
"""Rows of the joint batch in each step; 5 and 9 are uneven over the ranks."""


def rows(step: int) -> torch.Tensor:
    """The joint batch of a step, the same wherever it is made."""
    rng = torch.Generator().manual_seed(step)
    return torch.randn(BATCHES[step], 3, generator=rng)


def work(rank: int, processes: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=processes
    )
    queue, bank = Queue(8, 3), Bank(10, 3)
    for step, batch in enumerate(BATCHES):
        mine = torch.arange(batch).tensor_split(processes)[rank]
        queue.push(rows(step)[mine])
        bank.update(mine, rows(step)[mine])
    mine = torch.arange(9).tensor_split(processes)[rank]
    order = shuffle_order(9, seed=0, step=1)
    norm = nn.BatchNorm1d(3, affine=False)
    out = forward_in_groups(norm, rows(2)[mine], order=order)
    torch.save({"queue": queue.state_dict(), "bank": bank.entries, "keys": out},
               folder / f"rank{rank}.pt")  # fmt: skip
    dist.destroy_process_group()


def main() -> int:
    folder, processes = Path(sys.argv[1]), int(sys.argv[2])
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=work, args=(r, processes, folder)) for r in range(processes)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return max(abs(child.exitcode or 0) for child in children)


if __name__ == "__main__":
    sys.exit(main())
