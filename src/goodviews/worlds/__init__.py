"""Sources whose factors, or whose information, are known."""

from goodviews.worlds.bands import Bands
from goodviews.worlds.catalogue import register
from goodviews.worlds.factors import FactorWorld
from goodviews.worlds.shapes import Shapes
from goodviews.worlds.vectors import Vectors

__all__ = ["Bands", "FactorWorld", "Shapes", "Vectors", "register"]
