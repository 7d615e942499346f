"""Optional trackers: TensorBoard, W&B or MLflow, each imported only when used.

A run that was killed after its last checkpoint repeats some steps. ``log.csv`` and TensorBoard
drop the first version of these; W&B keeps the first, and MLflow shows both.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from goodviews.core.errors import InputError, unknown
from goodviews.core.extras import need
from goodviews.core.files import read_json, write_json


class Tracker(Protocol):
    """Receiver of numbers besides ``log.csv``."""

    def write(self, step: int, numbers: Mapping[str, float]) -> None:
        """Send the numbers of a step."""
        ...

    def close(self) -> None:
        """Send the remaining numbers, and close."""
        ...


class _TensorBoard:
    def __init__(self, folder: Path, after: int) -> None:
        need("tensorboard", "track")
        module = need("torch.utils.tensorboard", "track")
        # Steps after that of a resumed run are hidden, because they are repeated.
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
"""Values of ``--track``."""


def build_tracker(name: str, folder: Path, *, after: int = 0) -> Tracker:
    """Open a tracker for a run.

    Args:
        name: ``tensorboard``, ``wandb`` or ``mlflow``.
        folder: Folder of the run; its name is the name of the run in the tracker. ``track.json``
            in it holds the identity of the run, which a resumed run reuses.
        after: Step from which the run is resumed; 0 for a new run.

    Raises:
        InputError: The name is unknown, or its library is not installed.
    """
    check_tracker(name)
    return TRACKERS[name](folder, after)


def check_tracker(name: str) -> None:
    """Check that a tracker exists and that its library is installed; an empty name is none.

    Raises:
        InputError: It does not, or is not.
    """
    if name and name not in TRACKERS:
        raise unknown("tracker", name, TRACKERS)
    if name == "tensorboard":
        need("tensorboard", "track")
    elif name == "wandb":
        need("wandb", "wandb")
    elif name:
        need("mlflow", "mlflow")


def _identity(folder: Path, name: str) -> str | None:
    path = folder / "track.json"
    known: dict[str, Any] = read_json(path) if path.exists() else {}
    if not isinstance(known, dict):
        raise InputError(f"{path} does not name a run of {name}. Remove it and run again.")
    return known.get(name)


def _remember(folder: Path, name: str, identity: str) -> None:
    write_json(folder / "track.json", {name: str(identity)})
