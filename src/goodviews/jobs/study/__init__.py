"""The study: which views to pretrain with, and why."""

from goodviews.jobs.study.job import StudyResult, study

__all__ = ["StudyResult", "study"]
