"""What cells of a study of graphs read: an encoder, one view alone, and the baselines.

Letters: N nodes or graphs, M tested items, F representation.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from goodviews.encoders import GraphEncoders, build_graph_encoders
from goodviews.encoders.graphs.backbones import pooled
from goodviews.evaluation import LabelDraw
from goodviews.graphs import Graph
from goodviews.jobs.study.graphs.links import link_arrays, trained_on_links
from goodviews.jobs.study.graphs.plan import GraphPlan
from goodviews.jobs.study.graphs.settings import supervised_settings
from goodviews.jobs.study.measures import ClassDraws
from goodviews.jobs.study.parts import FIT
from goodviews.jobs.study.plan import Cell, Task
from goodviews.jobs.study.readings import Read, read_features, used_items
from goodviews.training import train_graphs


def of_graph_encoders(plan: GraphPlan, encoders: GraphEncoders) -> Read:
    """How a task is evaluated on the frozen representation of an encoder.

    Args:
        plan: The study.
        encoders: The encoders, in evaluation mode.
    """
    device = next(encoders.parameters()).device

    def encode(graph: Graph) -> Tensor:
        with torch.no_grad():
            return encoders.represent(graph.to(device)).cpu()

    return _of_function(plan, encode)


def _of_function(
    plan: GraphPlan, encode: Callable[[Graph], Tensor], decoder: str = "cosine"
) -> Read:
    table: list[np.ndarray] = []

    def read(task: Task) -> dict[str, np.ndarray]:
        if plan.links is not None:
            return link_arrays(plan.links, encode, task, decoder=decoder)
        if not table:
            table.append(encode(plan.graph).numpy())
        index, draws = used_items(task)
        return read_features(task, index, draws, table[0][index])

    return read


def baseline(plan: GraphPlan, cell: Cell, seed: int, tick: Callable[[str], None]) -> Read:
    """How a task is evaluated without pretraining.

    Args:
        plan: The study.
        cell: A baseline.
        seed: Random seed of its weights.
        tick: Called after each training with labels.
    """
    if cell.view == plan.baselines.raw:
        if plan.level == "graphs":
            return _of_function(plan, lambda graph: pooled(graph.features, graph, "sum"))
        return _of_function(plan, lambda graph: graph.features)
    if cell.view == plan.baselines.random:
        blank = build_graph_encoders(
            plan.settings.encoder, plan.graph, head="identity()", seed=seed
        )
        return of_graph_encoders(plan, blank.eval())
    if plan.links is not None:
        encoders = trained_on_links(plan, seed)
        tick(FIT)
        return _of_function(plan, encoders.represent, decoder="dot")

    def scratch(task: Task) -> dict[str, np.ndarray]:
        each = ClassDraws(task, np.arange(len(task.labels)))
        for number, draw in enumerate(task.draws):
            each.add(draw, _supervised(plan, task, draw, seed + number))
            tick(FIT)
        return each.results()

    return scratch


def _supervised(plan: GraphPlan, task: Task, draw: LabelDraw, seed: int) -> np.ndarray:
    """(n, C) log probabilities of the tested items, by an encoder trained on the fitted ones."""
    labels = np.full(len(task.labels), -1)
    labels[draw.fit] = task.labels[draw.fit]
    settings = replace(
        supervised_settings(plan.level, plan.settings.encoder), device=plan.settings.device
    )
    made = train_graphs(plan.examples, settings=settings, labels=labels, seed=seed).encoders
    assert isinstance(made, GraphEncoders)
    with torch.no_grad():
        device = next(made.parameters()).device
        logits = made.embed(0, plan.graph.to(device)).cpu()
    found: np.ndarray = logits.log_softmax(1).numpy()[draw.test]
    return found[:, : len(task.classes)]
