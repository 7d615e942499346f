"""Train a small encoder with synchronised BatchNorm over several processes.

Called as ``norm_worker.py FOLDER PROCESSES``: one start of Python, then one fork per rank.
"""

import multiprocessing
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from goodviews.encoders.joint_norm import synchronise

BATCH, STEPS = 11, 3


def net() -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4)
    return nn.Sequential(*layers, nn.BatchNorm1d(4, affine=False)).double()


def images(step: int) -> Tensor:
    rng = torch.Generator().manual_seed(step)
    return 5 + torch.randn(BATCH, 2, 4, 4, generator=rng, dtype=torch.float64)


def targets(step: int) -> Tensor:
    rng = torch.Generator().manual_seed(100 + step)
    return torch.randn(BATCH, 4, generator=rng, dtype=torch.float64)


def train(model: nn.Module, mine: Tensor, *, sum_gradients: bool) -> dict[str, Tensor]:
    """Steps of plain descent on a loss that is a sum over images; what is left at the end."""
    seen = {}
    for step in range(STEPS):
        x = images(step)[mine].requires_grad_()
        model.zero_grad()
        out = model(x)
        (out * targets(step)[mine]).sum().backward()
        for p in model.parameters():
            if sum_gradients:
                dist.all_reduce(p.grad)
            p.data -= 0.05 * p.grad
        seen |= {f"out{step}": out.detach(), f"grad{step}": x.grad}
    return seen | {name: value.clone() for name, value in model.state_dict().items()}


def work(rank: int, processes: int, folder: Path) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=processes
    )
    mine = torch.arange(BATCH).tensor_split(processes)[rank]
    left = train(synchronise(net()), mine, sum_gradients=True)
    left["eval"] = synchronise(net()).eval()(images(0)[mine]).detach()
    torch.save(left, folder / f"rank{rank}.pt")
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
