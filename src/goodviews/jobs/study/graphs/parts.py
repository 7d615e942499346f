"""What a run of a study of graphs consists of, and how long that takes beside other parts.

Costs are in steps of the encoder over the whole graph, or in epochs over all graphs; they are
needed only until parts of the same kind have finished.
"""

from goodviews.core.forecast import Kind
from goodviews.jobs.study.graphs.plan import GraphPlan
from goodviews.jobs.study.parts import BOUND, EPOCH, FIT, READING, READOUT
from goodviews.jobs.study.plan import Cell

_FIT_STEPS = 100


def graph_parts(plan: GraphPlan, cell: Cell) -> dict[Kind, int]:
    """How many parts of which kind a cell has, in the order in which they are done."""
    tasks = len(plan.tasks)
    if cell.view == plan.baselines.scratch:
        fits = sum(len(task.draws) for task in plan.tasks)
        return {(FIT, ""): fits}
    found: dict[Kind, int] = {(READOUT, ""): tasks}
    if cell.role != "baseline":
        found = {(EPOCH, ""): plan.settings.epochs, (BOUND, ""): 1, **found}
    if is_read(plan, cell):
        found[READING, ""] = tasks
    return found


def is_read(plan: GraphPlan, cell: Cell) -> bool:
    """Whether what one view says about the labels is measured in this cell: once per view."""
    once = cell.role == "candidate" and cell.seed == plan.seeds[0]
    return plan.links is None and (once or cell.view == plan.baselines.raw)


def graph_costs(plan: GraphPlan) -> dict[Kind, float]:
    """What one part of each kind is expected to cost, in steps of the encoder."""
    draws = max((len(task.draws) for task in plan.tasks), default=1)
    return {
        (EPOCH, ""): 1.0,
        (BOUND, ""): 5.0,
        (READOUT, ""): 10.0 + 8.0 * draws,
        (READING, ""): 40.0,
        (FIT, ""): 0.6 * _FIT_STEPS,
    }
