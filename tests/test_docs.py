"""Public names say what they take, links lead somewhere, and the README's Python runs."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "goodviews"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SHAPE = re.compile(
    r"\((?:\.\.\.|\d?[A-Z])[^()]*\)|\([a-z],|\(\)|see :meth:|shape|[Ss]ame size|[Ss]calar"
)
ARRAY = re.compile(r"\b(Tensor|ndarray)\b")


def public_nodes():
    for file in sorted(PACKAGE.rglob("*.py")):
        body = ast.parse(file.read_text("utf8")).body
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
                yield file, node


NODES = list(public_nodes())


def arrays(function: ast.FunctionDef) -> list[str]:
    """Arguments that are tensors or arrays themselves, not functions of them."""
    args = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    if function.args.vararg:
        args.append(function.args.vararg)
    kinds = {a.arg: ast.unparse(a.annotation) for a in args if a.annotation}
    return [name for name, kind in kinds.items() if ARRAY.search(kind) and "Callable" not in kind]


@pytest.mark.parametrize(
    ("file", "node"), NODES, ids=[f"{f.parent.name}/{f.stem}:{n.name}" for f, n in NODES]
)
def test_every_public_name_is_documented_with_the_shapes_it_takes(file, node):
    text = ast.get_docstring(node)
    assert text, f"{node.name} has no docstring"
    if isinstance(node, ast.FunctionDef):
        check(node, text)
        return
    if node.bases:
        return  # its methods are those of the base, and described there
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
            own = ast.get_docstring(method)
            assert own, f"{node.name}.{method.name} has no docstring"
            check(method, own, text)


def check(function: ast.FunctionDef, text: str, around: str = "") -> None:
    for name in arrays(function):
        at = re.search(rf"^\s*\*?`*{name}`*(, `*\w+`*)*: (.*?)(?=^\s*\w+: |\Z)", text, re.M | re.S)
        described = at.group(0) if at else text + around
        assert SHAPE.search(described) or SHAPE.search(text), (
            f"{function.name} takes {name}, but its docstring does not say of which shape"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)|(?:src|href|srcset)=\"([^\"]+)\"", text):
        link = "".join(target)
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        place = (page.parent / path) if path else page
        assert place.exists(), f"{page.name} links to {link}"
        if anchor and place.suffix == ".md":
            heads = re.findall(r"^#+ (.*)$", place.read_text("utf8"), re.M)
            slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in slugs, f"{page.name} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_in_the_text_exist(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf8"), flags=re.DOTALL)
    for name in re.findall(r"`((?:src|tests|docs|examples|benchmarks)/[\w/.]+\.\w+)`", text):
        assert (ROOT / name).exists(), f"{page.name} names {name}"


def blocks():
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for number, code in enumerate(
            re.findall(r"```python\n(.*?)```", page.read_text("utf8"), re.DOTALL)
        ):
            if not re.search(r"\b(study|report)\(", code):  # minutes, and tested elsewhere
                yield pytest.param(code, id=f"{page.name}-{number}")


@pytest.mark.parametrize("code", list(blocks()) or [pytest.param("", id="none")])
def test_python_in_the_documents_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "document", "exec"), {"__name__": "document"})


def test_no_page_holds_a_path_of_one_machine():
    for page in [*PAGES, *ROOT.glob("examples/*.py"), *ROOT.glob("*.cff")]:
        found = re.findall(r"/(?:home|work|root|Users|tmp)/\w+", page.read_text("utf8"))
        assert not found, f"{page.name}: {found}"
