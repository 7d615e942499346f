"""Look before a long run: what a view does to images, and whether data and speed are fine."""

from goodviews.jobs.look.job import Checkup, ViewsShown, doctor, show_views

__all__ = ["Checkup", "ViewsShown", "doctor", "show_views"]
