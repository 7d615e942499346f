"""Which view each reported image and each run is compared with, chosen by others.

A view that was chosen for its runs looks better in these runs than it is. So the view whose
encoder of one seed is compared was chosen by the other seeds, and where no images were set aside
for choosing, by the other half of the tested images.

Letters: V views, S seeds, M tested images.
"""

from dataclasses import dataclass

import numpy as np

from goodviews.data.folds import folds
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.plan import Cell, Plan


@dataclass(frozen=True, eq=False)
class Choice:
    """The view of each seed and part of the tested images.

    Attributes:
        parts: (N,) half of the reported images that each is in: 0 or 1, and -1 for the others.
        views: View by place of the seed and half.
    """

    parts: np.ndarray
    views: dict[tuple[int, int], str]

    def of_seed(self, place: int) -> list[str]:
        """The distinct views of one seed."""
        return list(dict.fromkeys(view for (own, _), view in self.views.items() if own == place))


def choose_views(plan: Plan, number: int, results: dict[Cell, CellResult]) -> Choice | None:
    """Choose a view for every seed and part of the reported images.

    Args:
        plan: The study.
        number: Place of the task in the plan.
        results: Finished cells.

    Returns:
        Nothing where no view has all its seeds.
    """
    task = plan.tasks[number]
    views = [
        view
        for view in plan.views
        if all(Cell("candidate", view, seed) in results for seed in plan.seeds)
    ]
    if not views:
        return None
    right_VSM = np.array(
        [
            [
                results[Cell("candidate", view, seed)].arrays[f"{number}.right"]
                for seed in plan.seeds
            ]
            for view in views
        ]
    )
    parts = np.full(len(task.labels), -1)
    report = np.flatnonzero(~task.choose)
    cut = folds(task.items[report], task.labels, 2, seed=0, groups=task.groups)
    cut = cut or [(np.arange(len(report)),) * 2]  # images of one group
    halves: list[np.ndarray] = []
    for part, (outside, inside) in enumerate(cut):
        parts[task.items[report[inside]]] = part
        others = np.isin(np.arange(len(task.items)), report[outside])
        halves.append(task.choose if task.choose.any() else others)
    chosen = {}
    for part, chooses in enumerate(halves):
        by_VS = right_VSM[:, :, chooses].mean(axis=2)
        for place in range(len(plan.seeds)):
            others = np.arange(len(plan.seeds)) != place
            means = by_VS[:, others].mean(axis=1) if others.any() else by_VS.mean(axis=1)
            chosen[place, part] = views[int(means.argmax())]
    return Choice(parts, chosen)
