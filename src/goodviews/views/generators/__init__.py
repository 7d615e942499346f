"""Learned views: invertible maps of the channels of a pixel, which are split into two views."""

from goodviews.views.generators.base import Generator
from goodviews.views.generators.build import build_generator
from goodviews.views.generators.coupling import Coupling, CouplingGenerator
from goodviews.views.generators.export import (
    LearnedTransform,
    export_generator,
    export_transform,
)
from goodviews.views.generators.linear import LinearGenerator
from goodviews.views.generators.storage import holds_generator, load_generator, save_generator
from goodviews.views.generators.view import Learned

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
