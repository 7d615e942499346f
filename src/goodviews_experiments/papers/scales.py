"""Data and scale of a run in a few words, from its ``run.json``."""

from collections.abc import Callable
from typing import Any

Run = dict[str, Any]


def _seeds(run: Run) -> str:
    return f"{len(run['seeds'])} seeds"


def _bench(run: Run) -> str:
    own = run["settings"]
    return f"Gaussian pairs of {own['nats'][0]:g} to {own['nats'][-1]:g} nats, K = {own['batch']}"


def _short(run: Run) -> str:
    world = run["settings"]["worlds"][0]
    return f"CIFAR-10 (a lossless part), {world['size']} px, crops of 24, {_seeds(run)}"


def _learned(run: Run) -> str:
    own = run["settings"]
    return (
        f"imagenette96 in place of STL-10, {own['size']} px, crops of {own['crop']}, two "
        f"{own['game']['encoder']}, {own['labelled']:,} labels, {_seeds(run)}"
    )


def _digits(run: Run) -> str:
    own = run["settings"]
    return (
        f"MNIST over imagenette96, {own['size']} px (paper 64), k = {own['frames']} (10), "
        f"t = {own['ahead']} (20), {own['training']['steps']} steps, {_seeds(run)}"
    )


def _methods(run: Run) -> str:
    own = run["settings"]
    return (
        f"CIFAR-10 ({own['train']:,} images), crops of {own['crop']} px, "
        f"convnet(width={own['width']}), {own['epochs']} epochs, {_seeds(run)}"
    )


def _axis(run: Run) -> str:
    own = run["settings"]
    return f"CIFAR-10 (a lossless part), crops of 24 px, {own['epochs']} epochs, {_seeds(run)}"


def _duality(run: Run) -> str:
    own = run["settings"]
    return f"{_axis(run)}, {own['encoder']}, d = 128"


def _identities(run: Run) -> str:
    own = run["settings"]
    return f"random embeddings, {own['points']} free points on a sphere; no network"


SCALES: dict[str, Callable[[Run], str]] = {
    "proposition": lambda run: f"a discrete world of {len(run['factors'])} binary factors",
    "mi_bench": _bench,
    "study_mnist": lambda run: f"MNIST, {run['data']['width']} px, noise, {_seeds(run)}",
    "two_tasks": lambda run: f"MNIST turned by quarters, {_seeds(run)}",
    "short_and_long:cifar10": _short,
    "presets_axis": _axis,
    "learned_views": _learned,
    "moving_digits": _digits,
    "methods_learn": _methods,
    "duality": _duality,
    "identities": _identities,
}
"""Name of the experiment: words from what its ``run.json`` holds."""
