"""What a study of graphs will do, frozen before anything runs.

Letters: N nodes or graphs.
"""

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.graphs import Graphs
from goodviews.evaluation import LinkSplit
from goodviews.graphs import Graph, batch_graphs, blocks
from goodviews.jobs.study.plan import Baselines, Cell, Task, about_task, all_cells, fingerprint
from goodviews.training import Settings

FEWEST = 32
"""Minimum number of nodes, or of graphs where the encoder pools."""
_HELD_SHARE, _HELD_LEAST, _HELD_MOST = 5, 16, 4096

BASELINES = {
    "nodes": Baselines("raw features", "random weights", "supervised GCN"),
    "graphs": Baselines("raw features", "random weights", "supervised GIN"),
    "links": Baselines("features only", "random weights", "graph autoencoder"),
}
"""Names of the baselines of each level."""


@dataclass(frozen=True, eq=False)
class GraphPlan:
    """Everything a cell of a study of graphs needs to know.

    Attributes:
        data: The graphs.
        level: ``nodes``, ``graphs`` or ``links``.
        pretrain: (n,) positions that are anchors and negatives.
        held_out: (m,) other positions, on which shared information is measured.
        blocks: (N,) block of each node, over which errors are taken; nothing for many graphs.
        tasks: What representations are evaluated on.
        protocol: How they are evaluated, in one sentence.
        settings: How encoders are pretrained.
        candidates: K of the estimate.
        views: Candidate specs, in the order given.
        seeds: Numbers of the runs.
        links: The split of the links, where ``level`` is ``links``.
        split: What the passports of encoders say about it.
        reading: How the graphs were asked to be read.
    """

    data: Graphs
    level: str
    pretrain: np.ndarray
    held_out: np.ndarray
    blocks: np.ndarray | None
    tasks: tuple[Task, ...]
    protocol: str
    settings: Settings
    candidates: int
    views: tuple[str, ...]
    seeds: tuple[int, ...]
    links: LinkSplit | None = None
    split: dict[str, Any] | None = None
    reading: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the graphs."""
        return self.data.name

    @property
    def held(self) -> int:
        """Number of held-out nodes or graphs."""
        return len(self.held_out)

    @property
    def baselines(self) -> Baselines:
        """Names of the baselines."""
        return BASELINES[self.level]

    @property
    def pretrain_options(self) -> tuple[str, ...]:
        """Options of a command that pretrains with a view of this study."""
        return ("--level", "links") if self.links is not None else ()

    @property
    def graph(self) -> Graph:
        """The graph whose nodes are represented: all graphs as one, or the training links."""
        return self.links.graph if self.links is not None else whole_graph(self.data)

    @property
    def examples(self) -> Graph | Graphs:
        """What is trained on."""
        return self.data if self.level == "graphs" else self.graph

    @property
    def cells(self) -> list[Cell]:
        """All cells, in the order of the rows."""
        return all_cells(self.views, self.seeds, self.baselines, self.tasks)

    def about(self) -> dict[str, Any]:
        """What makes two studies the same study, apart from their views and seeds."""
        held = hashlib.sha256(self.held_out.astype("<i8").tobytes()).hexdigest()[:16]
        return {
            "data": [self.data.name, self.data.hash],
            "level": self.level,
            "splits": [held, self.links.hash if self.links is not None else ""],
            "tasks": {task.name: [*about_task(task), _draws_hash(task)] for task in self.tasks},
            "settings": asdict(self.settings),
            "candidates": self.candidates,
        }

    @property
    def fingerprint(self) -> str:
        """Hash of :meth:`about`."""
        return fingerprint(self.about())

    def about_baseline(self, name: str, task: Task) -> str:
        """What a baseline is, in words."""
        place = self.baselines.index(name)
        if self.level == "links":
            return ("cosine of both nodes", "same encoder, untrained", "same training links")[
                place
            ]
        same = f"same {task.budget:,} labels"
        return (f"linear probe, {same}", f"same encoder, untrained; {same}", same)[place]


def whole_graph(data: Graphs) -> Graph:
    """All graphs of a dataset as one."""
    return data.graphs[0] if len(data) == 1 else batch_graphs(data.graphs)


def cut_out(data: Graphs, level: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Positions to pretrain on, held-out ones, and the block of each node.

    Args:
        data: The graphs.
        level: ``nodes``, ``graphs`` or ``links``.

    Raises:
        InputError: There are too few.
    """
    graph, count = whole_graph(data), len(data)
    if level != "graphs":
        graph.need_features("A study of graphs")
        count = graph.nodes
    if count < FEWEST:
        noun = "graphs" if level == "graphs" else "nodes"
        raise InputError(
            f"A study needs at least {FEWEST} {noun}, but {data.name} has {count}; choose a "
            "larger graph."
        )
    held = min(max(count // _HELD_SHARE, _HELD_LEAST), _HELD_MOST)
    order = np.random.default_rng(0).permutation(count)
    own = None if level == "graphs" else blocks(graph).numpy()
    return np.sort(order[held:]), np.sort(order[:held]), own


def _draws_hash(task: Task) -> str:
    digest = hashlib.sha256()
    for draw in task.draws:
        digest.update(draw.fit.astype("<i8").tobytes() + draw.test.astype("<i8").tobytes())
    return digest.hexdigest()[:16]
