"""Does it learn? Collapse, non-finite steps and whether training has levelled off."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.checks import InputError

__all__ = ["History", "NonFiniteError", "collapsed", "levelled_off"]


class NonFiniteError(InputError):
    """A loss stopped being a number; the message holds what is needed to replay the step."""


@dataclass
class History:
    """What happened in training.

    Attributes:
        losses: Mean objective of each epoch, nats.
        bounds: (epoch, nats, standard error) of each look at the held-out bound.
        steps: Optimiser steps taken.
    """

    losses: list[float] = field(default_factory=list)
    bounds: list[tuple[int, float, float]] = field(default_factory=list)
    steps: int = 0


def collapsed(embeddings: Tensor) -> bool:
    """Whether embeddings fell to a point: the unit vectors hardly differ between images.

    Args:
        embeddings: (N, D), any norm.

    Returns:
        True when the standard deviation per dimension, times sqrt(D), is under a tenth
        of the value 1 that vectors spread over the sphere have.

    Example:
        >>> collapsed(torch.ones(8, 4)), collapsed(torch.eye(8))
        (True, False)
    """
    z = F.normalize(embeddings.float(), dim=1)
    return bool(z.var(dim=0).sum().sqrt() < 0.1)


def levelled_off(
    losses: Sequence[float], bounds: Sequence[float], *, loss_nats: float = 0.05, bound_nats: float = 0.1
) -> bool:
    """Whether loss and held-out bound stand still over the last fifth of training.

    Args:
        losses: Mean loss of each epoch.
        bounds: Held-out bound at four fifths of training and at its end.
        loss_nats: Largest fall of the loss, between the means of the two last tenths.
        bound_nats: Largest rise of the bound.

    Returns:
        False as well when there are too few epochs to tell.

    Example:
        >>> levelled_off([3.0, 2.0, 1.0, 1.0, 1.0], [2.0, 2.01]), levelled_off([3.0], [2.0, 2.0])
        (True, False)
    """
    if len(losses) < 3 or len(bounds) < 2:
        return False
    part = max(len(losses) // 10, 1)
    last, before = np.mean(losses[-part:]), np.mean(losses[-2 * part : -part])
    return bool(before - last <= loss_nats and bounds[-1] - bounds[0] <= bound_nats)


def check_finite(loss: Tensor, *, seed: int, epoch: int, step: int, view: str) -> None:
    """Stop at the first loss that is not a number.

    Raises:
        NonFiniteError: With seed, epoch, step and view, which replay it.
    """
    if not torch.isfinite(loss):
        raise NonFiniteError(
            f"The loss is {loss.item()} at step {step} (epoch {epoch}, seed {seed}) with view "
            f"{view}; lower the learning rate or raise the temperature and run again."
        )
