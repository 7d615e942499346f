"""Runs with a name: each is a function that writes rows, and what the run was."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from goodviews.core.checks import unknown

__all__ = ["RECIPES", "SCALES", "run"]

SCALES = ("test", "cpu", "gpu")

RECIPES = {
    "calibration": "goodviews.recipes.calibration:calibration",
    "calibration_erasure": "goodviews.recipes.calibration_erasure:calibration_erasure",
    "calibration_worlds": "goodviews.recipes.calibration_worlds:calibration_worlds",
    "duality": "goodviews.recipes.duality:duality",
    "imagenet_path": "goodviews.recipes.imagenet_path:imagenet_path",
    "failure_zoo": "goodviews.recipes.failure_zoo:failure_zoo",
    "learned_bands": "goodviews.recipes.learned_bands:learned_bands",
    "learned_views": "goodviews.recipes.learned_views:learned_views",
    "label_choice": "goodviews.recipes.label_choice:label_choice",
    "methods_learn": "goodviews.recipes.methods_learn:methods_learn",
    "mi_bench": "goodviews.recipes.mi_bench:mi_bench",
    "moving_ahead": "goodviews.recipes.moving_ahead:moving_ahead",
    "moving_digits": "goodviews.recipes.moving_digits:moving_digits",
    "other_learners": "goodviews.recipes.other_learners:other_learners",
    "presets_axis": "goodviews.recipes.presets_axis:presets_axis",
    "moving_pictures": "goodviews.recipes.moving_pictures:moving_pictures",
    "proposition": "goodviews.recipes.proposition:proposition",
    "short_and_long": "goodviews.recipes.short_and_long:short_and_long",
    "two_tasks": "goodviews.recipes.two_tasks:two_tasks",
    "view_gallery": "goodviews.recipes.view_gallery:view_gallery",
}
"""Name: where its function is. Each takes a scale and a folder and returns the folder."""


def run(name: str, scale: str, out: Path) -> Path:
    """Run a recipe at a scale and return the folder with its rows.

    Raises:
        InputError: Nobody knows the recipe or the scale.
    """
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    if scale not in SCALES:
        raise unknown("scale", scale, SCALES)
    home, _, function = RECIPES[name].partition(":")
    recipe: Callable[..., Path] = getattr(import_module(home), function)
    return recipe(scale=scale, out=Path(out))
