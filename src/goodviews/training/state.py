"""Checkpoints: the complete state of a run, so that a resumed run takes the same steps."""

import hashlib
import io
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import nn

from goodviews.core.distributed import anywhere, ranks, together
from goodviews.core.errors import InputError
from goodviews.core.files import writing
from goodviews.encoders import PairEncoder
from goodviews.training.diagnostics.monitor import History

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Start(Protocol):
    """Weights that a run starts from."""

    name: str

    @property
    def identity(self) -> str:
        """The name, and the hash of the file after a space if there is a file."""
        ...

    def __call__(self, encoders: PairEncoder) -> None:
        """Load them into the encoders."""
        ...


LAST, PREVIOUS = "last.pt", "previous.pt"
_MARK = b"goodviews 1 "
"""First bytes of every checkpoint, followed by the SHA-256 of the rest."""
FREE = ("device", "precision", "compile")
"""Settings that may differ in a resumed run."""
_TYPED = {"name": "--recipe", "encoder": "--backbone", "batch": "--batch", "epochs": "--epochs"}
"""Settings that have their own option on the command line."""
_TWICE_S = 5.0
"""Signals within this many seconds count as one: a launcher forwards them a second time."""


class Interrupted(KeyboardInterrupt):
    """A run was stopped by Ctrl-C or a cluster; its state was written.

    Args:
        message: Message to show.
        number: Number of the signal.

    Attributes:
        code: Exit code of the process: 128 + the number of the signal.

    Example:
        >>> Interrupted("Stopped after step 3; run the same command to resume.").code
        130
    """

    def __init__(self, message: str, number: int = signal.SIGINT) -> None:
        super().__init__(message)
        self.code = 128 + int(number)


def save_state(folder: Path, state: dict[str, Any]) -> Path:
    """Write a checkpoint; the previous one is kept under another name.

    Args:
        folder: Folder of ``last.pt`` and ``previous.pt``.
        state: State to write: tensors, numbers, texts, and containers of them.

    Returns:
        Path of the file.

    Raises:
        InputError: The checkpoint cannot be written. Existing checkpoints are unchanged.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     file = save_state(Path(folder), {"step": 3, "weight": torch.ones(2)})
        ...     file.name, load_state(Path(folder))
        ('last.pt', {'step': 3, 'weight': tensor([1., 1.])})
    """
    last, fresh = folder / LAST, folder / ".fresh.pt"
    try:
        write_state(fresh, state)
        if last.exists():
            last.replace(folder / PREVIOUS)
        fresh.replace(last)
    finally:
        fresh.unlink(missing_ok=True)
    return last


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state as one file, which :func:`load_state` reads.

    Raises:
        InputError: It cannot be written.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getbuffer()
    with writing(path) as file:
        file.write(_MARK + hashlib.sha256(data).hexdigest().encode() + b"\n")
        file.write(data)


def load_state(path: Path, *, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint, or the last complete one of a folder.

    Args:
        path: A checkpoint, or the folder of a run.
        device: Device for its tensors.

    Returns:
        The state that was given to :func:`save_state`.

    Raises:
        InputError: There is no checkpoint, or none is complete.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     file = save_state(Path(folder), {"step": 3, "weight": torch.ones(2)})
        ...     file.name, load_state(Path(folder))
        ('last.pt', {'step': 3, 'weight': tensor([1., 1.])})
    """
    files = [path / LAST, path / PREVIOUS] if path.is_dir() else [path]
    there = [file for file in files if file.exists()]
    if not there:
        raise InputError(
            f"There is no checkpoint in {path}; name the folder of a pretraining run."
        )
    broken = []
    for file in there:
        try:
            return _read(file, device)
        except (ValueError, OSError) as error:
            broken.append(f"{file.name} {error}")
    raise InputError(
        f"No checkpoint in {path} can be used: {'; '.join(broken)}. Start again in another "
        "folder, or copy a complete checkpoint there."
    )


def _read(file: Path, device: torch.device | str) -> dict[str, Any]:
    head, _, data = file.read_bytes().partition(b"\n")
    if not head.startswith(_MARK):
        raise ValueError("was not written by goodviews")
    if hashlib.sha256(data).hexdigest().encode() != head[len(_MARK) :]:
        raise ValueError("is damaged or cut short")
    state: dict[str, Any] = torch.load(io.BytesIO(data), map_location=device, weights_only=True)
    return state


class Checkpoints:
    """Checkpoints of one run, which resume it and are written regularly and at a stop.

    Args:
        folder: Folder of the checkpoints; without it nothing is written.
        settings: Settings of the run.
        view: View spec of the run.
        seed: Random seed of the run.
        data: Hash of the images.
        start: Weights that the run starts from, if they are not drawn.
        writer: Whether this process writes.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        settings: "DataclassInstance",
        view: str,
        seed: int,
        data: str,
        start: "Start | None" = None,
        writer: bool = True,
    ) -> None:
        self.folder, self.writer, self.kind = folder, writer, type(settings)
        self.run: dict[str, Any] = {
            "settings": asdict(settings),
            "view": view,
            "seed": seed,
            "data": data,
        }
        self.start = start
        self._asked: float | None = None
        self._signal = int(signal.SIGINT)

    @property
    def resumes(self) -> bool:
        """Whether the folder holds a checkpoint of a run to resume."""
        names = (LAST, PREVIOUS)
        return self.folder is not None and any((self.folder / name).exists() for name in names)

    def attach(self, learner: nn.Module, optimiser: Any, history: History) -> None:
        """Attach the state of a run; a run stored in the folder is resumed.

        Raises:
            InputError: The folder holds another run.
        """
        self.learner, self.optimiser, self.history = learner, optimiser, history
        if self.folder is None or not self.resumes:
            self.run["start"] = self.start.identity if self.start else ""
            return
        state = load_state(self.folder)
        try:
            self._check(state["run"])
            self.restore(state)
        except (KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise InputError(
                f"The checkpoint in {self.folder} is of another version or was edited; choose "
                "another folder with --out."
            ) from error

    def state(self) -> dict[str, Any]:
        """State of the run after the last step; its tensors are those that training changes."""
        return {
            "run": self.run,
            **self.history.state_dict(),
            "learner": self.learner.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Give the attached run a state, whose tensors it may change."""
        self.learner.load_state_dict(state["learner"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.history.load_state_dict(state)

    def _check(self, there: dict[str, Any]) -> None:
        self.run["start"] = there["start"]
        mine = self.start.identity if self.start else ""
        if mine != there["start"] and not (mine and there["start"].startswith(f"{mine} ")):
            asked = f"--from {self.start.name}" if self.start else "drawn weights"
            began = there["start"].rpartition(" ")[0] or there["start"] or "drawn weights"
            raise InputError(
                f"{self.folder} holds a run that started from {began}, not {asked}; choose "
                "another folder with --out, or the same start."
            )
        for name in ("view", "seed", "data"):
            if there[name] != self.run[name]:
                raise InputError(
                    f"{self.folder} holds a run with {name} {there[name]!r}, not "
                    f"{self.run[name]!r}; choose another folder with --out, or the same {name}."
                )
        mine = self.run["settings"]
        for name in [*(name for name in _TYPED if name in mine), *mine]:
            value = mine[name]
            was = there["settings"].get(name, getattr(self.kind, name, None))
            if name not in FREE and was != value:
                typed = _TYPED.get(name, f"--set {name}")
                raise InputError(
                    f"{self.folder} holds a run with {name}={was!r}, not {value!r}; choose "
                    f"another folder with --out, or the original {typed}."
                )

    @contextmanager
    def stoppable(self) -> Iterator[Callable[..., None]]:
        """Within this block, Ctrl-C, SIGTERM and SIGHUP stop the run after the step, and save it.

        A signal to one of several processes is enough; all stop after the same step.

        Yields:
            A function to call after each step; with ``due`` it writes a checkpoint.
        """

        def asked(number: int, _frame: FrameType | None) -> None:
            now = time.monotonic()
            if self._asked is None:
                self._asked, self._signal = now, number
            elif ranks() == 1 or now - self._asked > _TWICE_S:  # a second signal stops immediately
                raise KeyboardInterrupt

        mine = self.folder is not None and threading.current_thread() is threading.main_thread()
        heard = [s for s in _SIGNALS if signal.getsignal(s) is not signal.SIG_IGN]
        before = {s: signal.signal(s, asked) for s in heard} if mine else {}
        try:
            yield self._saved
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _saved(self, *, due: bool) -> None:
        stop = self.folder is not None and anywhere(self._asked is not None)
        if self.folder is not None and self.writer and (due or stop):
            save_state(self.folder, self.state())
        if stop:
            together()  # a launcher ends the other processes as soon as one has ended
            raise Interrupted(
                f"Stopped after step {self.history.steps}; run the same command to resume.",
                self._signal,
            )


_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
