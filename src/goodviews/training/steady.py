"""One run at several lengths: its state at the end of the steady part, which longer runs share.

The trapezoid rises, is steady, and falls. A run of twice the length takes the same steps until
the shorter one begins to fall, so that the longer one can be continued from there instead of
being started again. For lengths L, 2L and 4L this takes 4.9 L steps instead of 7 L.
"""

import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from goodviews.core.errors import InputError
from goodviews.training.schedule import Factor, build_schedule, common_steps, fixed_rise
from goodviews.training.settings import Settings
from goodviews.training.state import FREE, Checkpoints, load_state, write_state

_LENGTH = ("epochs", "schedule")


@dataclass(frozen=True, eq=False)
class Steady:
    """A run at the end of the steady part of its schedule, from which longer runs continue.

    Attributes:
        state: Weights, state of the optimiser, history and description of the run, on the CPU;
            what continues it changes a copy.

    Example:
        >>> import numpy as np
        >>> from goodviews.data import load
        >>> from goodviews.training import train
        >>> from goodviews.views import parse_view
        >>> images, index, pair = load("digits"), np.arange(64), parse_view("crop()")
        >>> settings = Settings(encoder="convnet(width=4)", batch=32, epochs=10, device="cpu")
        >>> short = train(images, index, pair, settings=settings, seed=0, keep_steady=True)
        >>> longer = short.steady.longer(20)
        >>> long = train(images, index, pair, settings=longer, seed=0, steady=short.steady)
        >>> fresh = train(images, index, pair, settings=longer, seed=0)
        >>> short.steady.step, long.history.steps, long.history.losses == fresh.history.losses
        (15, 40, True)
    """

    state: dict[str, Any]

    @classmethod
    def of(cls, checkpoints: Checkpoints) -> "Steady":
        """Copy the state of a run to the CPU."""
        return cls({**_copied(checkpoints.state()), "per_epoch": checkpoints.history.per_epoch})

    @classmethod
    def load(cls, path: Path) -> "Steady":
        """Read a file of :meth:`save`.

        Raises:
            InputError: The file is missing or damaged.
        """
        return cls(load_state(path))

    def save(self, path: Path) -> None:
        """Write a file, whole or not at all.

        Raises:
            InputError: It cannot be written.
        """
        write_state(path, self.state)

    @property
    def step(self) -> int:
        """Steps taken."""
        return int(self.state["step"])

    @property
    def settings(self) -> Settings:
        """Settings of the run that was kept."""
        return Settings(**self.state["run"]["settings"])

    def longer(self, epochs: int) -> Settings:
        """Settings of the same run with more epochs, whose rise is as long as it was here.

        Args:
            epochs: Length of the longer run, from its first step on.
        """
        text = fixed_rise(self.settings.schedule, self._total, epoch=self._per_epoch)
        return replace(self.settings, epochs=epochs, schedule=text)

    @property
    def _per_epoch(self) -> int:
        return int(self.state["per_epoch"])

    @property
    def _total(self) -> int:
        return self.settings.epochs * self._per_epoch

    def enter(self, checkpoints: Checkpoints, rate: Factor, *, halfway: int) -> None:
        """Continue from here.

        Args:
            checkpoints: What the longer run has attached; nothing of it has been trained.
            rate: Schedule of the longer run.
            halfway: Step of the longer run at which it takes its first look at the bound.

        Raises:
            InputError: It is another run, or its schedule differs before this step.
        """
        mine, other = self.state["run"], checkpoints.run
        for name in mine:
            if name != "settings" and mine[name] != other[name]:
                raise InputError(
                    f"steady is of a run with {name} {mine[name]!r}, but this run has "
                    f"{other[name]!r}; continue it with the same {name}."
                )
        for name, value in other["settings"].items():
            was = getattr(self.settings, name)
            if name not in (*_LENGTH, *FREE) and was != value:
                raise InputError(
                    f"steady is of a run with {name}={was!r}, but the settings have {value!r}; "
                    "use the settings of steady.longer(epochs)."
                )
        before = build_schedule(self.settings.schedule, self._total, epoch=self._per_epoch)
        same = common_steps(before, rate, self.step) == self.step
        if not same or checkpoints.history.total <= self.step:
            raise InputError(
                f"steady is a run after {self.step} steps, and a run of "
                f"{other['settings']['epochs']} epochs with {other['settings']['schedule']} has "
                "other learning rates before that step; use the settings of "
                "steady.longer(epochs), with more epochs."
            )
        checkpoints.restore(_copied(self.state))
        bounds = checkpoints.history.bounds
        passed = halfway <= self.step  # its first look is then the last one before
        bounds[:] = [look for look in bounds if passed and look[0] <= halfway][-1:]


def last_steady_step(settings: Settings, total: int, per_epoch: int) -> int:
    """Number of steps that a longer run begins with in the same way.

    Args:
        settings: Settings of the run.
        total: Number of its steps.
        per_epoch: Number of steps of an epoch.

    Raises:
        InputError: Something other than the schedule depends on the length of the run.

    Example:
        >>> last_steady_step(Settings(), 100, 10)
        71
    """
    if settings.momentum_rises:
        raise InputError(
            "A run whose momentum rises to 1 at its end cannot be continued to a longer length; "
            "set momentum_rises=false."
        )
    longer = fixed_rise(settings.schedule, total, epoch=per_epoch)
    return common_steps(
        build_schedule(settings.schedule, total, epoch=per_epoch),
        build_schedule(longer, 2 * total, epoch=per_epoch),
        total,
    )


def _copied(state: Any) -> Any:
    """The same containers with copies of the tensors, on the CPU."""
    if isinstance(state, torch.Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, dict):
        return {name: _copied(value) for name, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(_copied(value) for value in state)
    return copy.deepcopy(state)
