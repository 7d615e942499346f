"""Arrows between the rooms point down only; ``docs/architecture.md`` draws the same table."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "goodviews"

ALL = {
    "core",
    "information",
    "views",
    "memory",
    "encoders",
    "objectives",
    "worlds",
    "data",
    "evaluation",
    "training",
    "study",
    "report",
}
ARROWS = {
    "core": set(),
    "information": {"core"},
    "views": {"core"},
    "memory": {"core"},
    "encoders": {"core"},
    "objectives": {"information", "core"},
    "worlds": {"information", "core"},
    "data": {"worlds", "core"},
    "evaluation": {"information", "views", "data", "core"},
    "training": {"objectives", "information", "views", "memory", "encoders", "data", "core"},
    "study": {
        "training",
        "evaluation",
        "data",
        "encoders",
        "objectives",
        "information",
        "views",
        "core",
    },
    "report": {"core"},
    "recipes": ALL,
    "cli": ALL | {"recipes"},
}
"""Room: the rooms it may import."""


def imports(file: Path) -> list[tuple[str, str]]:
    """Every (module, name) of ours that a file imports anywhere in it; name may be empty."""
    package = ["goodviews", *file.relative_to(PACKAGE).parts[:-1]]
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                base = package[: len(package) - node.level + 1]
                module = ".".join([*base, *([module] if module else [])])
            found += [(module, alias.name) for alias in node.names]
    return [(module, name) for module, name in found if module.split(".")[0] == "goodviews"]


def lazy() -> dict[str, str]:
    """Names the package imports when they are first used, and their modules."""
    for node in ast.parse((PACKAGE / "__init__.py").read_text("utf8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_PUBLIC":
            return ast.literal_eval(node.value)
    raise AssertionError("goodviews/__init__.py has no _PUBLIC")


LAZY = lazy()


def room(module: str, name: str) -> str:
    """The room that ``from module import name`` reaches; empty for the package itself."""
    parts = module.split(".")
    if len(parts) > 1:
        return parts[1]
    if name in LAZY:
        return LAZY[name].split(".")[1]
    return name if (PACKAGE / name).is_dir() and name else ""


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_arrow_points_up_or_sideways(file):
    own = file.relative_to(PACKAGE).parts
    if len(own) == 1:
        allowed = {"cli"} if own[0] == "__main__.py" else set()
    else:
        assert own[0] in ARROWS, f"{own[0]} is a room without a line in ARROWS"
        allowed = ARROWS[own[0]] | {own[0]}
    for module, name in imports(file):
        to = room(module, name)
        assert to in allowed or not to, (  # the bare package holds nothing but its version
            f"{'/'.join(own)} imports {module} {name}, but {own[0]} may import only "
            f"{sorted(allowed)}"
        )


def test_the_test_sees_relative_nested_and_plain_imports(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    for name in ("views", "data", "core"):
        (tmp_path / name).mkdir()
    file = tmp_path / "views" / "odd.py"
    file.write_text(
        "from ..data import load\nfrom .. import data\nfrom . import base\nimport os\n"
        "from goodviews import core, load\n"
        "def f():\n    import goodviews.data.images\n"
        "    if 1:\n        from goodviews import data\n"
    )
    assert [room(*pair) for pair in imports(file)] == [
        "data", "data", "views", "core", "data", "data", "data"
    ]  # fmt: skip


def test_the_arrows_have_no_circle():
    def below(start, seen=()):
        assert start not in seen, f"circle: {seen} {start}"
        for other in ARROWS.get(start, ()):
            below(other, (*seen, start))

    for start in ARROWS:
        below(start)


def test_only_the_command_line_imports_recipes():
    assert [name for name, to in ARROWS.items() if "recipes" in to] == ["cli"]
    assert not any("cli" in to for to in ARROWS.values())


def test_what_a_recipe_takes_from_another_room_is_public():
    for file in sorted((PACKAGE / "recipes").glob("*.py")):
        for module, name in imports(file):
            if module.startswith("goodviews.recipes") or not name:
                continue
            home = PACKAGE.joinpath(*module.split(".")[1:])
            home = home / "__init__.py" if home.is_dir() else home.with_suffix(".py")
            listed = [
                ast.literal_eval(node.value)
                for node in ast.parse(home.read_text("utf8")).body
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            ]
            assert name in listed[0], f"{file.name} takes {name} of {module}, which is not public"


def test_the_document_draws_the_same_table():
    text = (ROOT / "docs" / "architecture.md").read_text("utf8")
    block = re.search(r"```text arrows\n(.*?)```", text, re.DOTALL).group(1)
    drawn = {}
    for line in block.strip().splitlines():
        start, _, to = (part.strip() for part in line.partition("─►"))
        names = {name.strip() for name in to.split(",")} - {"nothing"}
        drawn[start] = ALL | names - {"every room below"} if "every room below" in names else names
    assert drawn == ARROWS


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import goodviews", "torch numpy scipy sklearn PIL numba typer"),
        ("import goodviews.core", "torch numpy"),
        ("import goodviews.core.names", "torch numpy"),
        ("import goodviews.report", "torch"),
        ("import goodviews.recipes", "torch numpy"),
        ("import goodviews.cli.main", "torch"),
        ("import goodviews.views", "numba torchvision"),
        ("import goodviews.objectives", "torchvision timm torch_geometric"),
        ("import goodviews.training", "timm torch_geometric"),
    ],
)
def test_heavy_libraries_are_not_loaded_before_they_are_needed(code, absent):
    program = f"{code}\nimport sys\nprint(sorted(set({absent.split()!r}) & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert out.stdout.strip() == "[]"


def test_every_lazy_name_of_the_package_is_there():
    import goodviews

    for name, module in goodviews._PUBLIC.items():
        home = PACKAGE.joinpath(*module.split(".")[1:]) / "__init__.py"
        assert home.is_file(), f"goodviews.{name} should be in {module}"
        assert f'"{name}"' in home.read_text("utf8")
    assert sorted(goodviews._PUBLIC) == sorted(goodviews.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        goodviews.nothing  # noqa: B018
