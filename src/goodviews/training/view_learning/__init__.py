"""Learned views: a generator trained against encoders, with or without labels."""

from goodviews.training.view_learning.game import MODES, Game
from goodviews.training.view_learning.graph_game import GraphGame
from goodviews.training.view_learning.graph_learn import GraphGameResult, learn_graph_views
from goodviews.training.view_learning.graph_looks import GraphHistory
from goodviews.training.view_learning.graph_players import Aim
from goodviews.training.view_learning.learn import GameResult, learn_views
from goodviews.training.view_learning.looks import GAME_VERDICTS, GameHistory, Look
from goodviews.training.view_learning.players import Players, split_of

__all__ = [
    "Aim",
    "GAME_VERDICTS",
    "Game",
    "GameHistory",
    "GameResult",
    "GraphGame",
    "GraphGameResult",
    "GraphHistory",
    "Look",
    "MODES",
    "Players",
    "learn_graph_views",
    "learn_views",
    "split_of",
]
