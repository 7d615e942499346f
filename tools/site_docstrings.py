"""Docstrings for the site: reStructuredText formulas, references and tables become Markdown."""

import re
import textwrap
from pathlib import Path
from typing import Any

import griffe

MATH_BLOCK = re.compile(r"^( *)\.\. math::(.*(?:\n(?:\1 +.*| *))*)", re.MULTILINE)
TABLE = re.compile(
    r"^(?P<edge>=+(?: =+)+)\n(?:.*\n)*?(?P=edge)\n(?:.*\n)*?(?P=edge)$", re.MULTILINE
)
ROLE = re.compile(r":(?:func|class|meth|data|mod|attr):`~?([\w.]+)`")
SURFACE = Path(__file__).resolve().parents[1] / "tests" / "api_surface.txt"


def public() -> dict[str, list[str]]:
    """Read the public names of each package."""
    pairs = (line.split(": ") for line in SURFACE.read_text("utf8").splitlines())
    return {package: names.split() for package, names in pairs}


PATHS = {f"{package}.{name}" for package, names in public().items() for name in names}
"""Every public name with its package."""


def to_markdown(text: str) -> str:
    r"""Convert what goodviews' docstrings use of reStructuredText.

    Example:
        >>> to_markdown("See :func:`goodviews.views.parse_view` and :math:`x^2`.")
        'See [`parse_view`][goodviews.views.parse_view] and $x^2$.'
        >>> print(to_markdown(".. math:: a\n    + b\n\nText."))
        <BLANKLINE>
        $$
        a
        + b
        $$
        <BLANKLINE>
        Text.
    """
    text = MATH_BLOCK.sub(_block, text)
    text = re.sub(r":math:`([^`]*)`", lambda found: f"${found[1]}$", text)
    text = TABLE.sub(lambda found: f"```text\n{found[0]}\n```", text)
    text = re.sub(r"^Example:$", "Examples:", text, flags=re.MULTILINE)
    return ROLE.sub(_reference, text)


def _reference(found: re.Match[str]) -> str:
    path = found[1]
    name = f"`{path.rpartition('.')[2]}`"
    return f"[{name}][{path}]" if path in PATHS else name


def _block(found: re.Match[str]) -> str:
    formula = textwrap.dedent(found[2].strip("\n").replace("\n" + found[1], "\n")).strip()
    formula = "\n".join(line.strip() for line in formula.splitlines())
    return textwrap.indent(f"\n$$\n{formula}\n$$\n\n", found[1])


class Docstrings(griffe.Extension):  # type: ignore[misc]
    """Converts each docstring before it is split into sections, and finds the public names."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Convert the docstring of one object."""
        if obj.docstring:
            obj.docstring.value = to_markdown(obj.docstring.value)

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Put each public object into the package that lists it.

        A function may have the name of its file: ``goodviews.objectives.infonce``. The path
        then leads to the file, which is not public.
        """
        if pkg.path != "goodviews":
            return
        found = [
            (_module(pkg, package), name, _defined(pkg, f"{package}.{name}"))
            for package, names in public().items()
            for name in names
            if package != "goodviews"
        ]
        for module, name, value in found:
            if not value.is_module:
                module.set_member(name, griffe.Alias(name, value, parent=module))


def _module(pkg: griffe.Module, path: str) -> Any:
    node: Any = pkg
    for part in path.split(".")[1:]:
        node = node.members[part]
    return node


def _defined(pkg: griffe.Module, path: str) -> Any:
    """Follow the imports to the object itself."""
    home, _, name = path.rpartition(".")
    module = _module(pkg, home)
    target = module.imports.get(name, path)
    return module.members[name] if target == path else _defined(pkg, target)
