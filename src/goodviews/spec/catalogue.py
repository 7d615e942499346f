"""Every view by name, readable without torch.

A view is written once, as a class in ``goodviews/views``. What its ``@register(...)`` and its
fields say is read from there without importing it, so that a spec can be checked, and the views
listed, before torch is loaded.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodviews.core.plugins import Registry
from goodviews.spec.presets import PRESETS


@dataclass(frozen=True)
class Listing:
    """What is known of a view before it is imported.

    Attributes:
        home: ``module:class`` that makes it.
        arguments: Name and default of each argument, in order.
        does: One line for a list.
        channels: Channel counts it takes: ``any``, or such as ``3``.
        strength: Name of what its strength scales; empty when it has none.
        source: Where its defaults come from.
        takes: What it makes views of: ``images`` or ``graphs``.
    """

    home: str
    arguments: tuple[tuple[str, Any], ...]
    does: str
    channels: str = "any"
    strength: str = ""
    source: str = "ours"
    takes: str = "images"


_FOLDER = Path(__file__).parents[1] / "views"
_FIRST = (
    *("geometric", "affine", "photometric", "colourjitter", "tone", "levels", "masking"),
    *("randaugment", "replace"),
)
"""Files whose views a list begins with: what moves pixels, what changes values, what hides."""

_HEAD = re.compile(
    r"^@(?:register|dataclass)\(.*?^class .*?(?=^    (?:@|def )|^\S|\Z)", re.MULTILINE | re.DOTALL
)
"""A class down to its first method."""


def _views() -> Iterator[tuple[str, Listing]]:
    """Name and listing of every class of the folder that is registered."""
    files = [*_FOLDER.glob("*.py"), *_FOLDER.glob("*/*.py")]
    order = {name: place for place, name in enumerate(_FIRST)}
    for file in sorted(files, key=lambda file: (order.get(file.stem, len(order)), str(file))):
        text = file.read_text("utf8")
        if "\n@register(" in text:
            place = file.relative_to(_FOLDER.parents[1]).with_suffix("")
            yield from _classes(text, ".".join(place.parts))


def _classes(text: str, module: str) -> Iterator[tuple[str, Listing]]:
    fields: dict[str, dict[str, Any]] = {}
    for head in _HEAD.findall(text):
        (made,) = ast.parse(head).body
        assert isinstance(made, ast.ClassDef)
        base, call = made.bases[0], made.decorator_list[0]
        assert isinstance(base, ast.Name)
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Name)
        own = dict(filter(None, map(_field, made.body)))
        fields[made.name] = {**fields.get(base.id, {}), **own}
        if call.func.id == "register":
            name, does = (ast.literal_eval(value) for value in call.args)
            words = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
            arguments = tuple(fields[made.name].items())
            takes = "graphs" if ".views.graphs." in module else "images"
            home = f"{module}:{made.name}"
            yield name, Listing(home, arguments, does, **words, takes=takes)


def _field(line: ast.stmt) -> tuple[str, Any] | None:
    """Name and default of an argument; ``None`` where the line does not declare one."""
    if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value):
        return None
    kind = line.annotation.value if isinstance(line.annotation, ast.Subscript) else None
    if isinstance(kind, ast.Name) and kind.id == "ClassVar":
        return None
    return line.target.id, ast.literal_eval(line.value)


VIEWS: Registry[Listing] = Registry("view", reserved=PRESETS)
"""Every view by name; those of plug-ins too, once they are imported."""

for _name, _listing in _views():
    VIEWS.add(_name, _listing, home=_listing.home)
