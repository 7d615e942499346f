"""The networks of a comparison: each is fitted once, kept, and gathered by arm."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from goodviews.core.cells import Cells
from goodviews.core.errors import InputError
from goodviews.core.files import write_bytes
from goodviews.core.progress import Reporter
from goodviews.jobs.study.cells import run_cell
from goodviews.jobs.study.comparison.arms import Arms, Setup
from goodviews.jobs.study.comparison.draws import Draw
from goodviews.jobs.study.comparison.given import pretrain_from, short_name, weights_file
from goodviews.jobs.study.comparison.recipe import Work, fit_and_test
from goodviews.jobs.study.comparison.scores import Scores
from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.processes import Files, one_thread
from goodviews.jobs.study.run import Workers, spread
from goodviews.jobs.study.store import Store
from goodviews.spec.files import files_of

UNIT = "networks compared"


def fit_networks(
    plan: Plan,
    store: Store,
    cells: Cells,
    setups: Sequence[Setup],
    jobs: Workers,
    report: Reporter,
) -> dict[int, list[Scores]]:
    """Run every network that is not done, and gather what they scored.

    Args:
        plan: The study.
        store: Its folder.
        cells: Results that are done, and where new ones go.
        setups: What is compared.
        jobs: Where networks are fitted.
        report: Receives how many networks are done, and which weights cannot be trained further.

    Returns:
        By place of the task, for each label count.

    Raises:
        InputError: A result cannot be stored, or a worker was killed.
    """
    arms = _arms(plan, store, setups)
    if not arms:
        return {}
    needed = _needed(arms)
    done = {key: found for key in needed if (found := cells.load(key)) is not None}
    todo = [key for key in needed if key not in done]
    _retrain(plan, store, [needed[key][0] for key in todo], report)
    broken = _pretrain_from(plan, arms, {needed[key][0].encoder for key in todo}, jobs, report)
    if broken:
        arms = _arms(plan, store, [replace(setup, broken=broken) for setup in setups])
        needed = _needed(arms)
        todo = [key for key in todo if key in needed]
    before = len(needed) - len(todo)
    report(UNIT, before, len(needed))
    fitted = spread(plan, [needed[key] for key in todo], fit_and_test, jobs=jobs, files=_opened)
    for number, (place, made) in enumerate(fitted, before + 1):
        cells.save(todo[place], made)
        done[todo[place]] = made
        report(UNIT, number, len(needed))
    scores: dict[int, list[Scores]] = {}
    for one in arms:
        number, gathered = one.gather(done)
        scores.setdefault(number, []).append(gathered)
    return scores


def _arms(plan: Plan, store: Store, setups: Sequence[Setup]) -> list[Arms]:
    """The arms of every task at every label count."""
    return [Arms(plan, store, setup, draws) for setup in setups for _, draws in setup.counts]


def _needed(arms: Sequence[Arms]) -> dict[str, tuple[Work, Draw]]:
    """Every network by key."""
    return {one.key(work, draw): (work, draw) for one in arms for work, draw in one.all()}


def _pretrain_from(
    plan: Plan, arms: Sequence[Arms], wanted: set[str], jobs: Workers, report: Reporter
) -> frozenset[str]:
    """Pretrain from given weights where a wanted file is missing; which weights cannot be."""
    starts = {file: start for one in arms for file, start in one.starts().items()}
    items = [(*one, Path(file)) for file, one in starts.items() if file in wanted]
    items = [item for item in items if not item[-1].is_file()]
    failed: dict[str, str] = {}
    tried = spread(plan, items, _attempt, jobs=jobs, files=_started)
    for number, (place, words) in enumerate(tried, 1):
        if words:
            failed.setdefault(items[place][0], words)
        report("encoders pretrained from given weights", number, len(items))
    for text, words in failed.items():
        report.note(f"{short_name(text)} is compared, but not as a start of pretraining: {words}")
    return frozenset(failed)


def _opened(work: Work, draw: Draw) -> Files:
    """What :func:`fit_and_test` reads."""
    del draw
    file = weights_file(work.encoder) or Path(work.encoder)
    encoder = (file,) if work.encoder else ()
    return Files((*encoder, *files_of(work.augmentation)))


def _started(text: str, view: str, seed: int, file: Path) -> Files:
    """What :func:`_attempt` reads and writes."""
    del seed
    weights = weights_file(text)
    return Files((*([weights] if weights else []), *files_of(view)), (file,))


def _attempt(plan: Plan, text: str, view: str, seed: int, file: Path) -> str:
    """Pretrain from given weights; why it failed, or nothing."""
    try:
        pretrain_from(plan, text, view, seed, file)
    except InputError as error:
        return str(error)
    return ""


def _retrain(plan: Plan, store: Store, works: Iterable[Work], report: Reporter) -> None:
    """Train again the encoders that a study which grew has removed."""
    wanted = {work.encoder for work in works if work.encoder}
    for cell in plan.cells:
        path = store.encoder(cell)
        if cell.role == "candidate" and str(path) in wanted and not path.is_file():
            report.note(f"No encoder of {cell.view} was kept: it is trained again.")
            with one_thread():
                write_bytes(path, run_cell(plan, cell).encoder)
