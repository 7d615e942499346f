"""Imports point down only, in no circle; ``docs/architecture.md`` draws the same table."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
PACKAGE = SRC / "goodviews"
EXPERIMENTS = SRC / "goodviews_experiments"

BELOW = {
    "core": "",
    "spec": "core",
    "information": "core",
    "objectives": "information spec core",
    "graphs": "core",
    "views": "graphs spec core",
    "encoders": "graphs spec core",
    "worlds": "information core",
    "data": "graphs worlds core",
    "evaluation": "information views encoders data graphs spec core",
    "training": "objectives information views encoders data graphs spec core",
    "methods": "training data spec core",
    "measurement": "training evaluation data encoders information views graphs core",
    "pages": "spec core",
    "jobs": "pages methods measurement training evaluation data encoders objectives information "
    "views graphs spec core",
    "experiments": "jobs pages methods measurement training evaluation worlds data encoders "
    "objectives information views graphs spec core",
    "cli": "experiments jobs pages methods training data objectives views spec core",
}
ARROWS = {room: set(rooms.split()) for room, rooms in BELOW.items()}
"""Room: the rooms it may import."""

TOP = PACKAGE / "__init__.py"
"""Imports for type checkers only; that it loads nothing is tested at the end."""

FILES = sorted({*PACKAGE.rglob("*.py"), *EXPERIMENTS.rglob("*.py")} - {TOP})
JOBS = sorted(
    path.name for path in (PACKAGE / "jobs").iterdir() if (path / "__init__.py").is_file()
)


def imports(file: Path, src: Path = SRC) -> list[str]:
    """Every module of ours that a file imports, anywhere in it."""
    package = list(file.relative_to(src).parts[:-1])
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                deeper = src.joinpath(*module.split("."), alias.name)
                below = deeper.is_dir() or deeper.with_suffix(".py").is_file()
                found.append(f"{module}.{alias.name}" if below else module)
    return [name for name in found if name.split(".")[0].startswith("goodviews")]


def room(module: str) -> str:
    """The room a module is in; empty for the bare package."""
    parts = module.split(".")
    if parts[0] == "goodviews_experiments":
        return "experiments"
    return parts[1] if len(parts) > 1 else ""


def name_of(file: Path) -> str:
    """The dotted name of a file's module."""
    return ".".join(file.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_no_arrow_points_up_or_sideways(file):
    own = room(name_of(file))
    if name_of(file) == "goodviews.__main__":
        allowed = {"cli"}
    else:
        assert own in ARROWS, f"{own} is a room without a line in ARROWS"
        allowed = ARROWS[own] | {own}
    for module in imports(file):
        to = room(module)
        assert to in allowed or not to, (  # the bare package holds nothing but its version
            f"{name_of(file)} imports {module}, but {own} may import only {sorted(allowed)}"
        )


def test_jobs_do_not_import_each_other():
    for file in FILES:
        own = name_of(file).split(".")
        if own[:2] == ["goodviews", "jobs"] and len(own) > 2:
            others = {
                module.split(".")[2]
                for module in imports(file)
                if module.startswith("goodviews.jobs.")
            } - {own[2]}
            assert not others, f"{name_of(file)} imports the job {others}"


def test_no_module_imports_itself_around_a_corner():
    graph = {name_of(file): set(imports(file)) - {name_of(file)} for file in FILES}
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " imports ".join([*path[path.index(module) :], module])
        if module in done:
            return
        for other in sorted(graph.get(module, ())):
            walk(other, (*path, module))
        done.add(module)

    for module in graph:
        walk(module, ())


def test_the_test_sees_relative_nested_and_plain_imports(tmp_path):
    for name in ("views", "data", "core"):
        (tmp_path / "goodviews" / name).mkdir(parents=True)
    file = tmp_path / "goodviews" / "views" / "odd.py"
    file.write_text(
        "from ..data import load\nfrom .. import data\nfrom . import base\nimport os\n"
        "from goodviews import core, load\n"
        "def f():\n    import goodviews.data.images\n"
        "    if 1:\n        from goodviews import data\n"
    )
    assert [room(module) for module in imports(file, tmp_path)] == [
        "data", "data", "views", "core", "", "data", "data"
    ]  # fmt: skip


def test_the_arrows_have_no_circle():
    def below(start, seen=()):
        assert start not in seen, f"circle: {seen} {start}"
        for other in ARROWS.get(start, ()):
            below(other, (*seen, start))

    for start in ARROWS:
        below(start)


def listed(package: str) -> set[str]:
    """The names in the ``__all__`` of a package; empty where it is a module."""
    file = SRC.joinpath(*package.split("."), "__init__.py")
    for node in ast.parse(file.read_text("utf8")).body if file.is_file() else []:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


@pytest.mark.parametrize("file", sorted(EXPERIMENTS.rglob("*.py")), ids=name_of)
def test_an_experiment_imports_names_that_a_package_lists(file):
    for node in ast.walk(ast.parse(file.read_text("utf8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "goodviews":
            private = {alias.name for alias in node.names} - listed(str(node.module))
            assert not private, f"{node.module} does not list {private} in its __all__"
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("goodviews.") for alias in node.names)


def test_only_the_command_line_imports_experiments_and_nobody_imports_the_command_line():
    assert [name for name, to in ARROWS.items() if "experiments" in to] == ["cli"]
    assert not any("cli" in to for to in ARROWS.values())


def test_the_document_draws_the_same_table():
    text = (ROOT / "docs" / "architecture.md").read_text("utf8")
    block = re.search(r"```text arrows\n(.*?)```", text, re.DOTALL).group(1)
    drawn = {}
    for line in block.strip().splitlines():
        start, _, to = (part.strip() for part in line.partition("─►"))
        drawn[start] = {name.strip() for name in to.split(",")} - {"nothing"}
    assert drawn == ARROWS


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import goodviews", "torch numpy scipy sklearn PIL numba typer"),
        ("import goodviews.core", "torch numpy"),
        ("import goodviews.spec.names", "torch numpy"),
        ("import goodviews.pages", "torch"),
        ("import goodviews_experiments", "torch numpy"),
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


@pytest.mark.parametrize("module", ["goodviews.jobs.study", "goodviews.views"])
def test_a_study_and_a_view_start_without_what_only_later_parts_use(module):
    late = "sklearn", "scipy.stats", "lightning_fabric", "torch._dynamo", "altair", "timm", "numba"
    code = f"import sys, torch, {module}; print([m for m in {late!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
