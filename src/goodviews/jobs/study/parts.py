"""What a run of a study consists of, and how long that takes beside other parts.

Costs are in images that pass the encoder once, forwards; a training step passes them three times.
They were measured on digits at 16 px and MNIST at 28 px and need to be right within a factor
of two only until parts of the same kind have finished.
"""

from goodviews.core.forecast import Kind
from goodviews.jobs.study.plan import BASELINES, Cell, Plan, Task
from goodviews.training.supervised import BATCH, training_steps
from goodviews.views import parse_view

EPOCH, BOUND, READOUT, READING, FIT = "epoch", "bound", "readout", "reading", "fit"
"""Names of parts: an epoch, the bound of shared nats, the readout of a task from an encoder, the
reading of a task from one view, and one training from scratch."""
_LOOKS = 3
"""Bounds during a pretraining, each with half the draws of the last one."""
_READING = 40_000
"""Cost of reading one view: the classifier's fits, whose number and size hardly vary."""


def parts(plan: Plan, cell: Cell) -> dict[Kind, int]:
    """How many parts of which kind a cell has, in the order in which they are done."""
    tasks = len(plan.tasks)
    if cell.view == BASELINES[2]:
        return {(FIT, ""): sum(len(task.draws) for task in plan.tasks)}
    found: dict[Kind, int] = (
        {(READOUT, cell.view): tasks}
        if cell.role == "baseline"
        else {
            (EPOCH, cell.view): plan.settings.epochs,
            (BOUND, cell.view): 1,
            (READOUT, ""): tasks,
        }
    )
    if is_read(plan, cell):
        found[READING, cell.view] = tasks
    return found


def is_read(plan: Plan, cell: Cell) -> bool:
    """Whether what one view says about the labels is measured in this cell: once per view.

    Raw pixels stand for the whole image. A screening does without.
    """
    once = cell.role == "candidate" and cell.seed == plan.seeds[0]
    return not plan.screened and (once or cell.view == BASELINES[0])


def costs(plan: Plan) -> dict[Kind, float]:
    """What one part of each kind is expected to cost, in images that pass the encoder."""
    images, held = len(plan.splits.pretrain), len(plan.bounded)
    looks = 0 if plan.screened else _LOOKS
    tasks = max(len(plan.tasks), 1)
    read = sum(_images(task) for task in plan.tasks) / tasks
    draws = sum(len(task.draws) for task in plan.tasks) / tasks
    labels = max((len(draw.fit) for task in plan.tasks for draw in task.draws), default=0)
    test = sum(len(draw.test) for task in plan.tasks for draw in task.draws) / (draws * tasks or 1)
    readout = 2.5 * read + 1000 * draws
    found: dict[Kind, float] = {
        (FIT, ""): 4 * training_steps(labels) * BATCH + test,
        (READOUT, ""): readout,
        **{(READOUT, name): readout for name in BASELINES[:2]},
    }
    for view in plan.views:
        size, sides = _size(plan, view)
        bound = size * (4 * held + 2 * min(images, 1024))
        found[BOUND, view] = 2 * bound
        found[EPOCH, view] = 3 * size * images + looks * bound / plan.settings.epochs
        found[READING, view] = _READING * sides
    found[READING, BASELINES[0]] = _READING
    return found


def _images(task: Task) -> int:
    return len(task.items) + len({int(row) for draw in task.draws for row in draw.fit})


def _size(plan: Plan, view: str) -> tuple[float, int]:
    """Pixels of both views, in whole images, and how many of the two are read by themselves."""
    pair, images = parse_view(view), plan.images
    shape = (images.channels, images.height, images.width)
    made = [chain.out_shape(shape) for chain in (pair.first, pair.second)]
    pixels = sum(height * width for _, height, width in made)
    return pixels / (images.height * images.width), 1 if pair.same else 2
