"""An objective by its text: ``infonce(temperature=0.1)``."""

from collections.abc import Callable
from functools import partial

from torch import Tensor

from goodviews.core.checks import InputError, unknown
from goodviews.core.spec import parse_spec
from goodviews.objectives import infonce_two_sided

__all__ = ["build_objective"]

Objective = Callable[[Tensor, Tensor], Tensor]

_PAIRWISE = {"infonce": infonce_two_sided}


def build_objective(text: str) -> Objective:
    """Make a loss of two sets of embeddings.

    Args:
        text: Name and options, literals only.

    Returns:
        A function of two (B, D) tensors that gives (B,), a loss per pair, in nats.

    Raises:
        InputError: The name is not known or the text holds more than one call.

    Example:
        >>> import torch
        >>> build_objective("infonce(temperature=1.0)")(torch.ones(4, 2), torch.ones(4, 2))
        tensor([1.3863, 1.3863, 1.3863, 1.3863])
    """
    calls = parse_spec(text)
    if len(calls) != 1 or calls[0].args:
        raise InputError(f"Objective {text!r} is not one name with named options.")
    if calls[0].name not in _PAIRWISE:
        raise unknown("objective", calls[0].name, _PAIRWISE)
    return partial(_PAIRWISE[calls[0].name], **dict(calls[0].kwargs))
