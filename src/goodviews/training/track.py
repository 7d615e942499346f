"""The optional logger: TensorBoard, W&B or MLflow, each loaded only when asked for.

A run that was killed after its last checkpoint makes some steps again. ``log.csv`` and
TensorBoard forget the first time; W&B keeps it and MLflow shows both.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from goodviews.core.errors import InputError, unknown
from goodviews.core.extras import need
from goodviews.core.files import read_json, write_json


class Tracker(Protocol):
    """Where numbers go besides ``log.csv``."""

    def write(self, step: int, numbers: Mapping[str, float]) -> None:
        """Send the numbers of a step."""
        ...

    def close(self) -> None:
        """Send what waits, and end."""
        ...


class _TensorBoard:
    def __init__(self, folder: Path, after: int) -> None:
        need("tensorboard", "track")
        module = need("torch.utils.tensorboard", "track")
        # What lies after the step of a resumed run is hidden, for it comes again.
        purge = after + 1 if after else None
        self.writer = module.SummaryWriter(str(folder / "tensorboard"), purge_step=purge)

    def write(self, step: int, numbers: Mapping[str, float]) -> None:
        for name, number in numbers.items():
            self.writer.add_scalar(name, number, step)

    def close(self) -> None:
        self.writer.close()


class _Wandb:
    def __init__(self, folder: Path, after: int) -> None:
        module = need("wandb", "wandb")
        known = _identity(folder, "wandb") if after else None
        self.run = module.init(
            project="goodviews", name=folder.name, dir=str(folder), id=known, resume="allow"
        )
        _remember(folder, "wandb", self.run.id)

    def write(self, step: int, numbers: Mapping[str, float]) -> None:
        self.run.log(dict(numbers), step=step)

    def close(self) -> None:
        self.run.finish()


class _Mlflow:
    def __init__(self, folder: Path, after: int) -> None:
        self.module = need("mlflow", "mlflow")
        known = _identity(folder, "mlflow") if after else None
        run = self.module.start_run(run_id=known, run_name=None if known else folder.name)
        _remember(folder, "mlflow", run.info.run_id)

    def write(self, step: int, numbers: Mapping[str, float]) -> None:
        self.module.log_metrics(dict(numbers), step=step)

    def close(self) -> None:
        self.module.end_run()


TRACKERS: dict[str, Callable[[Path, int], Tracker]] = {
    "mlflow": _Mlflow,
    "tensorboard": _TensorBoard,
    "wandb": _Wandb,
}
"""What ``--track`` takes."""


def build_tracker(name: str, folder: Path, *, after: int = 0) -> Tracker:
    """Open a tracker for a run.

    Args:
        name: ``tensorboard``, ``wandb`` or ``mlflow``.
        folder: The run's; its name is the run's name there, and ``track.json`` in it keeps
            which run it is, so that a resumed one goes on under the same.
        after: Step that the run is resumed from; 0 for a new run.

    Raises:
        InputError: The name is not known, or its library is not installed.
    """
    if name not in TRACKERS:
        raise unknown("tracker", name, TRACKERS)
    return TRACKERS[name](folder, after)


def _identity(folder: Path, name: str) -> str | None:
    path = folder / "track.json"
    kept: dict[str, Any] = read_json(path) if path.exists() else {}
    if not isinstance(kept, dict):
        raise InputError(f"{path} names no run of {name}. Remove it and run again.")
    return kept.get(name)


def _remember(folder: Path, name: str, identity: str) -> None:
    write_json(folder / "track.json", {name: str(identity)})
