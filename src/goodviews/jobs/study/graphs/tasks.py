"""What representations of nodes, graphs and links are evaluated on.

Letters: N nodes or graphs, M tested items, R label draws.
"""

from dataclasses import replace

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.text import counted
from goodviews.data.folds import folds
from goodviews.data.graphs import Graphs
from goodviews.evaluation import LabelDraw, LinkSplit, node_splits
from goodviews.evaluation.node_splits import default_split, node_labels
from goodviews.jobs.study.plan import Task, compact

LINKS = "links"
"""Name of the task of links."""


def node_tasks(
    data: Graphs, blocks: np.ndarray, *, split: str | None, draws: int
) -> tuple[tuple[Task, ...], str]:
    """Tasks of the labels of nodes, and a sentence about their splits.

    With one given split its validation nodes select the view and its test nodes report. With
    several, or drawn ones, a node is tested by the readouts of the splits in whose test part it
    is, and views are selected and measured on different nodes.

    Args:
        data: A graph with labels of nodes.
        blocks: (N,) block of each node; intervals are over blocks.
        split: One of :data:`goodviews.evaluation.node_splits.SPLITS`, or nothing for the default.
        draws: Number of drawn splits.

    Raises:
        InputError: There is no such split.
    """
    kind = split or default_split(data)
    if kind == "masks" and len(data.masks["train"]) == 1:
        kind = "public"
    made = [_node_task(data, name, blocks, kind, draws) for name in data.labels]
    task = made[0]
    sizes = f"{task.budget:,} labels each, {len(task.items) - int(task.choose.sum()):,} tested"
    what = f"split {kind}: {counted(len(task.draws), 'readout')} with {sizes} nodes"
    if task.choose.any():
        how = f"{int(task.choose.sum()):,} validation nodes select the view"
    else:
        how = "the view is selected and measured on different nodes"
    return tuple(made), f"{what}; {how}"


def _node_task(data: Graphs, name: str, blocks: np.ndarray, kind: str, count: int) -> Task:
    column = node_labels(data, name)
    parts = node_splits(data, kind, task=name, count=count)
    labels, classes = compact(column, data.classes[name])
    known = [replace(one, **{k: v[labels[v] >= 0] for k, v in vars(one).items()}) for one in parts]
    choosers = known[0].val if len(known) == 1 else np.zeros(0, np.int64)
    items = np.unique(np.concatenate([choosers, *(one.test for one in known)]))
    made = []
    for one in known:
        tested = np.sort(np.concatenate([one.test, choosers])) if len(choosers) else one.test
        made.append(LabelDraw(np.sort(one.train), np.sort(tested)))
    crossed = kind == "masks" and len(known) > 1
    choose = np.isin(items, choosers)
    budget = min(len(draw.fit) for draw in made)
    pool = np.unique(np.concatenate([draw.fit for draw in made]))
    return Task(name, labels, classes, tuple(made), items, choose, budget, crossed, blocks, pool)


def graph_tasks(data: Graphs, *, draws: int) -> tuple[tuple[Task, ...], str]:
    """Tasks of the labels of graphs: repeated folds; and a sentence about them.

    Args:
        data: Graphs with labels.
        draws: Number of readouts; whole repeats of five folds.

    Raises:
        InputError: No class has five graphs.
    """
    made = []
    for name, column in data.labels.items():
        labels, classes = compact(column.numpy(), data.classes[name])
        known = np.flatnonzero(labels >= 0)
        if len(classes) < 2:
            raise InputError(
                f"Task {name!r} of {data.name} needs two classes with 2 graphs or more, but has "
                f"{len(classes)}."
            )
        parts = []
        for repeat in range(max(round(draws / 5), 1)):
            cut = folds(known, labels, 5, seed=repeat)
            parts += [LabelDraw(known[a], known[b]) for a, b in cut]
        budget = len(parts[0].fit)
        choose = np.zeros(len(known), dtype=bool)
        made.append(
            Task(name, labels, classes, tuple(parts), known, choose, budget, True, None, known)
        )
    task = made[0]
    return tuple(made), (
        f"readouts are fitted to {task.budget:,} of {len(task.items):,} labelled graphs and "
        f"tested on the others, in {len(task.draws)} folds; the view is selected and measured on "
        "different graphs"
    )


def link_tasks(split: LinkSplit, blocks: np.ndarray) -> tuple[tuple[Task, ...], str]:
    """The task of links, whose items are validation links, which select, and test links.

    Args:
        split: The split.
        blocks: (N,) block of each node; a link belongs to that of its first node.
    """
    vals, tests = split.val.shape[1], split.test.shape[1]
    items = np.arange(vals + tests)
    ends = np.concatenate([split.val[0].numpy(), split.test[0].numpy()])
    task = Task(
        name=LINKS,
        labels=np.zeros(len(items), np.int64),
        classes=("no link", "link"),
        draws=(LabelDraw(np.zeros(0, np.int64), items),),
        items=items,
        choose=items < vals,
        budget=split.train.shape[1],
        crossed=False,
        groups=blocks[ends],
        measure="link AUC",
    )
    return (task,), (
        f"{split.train.shape[1]:,} links carry messages; {vals:,} validation links select the "
        f"view, and {tests:,} test links are reported"
    )
