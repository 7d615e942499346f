"""Learned views: a generator trained against encoders, with or without labels."""

from goodviews.training.view_learning.game import MODES, Game
from goodviews.training.view_learning.learn import GameResult, learn_views
from goodviews.training.view_learning.looks import GAME_VERDICTS, GameHistory, Look
from goodviews.training.view_learning.players import Players

__all__ = [
    "MODES",
    "GAME_VERDICTS",
    "Game",
    "GameHistory",
    "GameResult",
    "Look",
    "Players",
    "learn_views",
]
