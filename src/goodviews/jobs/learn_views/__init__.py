"""Learn a view generator from images or a graph and a few labels."""

from goodviews.jobs.learn_views.choice import Tried, choose, worth_trying
from goodviews.jobs.learn_views.job import learn_views
from goodviews.jobs.learn_views.judge import Judgement, judge
from goodviews.jobs.learn_views.result import LearnedViews

__all__ = [
    "Judgement",
    "LearnedViews",
    "Tried",
    "choose",
    "judge",
    "learn_views",
    "worth_trying",
]
