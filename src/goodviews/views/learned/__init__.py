"""Learned views: invertible maps of a pixel's channels, whose split makes the two views."""

from goodviews.views.learned.base import Generator
from goodviews.views.learned.build import build_generator
from goodviews.views.learned.coupling import Coupling, CouplingGenerator
from goodviews.views.learned.linear import LinearGenerator
from goodviews.views.learned.saved import load_generator, save_generator

__all__ = [
    "Coupling",
    "CouplingGenerator",
    "Generator",
    "LinearGenerator",
    "build_generator",
    "load_generator",
    "save_generator",
]
