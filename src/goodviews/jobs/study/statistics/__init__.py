"""From the results of cells to intervals, the curve and its peak, and regimes."""

from goodviews.jobs.study.statistics.about_label import AboutLabel
from goodviews.jobs.study.statistics.compromise import over_scratch, regret
from goodviews.jobs.study.statistics.layout import Layout
from goodviews.jobs.study.statistics.regimes import Reading, read
from goodviews.jobs.study.statistics.sweet_spot import Peak
from goodviews.jobs.study.statistics.table import RANDOM, TaskTable, tabulate
from goodviews.jobs.study.statistics.winner import cross_fitted_accuracy, cross_fitted_level

__all__ = [
    "AboutLabel",
    "Layout",
    "Peak",
    "RANDOM",
    "Reading",
    "TaskTable",
    "cross_fitted_accuracy",
    "cross_fitted_level",
    "over_scratch",
    "read",
    "regret",
    "tabulate",
]
