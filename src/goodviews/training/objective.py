"""An objective by its text: ``infonce(temperature=0.1)``."""

from collections.abc import Callable
from functools import partial
from inspect import signature

import torch
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
        InputError: The name or an option is not known, or the text holds more than one call.

    Example:
        >>> build_objective("infonce(temperature=1.0)")(torch.ones(4, 2), torch.ones(4, 2))
        tensor([1.3863, 1.3863, 1.3863, 1.3863])
    """
    calls = parse_spec(text)
    if len(calls) != 1 or calls[0].args:
        raise InputError(f"Objective {text!r} is not one name with named options.")
    if calls[0].name not in _PAIRWISE:
        raise unknown("objective", calls[0].name, _PAIRWISE)
    function, options = _PAIRWISE[calls[0].name], dict(calls[0].kwargs)
    taken = signature(function).parameters.values()
    names = [option.name for option in taken if option.kind is option.KEYWORD_ONLY]
    for name in options:
        if name not in names:
            raise unknown(f"option of {calls[0].name}", name, names)
    pair = torch.eye(2)
    try:
        function(pair, pair, **options)
    except InputError:
        raise
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise InputError(f"Objective {text!r} has an option of the wrong kind.") from error
    return partial(function, **options)
