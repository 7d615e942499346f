"""Building of an objective from its spec: ``infonce(temperature=0.1)``."""

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
        name: Name in the spec.
        kind: One of :data:`goodviews.objectives.catalogue.KINDS`.
        loss: The function; its arguments depend on the kind.
        options: Options in the spec.
    """

    name: str
    kind: str
    loss: Callable[..., Any]
    options: dict[str, Any]

    def __call__(self, *tensors: torch.Tensor) -> Any:
        """The unreduced loss."""
        return self.loss(*tensors)


def build_objective(text: str) -> Objective:
    """Build a loss from its spec.

    Args:
        text: Name and options, which are literals.

    Returns:
        The objective; of the kind ``pair``, a function of two (B, D) tensors.

    Raises:
        InputError: The name or an option is unknown, or the text has more than one call.

    Example:
        >>> build_objective("infonce(temperature=1.0)")(torch.ones(4, 2), torch.ones(4, 2))
        tensor([1.3863, 1.3863, 1.3863, 1.3863])
    """
    calls = parse_spec(text)
    if len(calls) != 1 or calls[0].args:
        raise InputError(
            "Expected an objective such as infonce(temperature=0.1), one name with "
            f"named options, but got {text!r}."
        )
    name, options = calls[0].name, dict(calls[0].kwargs)
    record = TRAINED.find(name)
    taken = signature(record.function).parameters.values()
    known = [option.name for option in taken if option.kind is option.KEYWORD_ONLY]
    for option in options:
        if option not in known:
            raise unknown(f"option of {name}", option, known)
    made = partial(record.function, **options)
    if record.kind == "pair" and name != "wmse":  # their options depend on the batch
        _try(text, made)
    return Objective(name, record.kind, made, options)


def _try(text: str, loss: Callable[..., Any]) -> None:
    """Call the loss once, so that an option of the wrong type is reported before training."""
    pair = torch.linspace(-1, 1, 24, dtype=torch.float64).sin().reshape(12, 2)
    try:
        loss(pair, pair.flip(1))
    except InputError:
        raise
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise InputError(f"Objective {text!r} has an option of the wrong type.") from error
