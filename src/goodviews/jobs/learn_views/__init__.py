"""Learn an invertible view generator from images and a few labels."""

from goodviews.jobs.learn_views.choice import Tried, choose, worth_trying
from goodviews.jobs.learn_views.job import LearnedViews, learn_views
from goodviews.jobs.learn_views.judge import Judgement, judge

__all__ = [
    "Judgement",
    "LearnedViews",
    "Tried",
    "choose",
    "judge",
    "learn_views",
    "worth_trying",
]
