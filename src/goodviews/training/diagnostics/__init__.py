"""Diagnostics of a run: measurements of each step, collapse, convergence."""

from goodviews.training.diagnostics.health import HEALTHY, Health, Monitor
from goodviews.training.diagnostics.monitor import History, levelled_off
from goodviews.training.diagnostics.vitals import measure

__all__ = [
    "HEALTHY",
    "Health",
    "History",
    "Monitor",
    "levelled_off",
    "measure",
]
