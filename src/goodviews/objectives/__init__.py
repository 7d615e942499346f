"""Training objectives: plain functions of embeddings that return before reducing."""

from goodviews.objectives.infonce import infonce, infonce_two_sided
from goodviews.objectives.ntxent import ntxent

__all__ = ["infonce", "infonce_two_sided", "ntxent"]
