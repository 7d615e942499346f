"""Devices, processes and memory: setup of Fabric and wrapping of a model."""

import atexit
import ctypes
import logging
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from typing import TYPE_CHECKING, Any, get_args

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from goodviews.core.errors import InputError, unknown
from goodviews.training.settings import Settings

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from lightning_fabric.strategies import Strategy

STRATEGIES = ("auto", "ddp")
"""What tests run with two processes."""

_TRIM, _MAP = -1, -3
"""Parameters of glibc: thresholds for returning memory and for mapping a separate block."""
_LARGEST = 2**31 - 1


def processes(
    devices: int, nodes: int, environment: Mapping[str, str] = os.environ
) -> tuple[int, int]:
    """Number of processes per machine and of machines, as given or as torchrun started them.

    Args:
        devices: Processes per machine given by the user; 1 means not given.
        nodes: Machines given by the user; 1 means not given.
        environment: Variables with ``WORLD_SIZE`` and ``LOCAL_WORLD_SIZE`` of torchrun.

    Raises:
        InputError: torchrun started other numbers than given.

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
            f"torchrun started {there[0]} processes on {there[1]} machines, but --devices "
            f"{devices} --nodes {nodes} was given; leave out both options under torchrun."
        )
    return there


def resolve_precision(precision: str, device: str = "cpu") -> str:
    """Name of a precision in Lightning Fabric; ``auto`` is the fastest that the hardware has.

    Args:
        precision: Name of a precision, or ``auto``.
        device: ``cpu``, ``cuda`` or another accelerator, or ``auto``.

    Returns:
        For ``auto``, ``bf16-mixed`` where products of bfloat16 are computed by the processor (AMX
        or AVX-512 BF16) or the GPU, else ``32-true``; other names as they are.

    Example:
        >>> resolve_precision("64-true"), resolve_precision("auto") in ("32-true", "bf16-mixed")
        ('64-true', True)
    """
    if precision != "auto":
        return precision
    if device == "cuda" or (device == "auto" and torch.cuda.is_available()):
        return "bf16-mixed" if torch.cuda.is_bf16_supported(False) else "32-true"
    if device not in ("cpu", "auto"):
        return "32-true"
    found: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    quick = found.get("avx512_bf16", False) or found.get("amx_bf16", False)
    return "bf16-mixed" if quick else "32-true"


def make_fabric(device: str, precision: str, **options: Any) -> "Fabric":
    """Fabric of a device and a precision, which may be ``auto``, without its notices.

    Example:
        >>> make_fabric("cpu", "auto", devices=1).device.type
        'cpu'
    """
    from lightning_fabric import Fabric

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    name: Any = resolve_precision(precision, device)
    return Fabric(accelerator=device, precision=name, **options)


def first_process(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is the first of the processes of a run, before they are joined.

    Args:
        environment: Variables by which torchrun, SLURM and Fabric number processes.

    Example:
        >>> first_process({"RANK": "1"}), first_process({})
        (False, True)
    """
    names = ("RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "SLURM_PROCID")
    return all(environment.get(name, "0") == "0" for name in names)


def check_device(name: str) -> None:
    """Check that a device exists, before it is needed.

    Raises:
        InputError: It does not.

    Example:
        >>> check_device("cpu")
    """
    if name == "auto":
        return
    try:
        torch.zeros(1, device={"gpu": "cuda"}.get(name, name))
    except (RuntimeError, AssertionError, ImportError, NotImplementedError) as error:
        reason = str(error).split(".")[0][:60].rstrip()
        raise InputError(
            f"Cannot compute on device {name!r} ({reason}); use --device auto, cpu or cuda."
        ) from error


def check_machine(settings: Settings, *, strategy: str = "auto") -> None:
    """Check device, precision and strategy, before images are read.

    Raises:
        InputError: One of them does not exist.
    """
    check_device(settings.device)
    from lightning_fabric.plugins.precision.precision import _PRECISION_INPUT

    precisions = {str(one) for part in get_args(_PRECISION_INPUT) for one in get_args(part)}
    if settings.precision not in precisions | {"auto"}:
        raise InputError(
            f"Unknown precision {settings.precision!r}; use --precision auto, 32-true or "
            "bf16-mixed."
        )
    if strategy not in STRATEGIES:
        raise unknown("strategy", strategy, STRATEGIES)


def launch(
    settings: Settings, *, devices: int = 1, nodes: int = 1, strategy: str = "auto"
) -> "Fabric":
    """Set up devices and processes.

    Under torchrun, the processes that it started are used. Under SLURM, Fabric joins the
    processes and checks them against ``devices`` and ``nodes``.

    Args:
        settings: Settings with device and precision.
        devices: Number of processes on this machine.
        nodes: Number of machines.
        strategy: ``auto`` or ``ddp``; both are DDP for more than one process.

    Raises:
        InputError: The strategy is unknown, or the device or precision is not available.

    Example:
        >>> fabric = launch(Settings(device="cpu"))
        >>> fabric.world_size, fabric.device.type
        (1, 'cpu')
    """
    if strategy not in STRATEGIES:
        raise unknown("strategy", strategy, STRATEGIES)
    devices, nodes = processes(devices, nodes)
    from lightning_fabric.strategies import DDPStrategy

    chosen: str | Strategy = "auto"
    if devices * nodes > 1:
        # Queues and banks are equal on all ranks by construction; broadcasting them costs time.
        chosen = DDPStrategy(**{_sync_name(): False})
    try:
        fabric = make_fabric(
            settings.device,
            settings.precision,
            devices=devices,
            num_nodes=nodes,
            strategy=chosen,
        )
    except (ValueError, RuntimeError, ImportError) as error:
        reason = " ".join(str(error).split())[:120].rstrip(". ")
        raise InputError(
            f"Cannot compute with device={settings.device!r} and "
            f"precision={settings.precision!r}: {reason}. Use device auto, cpu or cuda, and "
            "precision auto, 32-true or bf16-mixed."
        ) from error
    if devices * nodes > 1:
        fabric.launch()
        atexit.register(_end_process_group)
    return fabric


def _end_process_group() -> None:
    """End the process group before Python exits, because its threads would abort the exit."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def _sync_name() -> str:
    """Name of the option of this torch version that broadcasts buffers before each forward."""
    new = "forward_sync_buffers"
    return new if new in signature(DistributedDataParallel).parameters else "broadcast_buffers"


def wrap(
    fabric: "Fabric", learner: nn.Module, optimiser: torch.optim.Optimizer, settings: Settings
) -> tuple[Any, Any]:
    """Set up learner and optimiser with Fabric, compiled if ``compile`` is set."""
    learner.to(memory_format=torch.channels_last)
    made = torch.compile(learner) if settings.compile else learner
    return fabric.setup(made, optimiser)


@contextmanager
def reuse_memory(device: torch.device) -> Iterator[None]:
    """Keep freed memory in the process while a model trains on a CPU.

    Otherwise glibc returns the activations of a step to the system, and the next step requests
    every page again: 23 % of the time of a small step (250 pairs of 32 pixels). Afterwards free
    memory is returned, and the thresholds are set to those that glibc reaches by itself. Other
    allocators and devices are not changed, and ``GOODVIEWS_KEEP_MEMORY=0`` switches this off.

    Args:
        device: Device on which the model trains.
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
