"""One method per file, with the numbers of its paper."""

import re
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from goodviews.core.errors import InputError
from goodviews.core.plugins import Registry
from goodviews.methods.adapt import adapted_settings
from goodviews.spec.catalogue import VIEWS
from goodviews.spec.names import check_names, spell
from goodviews.training import Settings
from goodviews.training.objective import build_objective

__all__ = [
    "GRAPH_METHODS",
    "METHODS",
    "adapted_settings",
    "method",
    "register",
]

METHODS: Registry[Settings] = Registry("method")
"""Settings of all methods of images by name, in the order in which the papers appeared."""
GRAPH_METHODS: Registry[Settings] = Registry("method of graphs")
"""Settings of all methods of graphs by name, in the order in which the papers appeared."""


def _own_methods(folder: Path) -> list[str]:
    """Files of a folder that hold a method, by the arXiv number of its paper."""
    named = []
    for file in folder.glob("*.py"):
        text = file.read_text("utf8")
        if "\nMETHOD = " in text:
            number = re.search(r"arXiv:([\d.]+)", text)
            named.append((number[1] if number else "", file.stem))
    return [name for _, name in sorted(named)]


for _registry, _room in ((METHODS, ""), (GRAPH_METHODS, "graphs")):
    for _name in _own_methods(Path(__file__).parent / _room):
        _module = ".".join(filter(None, (__name__, _room, _name)))
        _registry.add(_name, import_module(_module).METHOD, home=f"{_module}:METHOD")


def method(name: str) -> Settings:
    """Settings of a method, with the numbers of its paper.

    Args:
        name: Name of a method of images, for example ``infomin``, or of graphs, for example
            ``grace``.

    Raises:
        InputError: No method has this name.

    Example:
        >>> method("infomin").momentum, method("moco").objective
        (0.999, 'infonce(temperature=0.07)')
    """
    return GRAPH_METHODS[name] if name in GRAPH_METHODS else METHODS.find(name)


def register(name: str, settings: Settings) -> Settings:
    """Register settings as a method of images or graphs, for Python and the command line.

    Args:
        name: Name of the method, as in ``goodviews pretrain --recipe NAME``.
        settings: Settings of the method; its views and its objective must be known.

    Returns:
        The settings with that name.

    Raises:
        InputError: The name is taken, or the views or the objective are unknown.

    Example:
        >>> from goodviews.training import Settings
        >>> mine = Settings(views="crop()|flip()", objective="vicreg()", batch=128)
        >>> register("quick_vicreg", mine).name, method("quick_vicreg").batch
        ('quick_vicreg', 128)
    """
    if not isinstance(settings, Settings):
        raise InputError(f"Expected goodviews.Settings for method {name!r}, but got {settings!r}.")
    if not settings.views:
        raise InputError(f"Method {name!r} has no views; give it some, such as 'crop()|flip()'.")
    first = check_names(settings.views)[0]
    build_objective(settings.objective)
    made = replace(settings, name=name)
    registry, other = METHODS, GRAPH_METHODS
    if _takes_graphs(first):
        registry, other = other, registry
    if name in other:
        raise InputError(f"The name {name!r} is that of a {other.kind}; choose another name.")
    registry.add(name, made, home=f"{sys._getframe(1).f_globals['__name__']}:{name}")
    return made


def _takes_graphs(views: str) -> bool:
    """Whether views are of graphs; the identity alone counts as one of images."""
    _, sides = spell(views)
    kinds = {VIEWS[call.name].takes for calls in sides for call in calls if call.name in VIEWS}
    return "graphs" in kinds
