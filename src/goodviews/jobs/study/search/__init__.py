"""Search over the parameters of views: proposals, trials, and what they showed."""

from goodviews.jobs.study.screening.first import choosing_tasks
from goodviews.jobs.study.search.stage import search_views
from goodviews.jobs.study.search.trials import Trial, Trials

__all__ = ["Trial", "Trials", "choosing_tasks", "search_views"]
