"""What ``pyproject.toml`` promises to install is what the code imports, and nothing besides."""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from functools import cache
from importlib.metadata import requires
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CODE = ("src", "tests", "benchmarks", "examples", "tools")
FOR_US = {"dev", "bench", "site"}
"""Extras of those who change goodviews; all others are for those who use it."""
IMPORT_NAMES = {
    "pillow": "PIL",
    "scikit-learn": "sklearn",
    "vl-convert-python": "vl_convert",
    "umap-learn": "umap",
}


def name_of(requirement):
    """Name of the package in a requirement, as it is imported."""
    package = re.split(r"[\s\[=<>~!;(]", requirement)[0].lower()
    return IMPORT_NAMES.get(package, package.replace("-", "_"))


def files(*folders):
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


@cache
def imports(*folders):
    """Top-level names that the files of some folders import."""
    found = set()
    for file in files(*folders):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found


def calls(node, *names):
    return isinstance(node, ast.Call) and getattr(node.func, "id", None) in names


@cache
def needed():
    """Extras named in ``need(..., extra)``, each with the strings of the functions that do so."""
    found = defaultdict(set)
    for file in files("src"):
        for scope in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(scope, ast.FunctionDef):
                continue
            inside = list(ast.walk(scope))
            words = {n.value for n in inside if isinstance(n, ast.Constant)}
            for call in inside:
                if calls(call, "need"):
                    extra = call.args[1]
                    assert isinstance(extra, ast.Constant), f"{file}: the extra is not literal"
                    found[extra.value] |= words
    return found


@cache
def skipping():
    """Libraries without which tests are skipped."""
    found = set()
    for file in files("tests"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "importorskip":
                found |= {n.value for n in node.args if isinstance(n, ast.Constant)}
    return found


def user_extras():
    extras = PROJECT["optional-dependencies"]
    return {name: extras[name] for name in extras if name not in FOR_US | {"all"}}


def test_the_extras_are_those_that_the_code_asks_for_or_a_test_loads():
    tested = {
        name for name, some in user_extras().items() if all(name_of(r) in skipping() for r in some)
    }
    assert set(needed()) <= set(user_extras()) <= set(needed()) | tested


def test_each_extra_named_in_a_text_exists():
    known = set(PROJECT["optional-dependencies"])
    texts = [*files("src", "benchmarks", "examples"), ROOT / "README.md"]
    texts += [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for file in texts:
        named = re.findall(r"(?:goodviews|'\.)\[([a-z,]+)\]", file.read_text(encoding="utf-8"))
        unknown = {extra for some in named for extra in some.split(",")} - known
        assert not unknown, f"{file.relative_to(ROOT)} names the extras {unknown}"


@pytest.mark.parametrize("extra", sorted(user_extras()))
def test_each_package_of_an_extra_is_imported_by_the_code_or_by_its_test(extra):
    for requirement in user_extras()[extra]:
        assert name_of(requirement) in needed()[extra] | skipping()


def test_the_extra_all_is_every_extra_of_the_users():
    (everything,) = PROJECT["optional-dependencies"]["all"]
    named = re.fullmatch(r"goodviews\[(.+)\]", everything).group(1).split(",")
    assert sorted(named) == sorted(user_extras())


def test_each_dependency_is_imported():
    assert {name_of(one) for one in PROJECT["dependencies"]} <= imports("src")


def test_each_import_is_a_dependency_or_comes_with_one():
    declared = {name_of(one) for one in PROJECT["dependencies"]}
    needs = (r for one in PROJECT["dependencies"] for r in requires(package(one)) or ())
    brought = {name_of(r) for r in needs if "extra ==" not in r}
    ours = {"goodviews", "goodviews_experiments", "_typeshed"}
    extra = {name_of(r) for some in user_extras().values() for r in some}
    assert (
        imports("src") - set(sys.stdlib_module_names) - ours - declared - brought - extra == set()
    )


def package(requirement):
    return re.split(r"[\s\[=<>~!;]", requirement)[0]


def test_what_the_benchmarks_compare_with_is_imported_by_them():
    rivals = {name_of(one) for one in PROJECT["optional-dependencies"]["bench"]}
    assert rivals <= imports("benchmarks")


def test_one_version_is_named_everywhere_and_has_its_section_in_the_changelog():
    version = PROJECT["version"]
    code = (ROOT / "src" / "goodviews" / "__init__.py").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f'__version__ = "{version}"' in code
    assert f"version: {version}\n" in citation
    sections = re.findall(r"^## (.+)$", changes, re.MULTILINE)
    assert re.fullmatch(rf"{re.escape(version)} \((\d{{4}}-\d\d-\d\d|unreleased)\)", sections[0])
    kinds = re.findall(r"^### (.+)$", changes, re.MULTILINE)
    assert set(kinds) <= {"Added", "Changed", "Fixed", "Removed"}


@pytest.mark.parametrize("target", ["format", "lint"])
def test_checks_cover_every_folder_of_code(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE).group(1)
    assert set(CODE) <= set(recipe.split())


def test_types_cover_both_packages_and_every_script():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    packages = tools["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(tools["mypy"]["files"]) == {*packages, *CODE} - {"src", "tests"}


def closure(roots):
    """Names of everything that some requirements install here, themselves included."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    done, todo = set(), [Requirement(root) for root in roots]
    while todo:
        one = todo.pop()
        key = canonicalize_name(one.name), frozenset(one.extras)
        if key in done:
            continue
        done.add(key)
        for other in map(Requirement, requires(one.name) or ()):
            if other.marker is None or any(
                other.marker.evaluate({"extra": extra}) for extra in one.extras or {""}
            ):
                todo.append(other)
    return {name for name, _ in done}


def test_at_most_fifty_packages_are_installed_beside_those_of_torch():
    beside = closure(PROJECT["dependencies"]) - closure(["torch"])
    assert len(beside) <= 50, sorted(beside)
