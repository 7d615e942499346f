"""Several processes on this machine for one test: one start of Python, then one fork per rank."""

import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

ROOT = Path(__file__).parents[1]


def outcomes(module: str, folder: Path, processes: int) -> list[Any]:
    """What each rank of a worker saved: ``module`` ends in a call of :func:`work_forked`."""
    command = [sys.executable, "-m", module, str(folder), str(processes)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [torch.load(folder / f"rank{rank}.pt") for rank in range(processes)]


def work_forked(work: Callable[[int, int], Any]) -> None:
    """Call ``work(rank, processes)`` in every process of a group, save what it gives, and end."""
    folder, processes = Path(sys.argv[1]), int(sys.argv[2])
    fork = multiprocessing.get_context("fork")
    children = [
        fork.Process(target=_join, args=(work, rank, processes, folder))
        for rank in range(processes)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    sys.exit(max(abs(child.exitcode or 0) for child in children))


def _join(work: Callable[[int, int], Any], rank: int, processes: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=processes
    )
    torch.save(work(rank, processes), folder / f"rank{rank}.pt")
    dist.destroy_process_group()
