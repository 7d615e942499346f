"""How the cells of a plan are run and what they cost: one way for images and one for graphs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from goodviews.core.forecast import Kind
from goodviews.jobs.study import cells, parts
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.graphs import cells as graph_cells
from goodviews.jobs.study.graphs import parts as graph_parts
from goodviews.jobs.study.graphs.plan import GraphPlan
from goodviews.jobs.study.plan import Cell
from goodviews.jobs.study.protocol import StudyPlan


@dataclass(frozen=True)
class Work:
    """Functions of a plan of one kind.

    Attributes:
        run: Runs a cell.
        parts: Parts that a cell has.
        costs: What one part of each kind is expected to cost.
        passport: What goes with the encoder of a cell.
    """

    run: Callable[[Any, Cell, Callable[[str], None]], CellResult]
    parts: Callable[[Any, Cell], dict[Kind, int]]
    costs: Callable[[Any], dict[Kind, float]]
    passport: Callable[[Any, Cell], dict[str, Any]]


_IMAGES = Work(cells.run_cell, parts.parts, parts.costs, cells.cell_passport)
_GRAPHS = Work(
    graph_cells.run_graph_cell,
    graph_parts.graph_parts,
    graph_parts.graph_costs,
    graph_cells.graph_passport,
)


def work_of(plan: StudyPlan) -> Work:
    """How the cells of a plan are run."""
    return _GRAPHS if isinstance(plan, GraphPlan) else _IMAGES
