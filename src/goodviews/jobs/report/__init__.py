"""The page of a study, of learned views, of several methods, or of an embedding."""

from goodviews.jobs.report.job import report

__all__ = ["report"]
