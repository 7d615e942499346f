"""What a study does with ``--search``: which space, how long the trials, which finalists."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from goodviews.core.errors import InputError, check_whole
from goodviews.core.progress import Reporter
from goodviews.core.records.search import Search
from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.run import Workers, workers_of
from goodviews.jobs.study.screening.first import choosing_tasks, planned_lengths
from goodviews.jobs.study.screening.labels import FEWEST
from goodviews.jobs.study.search.stage import FINALISTS, FOLDER, MOST, search_views
from goodviews.spec.lists import read_texts
from goodviews.spec.space import Space, read_space
from goodviews.training.pace import MINUTES
from goodviews.views import parse_view


def searched_space(
    views: str | Path | Iterable[str] | None, trials: int | None, audit: str | None
) -> Space | None:
    """The space that a search is over; nothing where no search was asked for.

    Raises:
        InputError: There is not exactly one space, or an audit was asked for as well.
    """
    if trials is None:
        return None
    check_whole("search", trials, 2, MOST)
    if audit is not None:
        raise InputError("Give either --audit or --search: each makes its own views.")
    given = [views] if isinstance(views, str | Path) else views or ()
    texts = read_texts(map(str, given))
    if len(texts) != 1:
        raise InputError(
            f"--search searches one spec with ranges, but --views gives {len(texts)}; type for "
            "example --views 'crop(scale=({0.1: 1.0}, 1))|jitter({0.0: 1.0})'."
        )
    return read_space(texts[0])


def first_view(space: Space, shape: tuple[int, int, int]) -> str:
    """A view of the space that fits the images: the middle, or one of two corners.

    Raises:
        InputError: None of them fits.
    """
    for place in (0.5, 0.0, 1.0):
        try:
            pair = parse_view(space.view([one.at(place) for one in space.parameters]))
            pair.check(shape)
        except InputError as error:
            refused = error
        else:
            return repr(pair)
    raise refused


def searched_views(
    plan: Plan,
    space: Space,
    trials: int,
    *,
    minutes: float | None,
    epochs: int | None,
    folder: Path,
    jobs: Workers,
    progress: Reporter,
    earlier: Sequence[str],
) -> tuple[tuple[str, ...], Search, int]:
    """Search in the time that is left for it.

    Args:
        plan: The study.
        space: Where to search.
        trials: Number of trials.
        minutes: Time of the whole study, 10 by default.
        epochs: Epochs of each run of the study, if they were given; no trial is longer.
        folder: The study folder.
        jobs: Where the work is done.
        progress: Reporter.
        earlier: Finalists of a shorter search in this folder, which stay.

    Returns:
        The finalists, what was searched, and the epochs of each run of the study.

    Raises:
        InputError: Too few labels are for selection, or the search failed.
    """
    tasks = choosing_tasks(plan)
    if not tasks:
        raise InputError(
            f"--search chooses by labels that are used for selection only, and needs at least "
            f"{FEWEST} of them; give --labels, or label more images."
        )
    seconds = 60 * (minutes or MINUTES) * workers_of(jobs)
    length = planned_lengths(
        plan,
        plan.views[0],
        runs=trials,
        seconds=seconds,
        folder=folder / FOLDER,
        finals=FINALISTS + 2,
        race=0,
    )
    images = len(plan.splits.pretrain)
    shown = min(length.screened, epochs * images) if epochs else length.screened
    if not epochs:
        progress.note(length.words(seconds, workers_of(jobs)))
    named, found = search_views(
        plan,
        tasks,
        space,
        trials,
        shown=shown,
        folder=folder,
        jobs=jobs,
        progress=progress,
        earlier=earlier,
    )
    return named, found, epochs or max(1, round(length.shown / images))
