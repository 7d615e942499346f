"""Learned views: invertible maps of a pixel's channels, whose split makes the two views."""

from goodviews.views.learned.base import Generator
from goodviews.views.learned.build import build_generator
from goodviews.views.learned.coupling import Coupling, CouplingGenerator
from goodviews.views.learned.export import (
    LearnedTransform,
    export_generator,
    export_transform,
)
from goodviews.views.learned.linear import LinearGenerator
from goodviews.views.learned.saved import holds_generator, load_generator, save_generator
from goodviews.views.learned.view import Learned

__all__ = [
    "Coupling",
    "CouplingGenerator",
    "Generator",
    "Learned",
    "LearnedTransform",
    "LinearGenerator",
    "build_generator",
    "export_generator",
    "export_transform",
    "holds_generator",
    "load_generator",
    "save_generator",
]
