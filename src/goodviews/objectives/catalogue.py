"""Every objective as one record: how it is trained, how ranks combine, its side of the duality.

The record is written beside the function, by :func:`register`; training by name, gathering over
ranks and the classification of losses look it up here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from goodviews.core.errors import InputError, unknown
from goodviews.core.plugins import Registry

KINDS = {
    "pair": "(view1, view2)",
    "prediction": "(prediction1, prediction2, target1, target2)",
    "prototypes": "(view1, view2, prototypes)",
    "labels": "(view1, view2, labels)",
    "classes": "(logits, labels)",
    "stored": "(anchor, positive, negatives)",
    "context": "(anchor, positive)",
}
"""How an objective is trained, and the tensors that a training step passes to it."""

How = Literal["rows", "candidates", "batch"]
Side = Literal["sample", "dimension", "outside", ""]
Function = TypeVar("Function", bound=Callable[..., Any])

ASYMPTOTIC = "With many negatives its optimum makes unlike samples uncorrelated; unit samples."
BENT = "Its repulsion grows with the squared or absolute cosine of samples; unit samples."
RATE = "The log-determinant is least for a diagonal covariance of dimensions; unit samples."
OUTSIDE = "It has neither a term between samples nor one between dimensions."


class Combine(NamedTuple):
    """How the ranks of one objective combine, so that many processes train as one would.

    Example:
        >>> Combine("batch").axis
        0
    """

    how: How
    """``rows``: an example's loss needs that example alone, and each rank computes its own rows.
    ``candidates``: an anchor is scored against other examples' positives; each rank keeps its own
    anchors and takes the other ranks' positives as further candidates. ``batch``: the loss is of
    the batch as a whole (a pool, a covariance, a determinant, balanced assignments); each rank
    gathers the batch and computes all of it."""
    axis: int = 0
    """Axis along which the gathered tensors hold the examples."""
    shared: int = 0
    """How many of the last positional tensors are the same on every rank."""
    sides: int = 1
    """2 where the positives are anchors too, and need the other ranks' anchors."""


@dataclass(frozen=True)
class Record:
    """What is known of one objective.

    Attributes:
        function: The loss, which returns before reducing.
        kind: One of :data:`KINDS`; empty where it is not trained by name.
        combine: How ranks combine.
        side: Side of the duality: ``sample``, ``dimension``, ``outside``; empty when not given.
        reason: One sentence that says why it is on that side.
    """

    function: Callable[..., Any]
    kind: str
    combine: Combine
    side: Side
    reason: str


OBJECTIVES: Registry[Record] = Registry("objective")
"""Every objective by the name of its function."""
TRAINED: Registry[Record] = Registry("objective")
"""Those that can be trained, by the name that is typed: ``infonce(temperature=0.1)``."""


def register(
    kind: str = "pair",
    *,
    name: str = "",
    ranks: How = "batch",
    axis: int = 0,
    shared: int = 0,
    sides: int = 1,
    side: Side = "",
    reason: str = "",
) -> Callable[[Function], Function]:
    """Make a function an objective that can be trained by name, here and on the command line.

    The function takes tensors by position and options by keyword, and returns a loss for each
    anchor, (B,), or a named tuple of terms.

    Args:
        kind: How it is trained, one of :data:`KINDS`; empty where it is not trained by name.
        name: Name that is typed; that of the function by default.
        ranks: See :class:`Combine`; ``batch`` is right for every loss.
        axis: See :class:`Combine`.
        shared: See :class:`Combine`.
        sides: See :class:`Combine`.
        side: Side of the duality, for :func:`goodviews.objectives.classify`.
        reason: One sentence that says why.

    Returns:
        A decorator that returns the function as it is.

    Raises:
        InputError: The name is taken, or the function does not take the tensors of its kind.

    Example:
        >>> from goodviews.objectives import register
        >>> @register("pair", ranks="rows")
        ... def apart(view1, view2, *, power=2.0):
        ...     return (view1 - view2).abs().pow(power).sum(dim=1)
        >>> from goodviews.training.objective import build_objective
        >>> build_objective("apart(power=1.0)").kind
        'pair'
    """
    if kind and kind not in KINDS:
        raise unknown("kind of objective", kind, KINDS)
    for given, known in ((ranks, get_args(How)), (side, get_args(Side))):
        if given not in known:
            raise unknown("choice for an objective", given, filter(None, known))

    def recorded(function: Function) -> Function:
        own = getattr(function, "__name__", "")
        home = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', own)}"
        if kind:
            _check_takes(own, function, kind)
        record = Record(function, kind, Combine(ranks, axis, shared, sides), side, reason)
        OBJECTIVES.check(own, home)
        if kind:
            TRAINED.add(name or own, record, home=home)
        OBJECTIVES.add(own, record, home=home)
        return function

    return recorded


def _check_takes(name: str, function: Callable[..., Any], kind: str) -> None:
    """Refuse a function that a training step could not call."""
    taken = signature(function).parameters.values()
    required = [
        each.name
        for each in taken
        if each.default is Parameter.empty and each.kind is not Parameter.VAR_KEYWORD
    ]
    tensors = [each.name for each in taken if each.kind is Parameter.POSITIONAL_OR_KEYWORD]
    if kind == "stored":  # the bank gives further options
        required = tensors
    if not len(tensors) == len(required) == KINDS[kind].count(",") + 1:
        raise InputError(
            f"Objective {name!r} is registered as {kind!r}, so it must take {KINDS[kind]} by "
            f"position and its options by keyword with defaults, but it takes "
            f"{signature(function)}."
        )
