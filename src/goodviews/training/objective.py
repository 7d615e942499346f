"""An objective by its text: ``infonce(temperature=0.1)``."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

import torch

from goodviews.core.errors import InputError, unknown
from goodviews.objectives.catalogue import TRAINED
from goodviews.spec.grammar import parse_spec


@dataclass(frozen=True)
class Objective:
    """A loss with its options.

    Attributes:
        name: As it is typed.
        kind: One of those of :data:`goodviews.objectives.catalogue.KINDS`.
        loss: The function; what it takes depends on the kind.
        options: As they were typed.
    """

    name: str
    kind: str
    loss: Callable[..., Any]
    options: dict[str, Any]

    def __call__(self, *tensors: torch.Tensor) -> Any:
        """The loss before it is reduced."""
        return self.loss(*tensors)


def build_objective(text: str) -> Objective:
    """Make a loss from its spec.

    Args:
        text: Name and options, literals only.

    Returns:
        For the kind ``pair`` a function of two (B, D) tensors.

    Raises:
        InputError: The name or an option is not known, or the text holds more than one call.

    Example:
        >>> build_objective("infonce(temperature=1.0)")(torch.ones(4, 2), torch.ones(4, 2))
        tensor([1.3863, 1.3863, 1.3863, 1.3863])
    """
    calls = parse_spec(text)
    if len(calls) != 1 or calls[0].args:
        raise InputError(f"Objective {text!r} is not one name with named options.")
    name, options = calls[0].name, dict(calls[0].kwargs)
    record = TRAINED.find(name)
    taken = signature(record.function).parameters.values()
    known = [option.name for option in taken if option.kind is option.KEYWORD_ONLY]
    for option in options:
        if option not in known:
            raise unknown(f"option of {name}", option, known)
    made = partial(record.function, **options)
    if record.kind == "pair" and name != "wmse":  # whose options depend on the batch
        _try(text, made)
    return Objective(name, record.kind, made, options)


def _try(text: str, loss: Callable[..., Any]) -> None:
    """Call it once, so that an option of the wrong kind is told before training."""
    pair = torch.linspace(-1, 1, 24, dtype=torch.float64).sin().reshape(12, 2)
    try:
        loss(pair, pair.flip(1))
    except InputError:
        raise
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise InputError(f"Objective {text!r} has an option of the wrong kind.") from error
