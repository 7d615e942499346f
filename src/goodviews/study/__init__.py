"""The study: which views to pretrain with, and why."""

from goodviews.study.study import StudyResult, study

__all__ = ["StudyResult", "study"]
