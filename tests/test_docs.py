"""Public names say what they take, links lead somewhere, and the README's Python runs."""

import ast
import re
import shlex
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
        if page.parent.name == "tutorials":
            continue  # one program each: tests/test_tutorials.py
        fenced = re.findall(r"```(\w*)\n(.*?)```", page.read_text("utf8"), re.DOTALL)
        for number, (kind, code) in enumerate(fenced):
            if kind.startswith("py"):
                yield pytest.param(code, id=f"{page.name}-{number}")


SHORT = {
    "goodviews.jobs.study.study": {
        "seeds": 1, "epochs": 1, "label_draws": 2, "encoder": "convnet(width=4)", "jobs": 0,
    },
    "goodviews.jobs.pretrain.pretrain": {
        "epochs": 1, "backbone": "convnet(width=4)", "changes": {"head": "projector(dim=8)"},
    },
    "goodviews.jobs.learn_views.learn_views": {
        "steps": 4, "judge_steps": 2, "generator": "linear()",
    },
}  # fmt: skip
"""Function: arguments that make it short where a page gives no others."""


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A reader's folder: 80 photos of two classes, their table of labels; short runs."""
    rng = np.random.default_rng(0)
    rows = ["path,label"]
    for number in range(80):
        name = ("cat", "dog")[number % 2]
        photo = rng.integers(0, 200, (8, 8, 3), dtype=np.uint8)
        photo[:4] += np.uint8(50 * (number % 2))
        file = tmp_path / "photos" / name / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo).save(file)
        rows.append(f"{name}/{number}.png,{name}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    for path, options in SHORT.items():
        home, _, name = path.rpartition(".")
        full = getattr(import_module(home), name)
        monkeypatch.setattr(import_module(home), name, partial(full, **options))
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GOODVIEWS_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


WORDS = {
    "study": "--seeds 1 --epochs 1 --jobs 1 --encoder convnet(width=4)",
    "pretrain": "--epochs 1 --batch 20",
    "evaluate": "--protocol knn --seeds 1",
    "export": "",
}
"""Verb: words that make its command short."""


@pytest.mark.usefixtures("reader")
def test_each_command_of_the_readme_reads_what_the_one_before_wrote(tmp_path, capsys):
    from goodviews.cli.main import main

    text = (ROOT / "README.md").read_text("utf8")
    block = re.search(r"```sh\n(goodviews.*?)```", text, re.DOTALL)[1]
    lines = block.strip().splitlines()
    verbs = []
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        verbs.append(words[0])
        assert main([*words, *WORDS[words[0]].split(), *["-q"] * (words[0] != "export")]) == 0, (
            f"{line}: {capsys.readouterr().err}"
        )
    assert (tmp_path / "study-photos" / "best_view.txt").exists()
    assert verbs == list(WORDS)


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("code", list(blocks()))
def test_python_in_the_documents_runs(code):
    exec(compile(code, "document", "exec"), {"__name__": "document"})


def test_no_page_holds_a_path_of_one_machine():
    for page in [*PAGES, *ROOT.glob("examples/*.py"), *ROOT.glob("*.cff")]:
        found = re.findall(r"/(?:home|work|root|Users|tmp)/\w+", page.read_text("utf8"))
        assert not found, f"{page.name}: {found}"
