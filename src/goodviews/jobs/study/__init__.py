"""The study: which views to pretrain with, and why."""

from goodviews.jobs.study.cells import CellResult, run_cell
from goodviews.jobs.study.graphs.settings import DEFAULT_VIEWS, study_settings
from goodviews.jobs.study.job import study
from goodviews.jobs.study.label_free import label_free_scores
from goodviews.jobs.study.plan import BASELINES, Cell, Plan, Task, make_plan
from goodviews.jobs.study.processes import one_thread
from goodviews.jobs.study.readings import view_reader
from goodviews.jobs.study.result import StudyResult
from goodviews.jobs.study.run import run_cells
from goodviews.jobs.study.store import Store
from goodviews.jobs.study.verdict.advice import advise
from goodviews.jobs.study.verdict.build import make_verdict

__all__ = [
    "BASELINES",
    "Cell",
    "CellResult",
    "DEFAULT_VIEWS",
    "Plan",
    "Store",
    "StudyResult",
    "Task",
    "advise",
    "label_free_scores",
    "make_plan",
    "make_verdict",
    "one_thread",
    "run_cell",
    "run_cells",
    "study",
    "study_settings",
    "view_reader",
]
