"""How much one view of a graph says about the labels of its nodes, or of the graphs.

Letters: N nodes or graphs, D draws, F features.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from goodviews.data.folds import folds
from goodviews.encoders.graphs.backbones import pooled
from goodviews.evaluation.label_information import label_information
from goodviews.graphs import Graph
from goodviews.jobs.study.graphs.plan import GraphPlan
from goodviews.jobs.study.plan import Task
from goodviews.jobs.study.readings import LabelReading
from goodviews.views.graphs import GraphChain, GraphKey, GraphViewPair
from goodviews.views.graphs.base import positions

_READ, _DRAWS, _FOLDS, _WIDE, _HOPS = 1200, 2, 5, 96, 2
"""Items and draws, at most; folds; directions of the features; how far neighbours are averaged."""


def graph_view_reader(
    plan: GraphPlan, pair: GraphViewPair, seed: int
) -> Callable[[Task], LabelReading]:
    """How much one view says about the label of a task: a lower bound on I(v; y).

    A classifier is fitted to the features of the nodes in the view and to their averages over
    neighbours of up to two steps, and reports on other nodes. It owes nothing to any encoder. The
    averages are those of the view, so a view without edges is read by the features alone.

    Args:
        plan: The study.
        pair: The views.
        seed: Number of their draws.
    """
    graph = plan.graph
    basis = _basis(graph.features)
    sides = [pair.first] if repr(pair.first) == repr(pair.second) else [pair.first, pair.second]
    made: list[Tensor] = []

    def read(task: Task) -> LabelReading:
        if not made:
            made.extend(_features(plan, graph, chain, basis, seed) for chain in sides)
        rng, count = np.random.default_rng(0), len(task.items)
        items = np.sort(rng.choice(count, min(count, _READ), replace=False))
        index = task.items[items]
        groups = None if task.groups is None else task.groups[index]
        cut = folds(np.arange(len(index)), task.labels[index], _FOLDS, seed=0, groups=groups)
        parts = [inside for _, inside in cut]
        told = [
            label_information(one[:, index], task.labels[index], parts, classes=len(task.classes))
            for one in made
        ]
        told.sort(key=lambda side: side.nats)
        return LabelReading(told[0], told[1] if len(told) == 2 else None, items)

    return read


def _basis(features: Tensor) -> Tensor:
    """(F, W) directions in which the features of all nodes vary most."""
    width = min(_WIDE, *features.shape)
    if width == features.shape[1]:
        return torch.eye(width)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return torch.pca_lowrank(features, q=width, center=False, niter=2)[2]


def _features(
    plan: GraphPlan, graph: Graph, chain: GraphChain, basis: Tensor, seed: int
) -> Tensor:
    """(D, N, F) features of the nodes or graphs in draws of a view; 0 where it drops them."""
    draws = []
    for draw in range(_DRAWS):
        params = chain.sample(graph, GraphKey(seed, -9 - draw, 0), graph)
        view = chain.apply(graph, params)
        own = [view.features @ basis]
        for _ in range(_HOPS):
            own.append(_averaged(view, own[-1]))
        table = torch.cat(own, dim=1)
        if plan.level == "graphs":
            draws.append(pooled(table, view, "mean"))
            continue
        whole = torch.zeros(graph.nodes, table.shape[1])
        whole[positions(graph, view.node_names)] = table
        draws.append(whole)
    return torch.stack(draws)


def _averaged(view: Graph, table: Tensor) -> Tensor:
    """(N, F) mean over each node and its neighbours, weighted by the edges."""
    source, target = view.edge_index
    weight = view.edge_weights[:, None]
    total = table.clone().index_add_(0, target, table[source] * weight)
    return total / torch.ones(view.nodes, 1).index_add_(0, target, weight)
