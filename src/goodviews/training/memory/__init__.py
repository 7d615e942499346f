"""Stored negatives, and the slow encoder that computes them."""

from goodviews.training.memory.bank import Bank
from goodviews.training.memory.momentum import Momentum, forward_in_groups, shuffle_order
from goodviews.training.memory.queue import Queue

__all__ = ["Bank", "Momentum", "Queue", "forward_in_groups", "shuffle_order"]
