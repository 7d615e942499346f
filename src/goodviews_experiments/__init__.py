"""Experiments with a name: each is a function that writes rows, and what the run was.

What is promised is in ``goodviews``; what is tried is here. ``goodviews reproduce NAME`` runs one.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from goodviews.core import InputError, claimed, hardware, read_json, unknown

__all__ = ["EXPERIMENTS", "SCALES", "run"]

SCALES = ("test", "cpu", "gpu")

EXPERIMENTS = {
    "advice": "advice.run",
    "calibration": "calibration.run",
    "calibration_erasure": "calibration_erasure.run",
    "calibration_sentences": "calibration_sentences.run",
    "calibration_worlds": "calibration_worlds.run",
    "dense_transfer": "dense_transfer.run",
    "dense_views": "dense_views.run",
    "drawn_scenes": "dense_transfer.run",
    "detection_recipes": "detection_recipes.run",
    "duality": "duality.run",
    "engine_order": "engine_order.run",
    "failure_zoo": "failure_zoo.run",
    "identities": "identities.run",
    "graph_methods": "graph_methods.run",
    "graph_study": "graph_study.run",
    "imagenet_path": "imagenet_path.run",
    "label_choice": "label_choice.run",
    "label_free": "label_free.run",
    "label_free_studies": "label_free.studies",
    "learned_bands": "learned_bands.run",
    "learned_graph_views": "learned_graph_views.run",
    "learned_views": "learned_views.run",
    "length_forecast": "length_forecast.run",
    "methods_learn": "methods_learn.run",
    "link_baselines": "link_baselines.run",
    "mi_bench": "mi_bench.run",
    "missing_links": "missing_links.run",
    "moving_ahead": "moving_digits.ahead",
    "moving_digits": "moving_digits.run",
    "presets_axis": "presets_axis.run",
    "proposition": "proposition.run",
    "search_planted": "view_search.planted",
    "short_and_long": "short_and_long.run",
    "training_parity": "training_parity.run",
    "two_tasks": "two_tasks.run",
    "view_search": "view_search.run",
}
"""Name: the module that holds a function of that name, which takes a scale and a folder."""


def run(name: str, scale: str, out: Path | None = None) -> Path:
    """Run an experiment at a scale and return the folder with its rows.

    Args:
        name: One of :data:`EXPERIMENTS`.
        scale: One of :data:`SCALES`.
        out: Folder for the rows (default: ``results``, the name, and the date and hardware).

    Raises:
        InputError: The experiment or the scale does not exist.
    """
    if name not in EXPERIMENTS:
        raise unknown("experiment", name, EXPERIMENTS)
    if scale not in SCALES:
        raise unknown("scale", scale, SCALES)
    home = import_module(f"{__name__}.{EXPERIMENTS[name]}")
    experiment: Callable[..., Path] = getattr(home, name)
    if out is None:
        out = Path("results") / name / f"{datetime.now(UTC):%Y-%m-%d}-{hardware()}"
    command = f"goodviews reproduce {name} --scale {scale}"

    def own(folder: Path) -> bool:
        """Whether a folder holds the rows of this command, or runs of it and no rows yet."""
        names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        if names == {"items"} and (folder / "items" / "settings.json").is_file():
            return True  # the store refuses runs of other settings
        with suppress(InputError):
            found = read_json(folder / "run.json")
            return isinstance(found, dict) and found.get("command") == command
        return False

    with claimed(Path(out), f"reproduce {name} --scale {scale}", own=own):
        return experiment(scale=scale, out=Path(out))
