"""Learned views: a generator trained against encoders, with or without labels."""

from goodviews.training.view_learning.game import MODES, Game
from goodviews.training.view_learning.learn import GameResult, learn_views
from goodviews.training.view_learning.looks import GAME_VERDICTS, GameHistory, Look
from goodviews.training.view_learning.players import Players, split_of

__all__ = [
    "GAME_VERDICTS",
    "Game",
    "GameHistory",
    "GameResult",
    "Look",
    "MODES",
    "Players",
    "learn_views",
    "split_of",
]
