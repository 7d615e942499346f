"""A public name comes or goes only on purpose.

Public are the names that ``goodviews`` and the ``__init__`` of its packages list; those of
``INTERFACES`` are what the experiments use and may change. After a change that is meant:
``python tests/test_api_surface.py`` writes the list anew.
"""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "goodviews"
INTERFACES = re.compile(
    r"goodviews\.(core|spec|jobs\..*|pages\..+|training\.diagnostics|views\.compiled)"
)
"""Packages whose names our own experiments import; the verbs of jobs are names of goodviews."""
LIST = ROOT / "tests" / "api_surface.txt"


def surface() -> list[str]:
    """One line per package that lists names: its name and theirs."""
    lines = []
    for file in sorted(PACKAGE.rglob("__init__.py")):
        names = listed(file)
        if names:
            package = ".".join(file.relative_to(PACKAGE.parent).parts[:-1])
            lines.append(f"{package}: {' '.join(sorted(names))}")
    return sorted(lines)


def listed(file: Path) -> list[str]:
    """The ``__all__`` of a module; empty where there is none."""
    for node in ast.parse(file.read_text("utf8")).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if target is not None and ast.unparse(target) == "__all__":
            return ast.literal_eval(node.value)
    return []


def test_the_public_names_are_those_of_the_list():
    expected, found = set(LIST.read_text("utf8").splitlines()), set(surface())
    changes = [f"- {line}" for line in sorted(expected - found)]
    changes += [f"+ {line}" for line in sorted(found - expected)]
    assert not changes, "\n".join(
        ["Public names changed; if on purpose: python tests/test_api_surface.py", *changes]
    )


def test_only_packages_list_names():
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.name != "__init__.py":
            assert not listed(file), f"{file.relative_to(ROOT)} has an __all__ of its own"


def test_every_public_name_can_be_imported():
    for line in surface():
        package, names = line.split(": ")
        home = import_module(package)
        for name in names.split():
            assert hasattr(home, name), f"{package} lists {name}, which it does not hold"


def documented() -> list[tuple[str, object]]:
    """Public classes and functions, each once; not exceptions, nor names of types."""
    found = {}
    for line in surface():
        package, names = line.split(": ")
        for name in names.split() if not INTERFACES.fullmatch(package) else []:
            thing = getattr(import_module(package), name)
            error = inspect.isclass(thing) and issubclass(thing, Exception)
            if (inspect.isclass(thing) or inspect.isfunction(thing)) and not error:
                found.setdefault(thing, f"{thing.__module__}.{name}")
    return sorted(((name, thing) for thing, name in found.items()), key=lambda pair: pair[0])


@pytest.mark.parametrize(("name", "thing"), documented())
def test_a_public_class_or_function_shows_an_example(name, thing):
    text = thing.__doc__ or ""
    assert "Example:" in text, f"{name} has no example in its docstring"
    assert ">>> " in text, f"the example of {name} cannot be run"


if __name__ == "__main__":
    LIST.write_text("\n".join(surface()) + "\n", "utf8")
