"""Devices and processes: what Lightning Fabric is told, and what a model is wrapped in."""

from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy, FSDPStrategy, Strategy
from torch import nn

from goodviews.core.checks import InputError, unknown
from goodviews.training.settings import Settings

__all__ = ["STRATEGIES", "launch", "wrap"]

STRATEGIES = ("auto", "ddp", "fsdp")


def launch(
    settings: Settings, *, devices: int = 1, nodes: int = 1, strategy: str = "auto"
) -> Fabric:
    """Set up devices and processes.

    Under torchrun or SLURM, Fabric reads the processes there are from the environment.

    Args:
        settings: Device and precision.
        devices: Processes on this machine.
        nodes: Machines.
        strategy: ``ddp`` where there is more than one process; ``fsdp`` shards the weights
            (it needs GPUs, and has not been run on any).

    Raises:
        InputError: The strategy is not known, or cannot be had here.
    """
    if strategy not in STRATEGIES:
        raise unknown("strategy", strategy, STRATEGIES)
    chosen: str | Strategy = "auto"
    if strategy == "fsdp":
        if not torch.cuda.is_available():
            raise InputError("strategy is fsdp, which needs GPUs, and torch sees none; use ddp.")
        chosen = FSDPStrategy()
    elif devices * nodes > 1:
        # Queues and banks are equal on all ranks by construction: sending them costs a copy.
        chosen = DDPStrategy(broadcast_buffers=False)
    fabric = Fabric(
        accelerator=settings.device,
        devices=devices,
        num_nodes=nodes,
        precision=settings.precision,
        strategy=chosen,
    )
    if devices * nodes > 1:
        fabric.launch()
    return fabric


def wrap(
    fabric: Fabric, learner: nn.Module, optimiser: torch.optim.Optimizer, settings: Settings
) -> tuple[Any, Any]:
    """The learner and optimiser as Fabric wants them, compiled when asked for."""
    learner.to(memory_format=torch.channels_last)
    made = torch.compile(learner) if settings.compile else learner
    return fabric.setup(made, optimiser)
