"""Building of a learner from settings: family, memory, target and heads."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError, unknown
from goodviews.encoders import PairEncoder, build_head, build_pair
from goodviews.encoders.graphs import Anchored, GraphEncoders, build_graph_encoders
from goodviews.spec.grammar import parse_spec
from goodviews.training.learners.base import Learner, PairLearner
from goodviews.training.learners.bootstrap import BootstrapLearner
from goodviews.training.learners.context import ContextLearner
from goodviews.training.learners.contrast import BankLearner, QueueLearner
from goodviews.training.learners.graphs import LinkLearner, SummaryLearner
from goodviews.training.learners.labels import ClassLearner, SupConLearner
from goodviews.training.learners.prototypes import PrototypeLearner
from goodviews.training.memory import Bank, Momentum, Queue
from goodviews.training.objective import Objective, build_objective
from goodviews.training.settings import Settings

_MEMORIES: dict[str, dict[str, Any]] = {
    "queue": {"size": 65536},
    "bank": {"negatives": 65536, "momentum": 0.5, "each": True},
}
"""Name and default options of each memory, with the sizes of Tian et al., 2020 (PyContrast)."""

_PAST: dict[str, dict[str, Any]] = {"queue": {"size": 3840, "start": 15.0}}
"""The queue of SwAV for batches of 256; ``start`` is in epochs."""


def build_learner(
    settings: Settings,
    v1: Tensor | Anchored,
    v2: Tensor | Anchored,
    *,
    shared: bool,
    images: int,
    steps: int,
    seed: int,
    classes: int = 0,
    start: Callable[[PairEncoder], None] | None = None,
) -> Learner:
    """Build the learner of a method; the seed decides the initialisation.

    Args:
        settings: The method.
        v1: (N, C, H, W) first views of some images; (N, P, C, h, w) where they are patches;
            for graphs, a view of one.
        v2: Their second views.
        shared: Whether one encoder can encode both views.
        images: Number of training images, which is the number of rows of a memory bank.
        steps: Number of optimiser steps of the whole run.
        seed: Random seed of the run.
        classes: Number of classes, for methods that classify.
        start: Loads weights into the encoders, before targets and averages are copied from them.

    Raises:
        InputError: The settings contradict each other.

    Example:
        >>> from goodviews.methods import method
        >>> v1, v2 = torch.rand(2, 4, 3, 16, 16)
        >>> settings = Settings(encoder="convnet(width=4)", memory="queue(size=64)", momentum=0.99)
        >>> learner = build_learner(settings, v1, v2, shared=True, images=100, steps=10, seed=0)
        >>> type(learner).__name__
        'QueueLearner'
    """
    objective = build_objective(settings.objective)
    rows = 0
    if isinstance(v1, Tensor) and isinstance(v2, Tensor) and v1.ndim == 5:
        rows = int(v1.shape[1] ** 0.5)
        v1, v2 = v1.flatten(0, 1), v2.flatten(0, 1)
    if objective.kind == "classes" and not classes:
        raise InputError(
            f"{settings.objective} learns from labels, but the data have none; pass "
            "labels with --labels."
        )
    head = f"linear(dim={classes})" if objective.kind == "classes" else settings.head
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoders = _encoders(settings.encoder, v1, v2, shared=shared, head=head, seed=seed)
        if start is not None:
            start(encoders)
        target = None
        if settings.momentum is not None:
            target = Momentum(
                encoders,
                momentum=settings.momentum,
                total=steps if settings.momentum_rises else None,
            )
        if objective.kind == "prototypes":
            made = _prototypes(settings, encoders, objective, steps, seed)
        else:
            made = _family(settings, encoders, objective, target, images, rows, seed)
        if settings.average:
            made.average = Momentum(encoders, momentum=settings.average)
    return made


def _encoders(
    text: str, v1: Tensor | Anchored, v2: Tensor | Anchored, *, shared: bool, head: str, seed: int
) -> PairEncoder:
    if isinstance(v1, Tensor) and isinstance(v2, Tensor):
        return build_pair(text, v1, v2, shared=shared, head=head, seed=seed)
    assert isinstance(v1, Anchored)
    return build_graph_encoders(text, v1.graph, head=head, seed=seed)


def _family(
    settings: Settings,
    encoders: PairEncoder,
    objective: Objective,
    target: Momentum | None,
    images: int,
    rows: int,
    seed: int,
) -> Learner:
    if settings.memory:
        return _contrast(settings, encoders, objective, target, images, seed)
    if objective.kind == "pair":
        return PairLearner(encoders, objective)
    if objective.kind == "prediction":
        predictor = build_head(settings.predictor, encoders.embedding)
        return BootstrapLearner(
            *(encoders, objective),
            predictor=predictor,
            target=target,
            constant=settings.predictor_constant,
        )
    if objective.kind in ("links", "summary"):
        if not isinstance(encoders, GraphEncoders):
            raise InputError(f"{objective.name} is for graphs, but these are images.")
        if objective.kind == "links":
            return LinkLearner(encoders, objective)
        return SummaryLearner(encoders, objective, seed=seed)
    if objective.kind == "labels":
        return SupConLearner(encoders, objective)
    if objective.kind == "classes":
        return ClassLearner(encoders, objective)
    if objective.kind == "stored":
        raise InputError(f"{objective.name} needs stored negatives; set memory=bank().")
    if not rows:
        raise InputError("cpc needs a grid of patches; use views that make one, such as cpc().")
    return ContextLearner(encoders, objective, rows=rows)


def _prototypes(
    settings: Settings, encoders: PairEncoder, objective: Objective, steps: int, seed: int
) -> Learner:
    """Learner with prototypes, and a queue per view if the settings have one."""
    if settings.prototypes < 1:
        raise InputError(f"{objective.name} needs prototypes; set prototypes=300.")
    epoch, queues, start = steps / settings.epochs, [], 0
    if settings.memory:
        _, options = _read_memory(settings.memory, _PAST)
        start = round(options["start"] * epoch)
        queues = [Queue(options["size"], encoders.embedding, seed=seed + i) for i in range(2)]
    return PrototypeLearner(
        *(encoders, objective),
        count=settings.prototypes,
        frozen=round(settings.prototypes_frozen * epoch),
        queues=queues,
        start=start,
    )


def _read_memory(text: str, known: dict[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Name and options of a memory."""
    calls = parse_spec(text)
    name, given = calls[0].name, dict(calls[0].kwargs)
    if len(calls) != 1 or calls[0].args or name not in known:
        raise unknown("memory", name, known)
    for option in given:
        if option not in known[name]:
            raise unknown(f"option of {name}", option, known[name])
    return name, {**known[name], **given}


def _contrast(
    settings: Settings,
    encoders: PairEncoder,
    objective: Objective,
    target: Momentum | None,
    images: int,
    seed: int,
) -> Learner:
    """Learner with a bank or queue per encoder, and a jigsaw branch if the settings have one."""
    name, options = _read_memory(settings.memory, _MEMORIES)
    if objective.name not in ("infonce", "nce"):
        raise InputError(f"{objective.name} does not use stored negatives; leave memory empty.")
    sides = len(encoders.backbones)
    jigsaw: nn.Module | None = None
    if settings.jigsaw:
        kind = parse_spec(settings.head)[0].name
        jigsaw = build_head(f"jigsaw(dim={encoders.embedding}, kind={kind!r})", encoders.features)
    common: dict[str, Any] = {"jigsaw": jigsaw, "jigsaw_weight": settings.jigsaw_weight}
    dim = encoders.embedding
    if name == "queue":
        if target is None:
            raise InputError("memory=queue() needs a momentum encoder; set momentum=0.999.")
        queues = [Queue(options["size"], dim, seed=seed + side) for side in range(sides)]
        return QueueLearner(
            *(encoders, objective),
            target=target,
            queues=queues,
            shuffle=settings.shuffle,
            seed=seed,
            **common,
        )
    banks = [
        Bank(images, dim, momentum=options["momentum"], seed=seed + side) for side in range(sides)
    ]
    return BankLearner(
        *(encoders, objective),
        banks=banks,
        negatives=options["negatives"],
        each=options["each"],
        **common,
    )
