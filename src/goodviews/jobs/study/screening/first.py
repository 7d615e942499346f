"""Everything before a study whose views were not given: screen, race, and name the finalists."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from goodviews.core.errors import InputError
from goodviews.core.files import read_json, write_json
from goodviews.core.progress import Reporter
from goodviews.core.records.screening import Screening
from goodviews.data import Images, splits
from goodviews.jobs.study.pace import seconds_per_image
from goodviews.jobs.study.plan import Plan, Task
from goodviews.jobs.study.run import Workers
from goodviews.jobs.study.screening.audit import SEEDS, audit, variants
from goodviews.jobs.study.screening.design import foldover
from goodviews.jobs.study.screening.entries import entries
from goodviews.jobs.study.screening.kinds import Kind, find_kind
from goodviews.jobs.study.screening.labels import choosing_task
from goodviews.jobs.study.screening.operations import Operation, compose, operations
from goodviews.jobs.study.screening.race import race
from goodviews.jobs.study.screening.stage import screen
from goodviews.jobs.study.screening.words import describe
from goodviews.methods.fitting import simclr_views
from goodviews.training.pace import RACE, Lengths, lengths

FINALISTS = 3
"""Views of a race that a study compares, beside those of SimCLR."""


@dataclass(frozen=True)
class First:
    """What is screened.

    Attributes:
        kind: Kind of the images.
        found: The operations.
        tasks: The labels used for selection.
        slowest: The composition of all operations.
        audited: The view whose steps are tried, in place of a design.
    """

    kind: Kind
    found: tuple[Operation, ...]
    tasks: tuple[Task, ...]
    slowest: str
    audited: str = ""

    @property
    def runs(self) -> int:
        """Number of short runs before any race."""
        if self.audited:
            return SEEDS * (1 + len(variants(self.audited, self.found)))
        return len(foldover(len(self.found)))


def prepare(plan: Plan, kind: str | None, audited: str = "") -> First | None:
    """What to screen; nothing where the labels are too few to choose.

    Args:
        plan: The study, made for views that short runs choose.
        kind: Kind of the images, if it was given.
        audited: A view whose steps are tried, in place of a design.

    Raises:
        InputError: There is no such kind, or the view cannot be audited.
    """
    images, side = plan.images, min(plan.images.height, plan.images.width)
    about = find_kind(images, kind)
    known = choosing_tasks(plan)
    if not known:
        return None
    found = operations(about.name, images.channels, side)
    if audited:
        variants(audited, found)
    return First(about, found, known, compose(found, [True] * len(found)), audited)


def choose_views(
    plan: Plan,
    first: First,
    length: Lengths,
    *,
    folder: Path,
    jobs: Workers,
    progress: Reporter,
) -> tuple[tuple[str, ...], tuple[Screening, ...]]:
    """Screen and race.

    Args:
        plan: The study.
        first: What is screened.
        length: Length of the runs.
        folder: The study folder.
        jobs: Where the work is done.
        progress: Reporter.

    Returns:
        The finalists, the best first, and what was found for each task.

    Raises:
        InputError: No view could be trained, a run cannot be stored, or a worker was killed.
    """
    images: Images = plan.images
    if first.audited:
        progress.note(f"Trying {first.audited} without each step and with other operations.")
        return audit(
            plan,
            first.tasks,
            first.audited,
            first.found,
            first.kind,
            shown=length.screened,
            folder=folder,
            jobs=jobs,
            progress=progress,
        )
    way = {"shown": length.screened, "folder": folder, "jobs": jobs, "progress": progress}
    progress.note(
        f"Screening {len(first.found)} operations in {first.runs} short runs; images are taken "
        f"for {first.kind.name}: {first.kind.why} (--kind overrides that)."
    )
    screened = screen(plan, first.tasks, first.found, **way)  # type: ignore[arg-type]
    running = entries(
        screened,
        kind=first.kind.name,
        channels=images.channels,
        side=min(images.height, images.width),
    )
    progress.note(f"{len(running)} compositions race; the better half of them is continued.")
    raced = race(plan, first.tasks, running, **way)  # type: ignore[arg-type]
    finalists = tuple(dict.fromkeys([*raced.best(FINALISTS), simclr_views(images.channels)]))
    progress.note(
        f"{len(finalists)} finalists, with new seeds and labels that were not used for selection."
    )
    return finalists, tuple(describe(screened, first.kind, raced))


def choosing_tasks(plan: Plan) -> tuple[Task, ...]:
    """The tasks with labels used for selection only; none where a task has too few of them."""
    parts = plan.splits if plan.task_images is plan.images else splits(plan.task_images)
    tasks = [choosing_task(task, parts) for task in plan.tasks]
    known = tuple(task for task in tasks if task is not None)
    return known if len(known) == len(tasks) else ()


def planned_lengths(
    plan: Plan,
    view: str,
    *,
    runs: int,
    seconds: float,
    folder: Path,
    finals: int = FINALISTS + 2,
    race: int = RACE,
) -> Lengths:
    """Lengths of the runs on this machine; those that were planned before, where a study resumes.

    Args:
        plan: The study.
        view: A view that takes as long as any.
        runs: Number of short runs.
        seconds: Processor seconds of the whole study.
        folder: Folder of the short runs.
        finals: Number of views of the study, with the twin.
        race: What follows the short runs, in lengths of one of them.

    Raises:
        InputError: The folder cannot be written to.
    """
    path = folder / "lengths.json"
    with suppress(InputError, TypeError):
        if path.exists():
            return Lengths(**read_json(path))
    each = seconds_per_image(plan, view)
    found = lengths(each, seconds=seconds, runs=runs, finals=finals * len(plan.seeds), race=race)
    write_json(path, asdict(found))
    return found
