"""Sources whose factors, or whose information, are known."""

from goodviews.worlds.bands import Bands
from goodviews.worlds.blocks import Blocks
from goodviews.worlds.catalogue import register
from goodviews.worlds.discrete import DiscreteViews
from goodviews.worlds.factors import FactorWorld
from goodviews.worlds.gaussian import CorrelatedGaussian
from goodviews.worlds.moving_digits import MovingDigits, localisation_error
from goodviews.worlds.scenes import DrawnScenes, ShapeScenes
from goodviews.worlds.shapes import Shapes
from goodviews.worlds.sharing import Sharing
from goodviews.worlds.vectors import Vectors

__all__ = [
    "Bands",
    "Blocks",
    "CorrelatedGaussian",
    "DiscreteViews",
    "DrawnScenes",
    "FactorWorld",
    "MovingDigits",
    "ShapeScenes",
    "Shapes",
    "Sharing",
    "Vectors",
    "localisation_error",
    "register",
]
