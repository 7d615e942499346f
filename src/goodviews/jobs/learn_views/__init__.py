"""Learn an invertible view generator from images and a few labels."""

from goodviews.jobs.learn_views.job import LearnedViews, learn_views

__all__ = ["LearnedViews", "learn_views"]
