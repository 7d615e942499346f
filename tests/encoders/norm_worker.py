"""Train a small encoder with synchronised BatchNorm over several processes."""

import torch
import torch.distributed as dist
from tests.ranks import work_forked
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


def work(rank: int, processes: int) -> dict[str, Tensor]:
    mine = torch.arange(BATCH).tensor_split(processes)[rank]
    left = train(synchronise(net()), mine, sum_gradients=True)
    left["eval"] = synchronise(net()).eval()(images(0)[mine]).detach()
    return left


if __name__ == "__main__":
    work_forked(work)
