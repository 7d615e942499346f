"""A public name comes or goes only on purpose.

After a change that is meant: ``python tests/test_api_surface.py`` writes the list anew.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "goodviews"
LIST = ROOT / "tests" / "api_surface.txt"
WITHOUT = {"__main__.py"}


def surface() -> list[str]:
    """One line per module: its name and its public names."""
    lines = []
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.name in WITHOUT:
            continue
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        lines.append(f"{module}: {' '.join(sorted(listed(file)))}".rstrip())
    return sorted(lines)


def listed(file: Path) -> list[str]:
    """The ``__all__`` of a module."""
    for node in ast.parse(file.read_text("utf8")).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if target is not None and ast.unparse(target) == "__all__":
            return ast.literal_eval(node.value)
    raise AssertionError(f"{file.relative_to(ROOT)} has no __all__")


def test_the_public_names_are_those_of_the_list():
    wanted, found = set(LIST.read_text("utf8").splitlines()), set(surface())
    changes = [f"- {line}" for line in sorted(wanted - found)]
    changes += [f"+ {line}" for line in sorted(found - wanted)]
    assert not changes, "\n".join(
        ["Public names changed; if on purpose: python tests/test_api_surface.py", *changes]
    )


def test_every_public_name_is_defined_or_imported_in_its_module():
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.name in WITHOUT or file == PACKAGE / "__init__.py":
            continue
        names = set()
        for node in ast.walk(ast.parse(file.read_text("utf8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names |= {alias.asname or alias.name for alias in node.names}
            elif isinstance(node, ast.Assign):
                names |= {
                    name.strip()
                    for target in node.targets
                    for name in ast.unparse(target).strip("()").split(",")
                }
            elif isinstance(node, ast.AnnAssign):
                names.add(ast.unparse(node.target))
        gone = set(listed(file)) - names
        assert not gone, f"{file.relative_to(ROOT)} lists {sorted(gone)}, which it does not hold"


if __name__ == "__main__":
    LIST.write_text("\n".join(surface()) + "\n", "utf8")
