"""Collapse, non-finite steps and convergence of training."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import InputError

_FEWEST = 40
"""Minimum number of steps of a run that can have levelled off."""


class NonFiniteError(InputError):
    """A loss or gradient is not finite; the message holds what is needed to replay the step."""


@dataclass
class History:
    """Record of a training run.

    Attributes:
        losses: Mean objective of each step, nats.
        gradients: Norm of the gradient of each step.
        bounds: (step, nats, standard error) of each look at the held-out bound.
        steps: Optimiser steps taken.
        per_epoch: Optimiser steps of an epoch.
        total: Optimiser steps of the whole run.
        rule: One sentence that explains the learning rate.
        rows: What the log holds besides the loss, by step.
        watched: The last measurements of the monitor.
    """

    losses: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list, kw_only=True)
    bounds: list[tuple[int, float, float]] = field(default_factory=list)
    steps: int = 0
    per_epoch: int = 0
    total: int = 0
    rule: str = ""
    rows: dict[int, dict[str, Any]] = field(default_factory=dict, kw_only=True)
    watched: list[dict[str, Any]] = field(default_factory=list, kw_only=True)

    def state_dict(self) -> dict[str, Any]:
        """Content for a checkpoint."""
        return {
            "step": self.steps,
            "losses": torch.tensor(self.losses, dtype=torch.float64),
            "gradients": torch.tensor(self.gradients, dtype=torch.float64),
            "bounds": [list(look) for look in self.bounds],
            "rows": self.rows,
            "watched": self.watched,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the content of a checkpoint."""
        self.steps = state["step"]
        self.losses[:] = state["losses"].tolist()
        self.gradients[:] = state["gradients"].tolist()
        self.rows |= state["rows"]
        self.watched[:] = state["watched"]
        self.bounds[:] = [(int(step), nats, err) for step, nats, err in state["bounds"]]


def collapsed(embeddings: Tensor) -> bool:
    """Whether embeddings have collapsed to a point: the unit vectors hardly differ between images.

    Args:
        embeddings: (N, D), any norm.

    Returns:
        True when the standard deviation per dimension, times sqrt(D), is below 0.1; vectors
        spread over the sphere have 1.

    Example:
        >>> collapsed(torch.ones(8, 4)), collapsed(torch.eye(8))
        (True, False)
    """
    z = F.normalize(embeddings.float(), dim=1)
    return bool(z.var(dim=0).sum().sqrt() < 0.1)


def levelled_off(history: History, *, nats: float = 0.25) -> bool:
    """Whether doubling the training would change the loss and the held-out bound only little.

    Both are compared between the middle and the end of the part of training with a constant
    learning rate: between these two, that part was doubled, so the schedule cannot be the cause.

    Args:
        history: History of a run that measured the held-out bound.
        nats: Largest change of the loss or the bound that counts as little.

    Returns:
        Also False when there were too few steps to decide.

    Example:
        >>> losses, bounds = [3.0] + [1.0] * 99, [(35, 2.0, 0.1), (70, 2.1, 0.1), (100, 2.3, 0.1)]
        >>> levelled_off(History(losses, bounds)), levelled_off(History(losses[:9], bounds))
        (True, False)
    """
    if len(history.bounds) < 2 or len(history.losses) < _FEWEST:
        return False
    (middle, early, _), (end, late, _) = history.bounds[:2]
    part = max(len(history.losses) // 20, 1)
    before = np.mean(history.losses[middle - part : middle + part])
    after = np.mean(history.losses[end - 2 * part : end])
    return bool(before - after <= nats and late - early <= nats)


def gradient_norm(parameters: Iterable[Tensor]) -> Tensor:
    """Euclidean norm of all gradients together, a scalar; 0 without gradients."""
    there = [p.grad for p in parameters if p.grad is not None]
    return torch.nn.utils.get_total_norm(there)


def check_finite(
    value: Tensor, *, seed: int, epoch: int, step: int, view: str, what: str = "loss"
) -> None:
    """Raise an error at the first loss or gradient norm, a scalar, that is not finite.

    Raises:
        NonFiniteError: The value is not finite; the message holds seed, epoch, step and view for
            a replay.
    """
    if not torch.isfinite(value):
        raise NonFiniteError(
            f"The {what} is {value.item()} at step {step} (epoch {epoch}, seed {seed}) with view "
            f"{view}; lower the learning rate or raise the temperature and run again."
        )
