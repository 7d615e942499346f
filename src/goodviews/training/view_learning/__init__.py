"""Learned views: a generator against encoders, with or without labels."""

from goodviews.training.view_learning.game import MODES, Game
from goodviews.training.view_learning.learn import GameResult, learn_views
from goodviews.training.view_learning.looks import SAID, GameHistory, Look
from goodviews.training.view_learning.players import Players

__all__ = [
    "MODES",
    "SAID",
    "Game",
    "GameHistory",
    "GameResult",
    "Look",
    "Players",
    "learn_views",
]
