"""Devices, processes and memory: what Fabric is told, and what a model is wrapped in."""

import atexit
import ctypes
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from typing import Any

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy, FSDPStrategy, Strategy
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from goodviews.core.errors import InputError, unknown
from goodviews.training.settings import Settings

STRATEGIES = ("auto", "ddp", "fsdp")

_TRIM, _MAP = -1, -3
"""What glibc calls its thresholds for giving memory back and for mapping a block of its own."""
_LARGEST = 2**31 - 1


def processes(
    devices: int, nodes: int, environment: Mapping[str, str] = os.environ
) -> tuple[int, int]:
    """Processes on each machine, and machines: as asked, or as torchrun started them.

    Args:
        devices: Processes per machine that were asked for; 1 is no wish.
        nodes: Machines that were asked for; 1 is no wish.
        environment: Where torchrun says ``WORLD_SIZE`` and ``LOCAL_WORLD_SIZE``.

    Raises:
        InputError: torchrun started others than were asked for.

    Example:
        >>> torchrun = {"TORCHELASTIC_RUN_ID": "1", "WORLD_SIZE": "16", "LOCAL_WORLD_SIZE": "8"}
        >>> processes(1, 1, torchrun)
        (8, 2)
    """
    if "TORCHELASTIC_RUN_ID" not in environment:
        return devices, nodes
    local, world = int(environment["LOCAL_WORLD_SIZE"]), int(environment["WORLD_SIZE"])
    there = local, world // local
    if (devices, nodes) not in ((1, 1), there):
        raise InputError(
            f"torchrun started {there[0]} processes on {there[1]} machines, but {devices} on "
            f"{nodes} were asked for; leave out --devices and --nodes under torchrun."
        )
    return there


def launch(
    settings: Settings, *, devices: int = 1, nodes: int = 1, strategy: str = "auto"
) -> Fabric:
    """Set up devices and processes.

    Under torchrun the processes there are count, whatever is asked for; SLURM's are joined by
    Fabric, which holds them against ``devices`` and ``nodes``.

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
    devices, nodes = processes(devices, nodes)
    chosen: str | Strategy = "auto"
    if strategy == "fsdp":
        if not torch.cuda.is_available():
            raise InputError("strategy is fsdp, which needs GPUs, and torch sees none; use ddp.")
        chosen = FSDPStrategy()
    elif devices * nodes > 1:
        # Queues and banks are equal on all ranks by construction: sending them costs a copy.
        chosen = DDPStrategy(**{_sync_name(): False})
    try:
        fabric = Fabric(
            accelerator=settings.device,
            devices=devices,
            num_nodes=nodes,
            precision=settings.precision,
            strategy=chosen,
        )
    except (ValueError, RuntimeError, ImportError) as error:
        reason = " ".join(str(error).split())[:120].rstrip(". ")
        raise InputError(
            f"Cannot compute with device={settings.device!r} and precision="
            f"{settings.precision!r}: {reason}. Take device auto, cpu or cuda, and precision "
            f"32-true or bf16-mixed."
        ) from error
    if devices * nodes > 1:
        fabric.launch()
        atexit.register(_leave)
    return fabric


def _leave() -> None:
    """End the process group while Python still runs: its threads abort a process that goes."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def _sync_name() -> str:
    """What this torch calls the option that sends buffers around before each forward."""
    new = "forward_sync_buffers"
    return new if new in signature(DistributedDataParallel).parameters else "broadcast_buffers"


def wrap(
    fabric: Fabric, learner: nn.Module, optimiser: torch.optim.Optimizer, settings: Settings
) -> tuple[Any, Any]:
    """The learner and optimiser as Fabric wants them, compiled when asked for."""
    learner.to(memory_format=torch.channels_last)
    made = torch.compile(learner) if settings.compile else learner
    return fabric.setup(made, optimiser)


@contextmanager
def kept_memory(device: torch.device) -> Iterator[None]:
    """Keep freed memory in the process while a model trains on a CPU.

    glibc gives the activations of a step back to the system, and the next step asks for every
    page again: 23 % of the time of a small step (250 pairs of 32 pixels). Afterwards what is
    free goes back, and the thresholds are those which glibc reaches by itself. Other
    allocators and devices are left alone, and so is everything with ``GOODVIEWS_KEEP_MEMORY=0``.

    Args:
        device: Where the model trains.
    """
    wanted = device.type == "cpu" and os.environ.get("GOODVIEWS_KEEP_MEMORY", "1") != "0"
    if not wanted or platform.libc_ver()[0] != "glibc":
        yield
        return
    system = ctypes.CDLL(None)
    for threshold in (_TRIM, _MAP):
        system.mallopt(threshold, _LARGEST)
    try:
        yield
    finally:
        system.mallopt(_MAP, 32 << 20)
        system.mallopt(_TRIM, 64 << 20)
        system.malloc_trim(0)
