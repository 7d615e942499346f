"""Catalogue of objectives: one record each, with its training, ranks and side of the duality.

:func:`register` adds the record where the function is defined. Training by name, gathering over
ranks and the classification of losses use it.
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
    "links": "(links, others)",
    "summary": "(nodes, corrupted, summary)",
}
"""Kinds of training, and the tensors that a training step passes to an objective of each."""

How = Literal["rows", "candidates", "batch"]
Side = Literal["sample", "dimension", "outside", ""]
Function = TypeVar("Function", bound=Callable[..., Any])

ASYMPTOTIC = (
    "With many negatives, different samples are uncorrelated at its optimum; unit samples."
)
BENT = "Its repulsion grows with the squared or absolute cosine of samples; unit samples."
RATE = "A diagonal covariance of dimensions minimises the log-determinant; unit samples."
OUTSIDE = "It has neither a term between samples nor one between dimensions."


class Combine(NamedTuple):
    """Rule by which the ranks of an objective combine, so that many processes train as one.

    Example:
        >>> Combine("batch").axis
        0
    """

    how: How
    """``rows``: the loss of an example needs only that example, and each rank computes its own
    rows. ``candidates``: an anchor is scored against the positives of other examples; each rank
    keeps its own anchors and adds the positives of the other ranks to the candidates. ``batch``:
    the loss needs the whole batch (a pool, a covariance, a determinant, balanced assignments);
    each rank gathers the batch and computes the whole loss."""
    axis: int = 0
    """Axis along which the gathered tensors hold the examples."""
    shared: int = 0
    """Number of trailing positional tensors that are the same on every rank."""
    sides: int = 1
    """2 if the positives are anchors too and need the anchors of the other ranks, else 1."""


@dataclass(frozen=True)
class Record:
    """Registration of one objective.

    Attributes:
        function: Loss, which returns before reducing.
        kind: Kind of training, from :data:`KINDS`; empty if it is not trained by name.
        combine: Rule by which ranks combine.
        side: Side of the duality: ``sample``, ``dimension`` or ``outside``; empty if not given.
        reason: Reason for the side, one sentence.
    """

    function: Callable[..., Any]
    kind: str
    combine: Combine
    side: Side
    reason: str


OBJECTIVES: Registry[Record] = Registry("objective")
"""Every objective by the name of its function."""
TRAINED: Registry[Record] = Registry("objective")
"""Objectives that can be trained, by the name in their specs: ``infonce(temperature=0.1)``."""


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
    """Register a function as an objective, to train by name in Python and on the command line.

    The function takes tensors by position and options by keyword, and returns a loss for each
    anchor, (B,), or a named tuple of terms.

    Args:
        kind: Kind of training, from :data:`KINDS`; empty if it is not trained by name.
        name: Name in specs; by default, the name of the function.
        ranks: Rule by which ranks combine, see :class:`Combine`; ``batch`` is correct for every
            loss.
        axis: Axis that holds the examples, see :class:`Combine`.
        shared: Number of tensors shared by all ranks, see :class:`Combine`.
        sides: Number of views that are anchors, see :class:`Combine`.
        side: Side of the duality, for :func:`goodviews.objectives.classify`.
        reason: Reason for the side, one sentence.

    Returns:
        A decorator that returns the function unchanged.

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
    """Raise an error if a training step could not call the function."""
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
