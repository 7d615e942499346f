"""Checkpoints: the whole state of a run, written whole, so that the next step is the same."""

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
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from goodviews.core.distributed import anywhere, ranks, together
from goodviews.core.errors import InputError
from goodviews.core.files import writing
from goodviews.training.diagnostics.monitor import History

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LAST, PREVIOUS = "last.pt", "previous.pt"
_MARK = b"goodviews 1 "
"""Begins every checkpoint; the SHA-256 of the rest follows."""
_FREE = ("device", "precision", "compile")
"""Settings that a resumed run may change."""
_TYPED = {"name": "--recipe", "encoder": "--backbone", "batch": "--batch", "epochs": "--epochs"}
"""Settings with an option of their own."""
_TWICE_S = 5.0
"""Signals within so many seconds are one: a launcher sends on what its processes got as well."""


class Interrupted(KeyboardInterrupt):
    """A run was asked to stop, by Ctrl-C or a cluster; its state was written.

    Args:
        said: What to show.
        number: Of the signal.

    Attributes:
        code: What a process that ends by it exits with: 128 + that number.
    """

    def __init__(self, said: str, number: int = signal.SIGINT) -> None:
        super().__init__(said)
        self.code = 128 + int(number)


def save_state(folder: Path, state: dict[str, Any]) -> Path:
    """Write a checkpoint; the one before it is kept beside it.

    Args:
        folder: Where ``last.pt`` and ``previous.pt`` stand.
        state: Tensors, numbers, texts, and containers of them.

    Returns:
        The file.

    Raises:
        InputError: It cannot be written. What stood there before still stands.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getbuffer()
    last, fresh = folder / LAST, folder / ".fresh.pt"
    try:
        with writing(fresh) as file:
            file.write(_MARK + hashlib.sha256(data).hexdigest().encode() + b"\n")
            file.write(data)
        if last.exists():
            last.replace(folder / PREVIOUS)
        fresh.replace(last)
    finally:
        fresh.unlink(missing_ok=True)
    return last


def load_state(path: Path, *, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint; of a folder the last one that is whole.

    Args:
        path: A checkpoint, or the folder of a run.
        device: Where its tensors go.

    Returns:
        What :func:`save_state` was given.

    Raises:
        InputError: There is none, or none is whole.
    """
    files = [path / LAST, path / PREVIOUS] if path.is_dir() else [path]
    there = [file for file in files if file.exists()]
    if not there:
        raise InputError(f"{path} holds no checkpoint; name the folder of a pretraining run.")
    broken = []
    for file in there:
        try:
            return _read(file, device)
        except (ValueError, OSError) as error:
            broken.append(f"{file.name} {error}")
    raise InputError(
        f"No checkpoint in {path} can be used: {'; '.join(broken)}. "
        f"Start again in another folder, or copy a whole checkpoint there."
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
    """The checkpoints of one run: resumed from, written when due, and when asked to stop.

    Args:
        folder: Where they stand; nothing is written without one.
        settings: Of the run.
        view: Its view spec.
        seed: Its number.
        data: Hash of the images.
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
        writer: bool = True,
    ) -> None:
        self.folder, self.writer, self.kind = folder, writer, type(settings)
        self.run: dict[str, Any] = {
            "settings": asdict(settings),
            "view": view,
            "seed": seed,
            "data": data,
        }
        self._asked: float | None = None
        self._signal = int(signal.SIGINT)

    def hold(self, learner: nn.Module, optimiser: Any, history: History) -> None:
        """Take charge of a run's state; a run that stands in the folder is gone on with.

        Raises:
            InputError: Another run stands there.
        """
        self.learner, self.optimiser, self.history = learner, optimiser, history
        if self.folder is None or not any((self.folder / n).exists() for n in (LAST, PREVIOUS)):
            return
        state = load_state(self.folder)
        self._check(state["run"])
        learner.load_state_dict(state["learner"])
        optimiser.load_state_dict(state["optimiser"])
        history.load_state_dict(state)

    def _check(self, there: dict[str, Any]) -> None:
        for name in ("view", "seed", "data"):
            if there[name] != self.run[name]:
                raise InputError(
                    f"{self.folder} holds a run with {name} {there[name]!r}, not "
                    f"{self.run[name]!r}; choose another --out, or the same {name}."
                )
        mine = self.run["settings"]
        for name in [*(name for name in _TYPED if name in mine), *mine]:
            value = mine[name]
            was = there["settings"].get(name, getattr(self.kind, name, None))
            if name not in _FREE and was != value:
                typed = _TYPED.get(name, f"--set {name}")
                raise InputError(
                    f"{self.folder} holds a run with {name}={was!r}, not "
                    f"{value!r}; choose another --out, or {typed} as it was."
                )

    @contextmanager
    def stoppable(self) -> Iterator[Callable[..., None]]:
        """While this block runs, Ctrl-C and SIGTERM stop after the step, with a checkpoint.

        Of several processes it is enough that one is asked: all stop after the same step.

        Yields:
            A function to call after each step; ``due`` says whether to write anyway.
        """

        def asked(number: int, _frame: FrameType | None) -> None:
            now = time.monotonic()
            if self._asked is None:
                self._asked, self._signal = now, number
            elif ranks() == 1 or now - self._asked > _TWICE_S:  # asked twice: at once
                raise KeyboardInterrupt

        mine = self.folder is not None and threading.current_thread() is threading.main_thread()
        before = {s: signal.signal(s, asked) for s in _SIGNALS} if mine else {}
        try:
            yield self._saved
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _saved(self, *, due: bool) -> None:
        stop = self.folder is not None and anywhere(self._asked is not None)
        if self.folder is not None and self.writer and (due or stop):
            save_state(
                self.folder,
                {
                    "run": self.run,
                    **self.history.state_dict(),
                    "learner": self.learner.state_dict(),
                    "optimiser": self.optimiser.state_dict(),
                },
            )
        if stop:
            together()  # a launcher ends the others as soon as one has ended
            raise Interrupted(
                f"Stopped after step {self.history.steps}; run the same command to go on.",
                self._signal,
            )


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
