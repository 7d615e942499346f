"""Texts are plain English: no form of the private dialect is left in code or documents.

The forms below are those that a reader stumbled over. Each has a reason and a better way to
write it. Places in ``PENDING`` are not converted yet; the list may only shrink.
"""

import ast
import io
import re
import tokenize
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]


class Form(NamedTuple):
    """A form that texts must not have.

    Attributes:
        pattern: Regular expression, searched in text whose white space is single spaces.
        why: What is wrong with it.
        better: What to write.
        planted: A text that must be caught.
        fine: A similar text that is correct and must pass.
    """

    pattern: str
    why: str
    better: str
    planted: str
    fine: str


_COMPARED = (
    "better|closer|deeper|earlier|faster|fewer|finer|greater|higher|later|less|larger|longer|lower|"
    "more|nearer|slower|smaller|stronger|worse|wider"
)

FORMS = (
    Form(
        rf"(?<!\bthere )\b(is|are|was|were|be) no (?!({_COMPARED})\b)",
        "English negates the verb",
        "is not a ..., are not ...",
        "The file is no study folder.",
        "There is no file of that name, and the bound is no larger than log K.",
    ),
    Form(
        r"\b(is|are|was|were|be) wanted\b|\b(is|are) asked for\b",
        "nobody wants anything of a program",
        "expected ..., but got ...",
        "p is 2, but a share is wanted.",
        "Expected a share, but got p=2.",
    ),
    Form(
        r"\bwants\b|\b(that|who|which|views|images) want\b",
        "code has no wishes",
        "needs, expects, requires",
        "A study wants at least 64 images.",
        "A study needs at least 64 images; type --size 32 if you want more.",
    ),
    Form(
        r"\b(go|goes|going|gone|went) on(?! to\b)\b",
        "the word of the field is resume",
        "resume, continue",
        "Going on after step 12 of 100.",
        "Resuming at step 12 of 100.",
    ),
    Form(
        r"\b(stand|stands|stood|standing) (?!for\b|out\b)|\bstill stands\b",
        "files and numbers do not stand",
        "is stored in, is, exists; 'stands for' is right",
        "The numbers stand under results.",
        "B stands for the batch size.",
    ),
    Form(
        r"\b(lie|lies|lay|lying) (under|beside|there|here|about)\b"
        r"|\b(lie|lies|lay|lying) (in|below) "
        r"(?![\[({\d]|both|between|the (interval|range|plane|span))",
        "files do not lie",
        "is stored in, is in",
        "Where torchvision's datasets lie in a folder.",
        "Values lie in [0, 1] and the peak lies in the interval.",
    ),
    Form(
        r"\btold\b(?!:)|\btells? [^.;:]{0,40}\bapart\b|\bcan(not)? tell\b|\btells? of\b",
        "numbers do not tell",
        "distinguish, differ significantly, be determined, report",
        "The two views cannot be told apart.",
        "The two views are statistically indistinguishable.",
    ),
    Form(
        r"\bnor (can|does|do|is|are|has|have|could)\b",
        "an inverted sentence",
        "subject, verb: 'The best view is not measurably better ...'",
        "Nor can the best view be measured.",
        "The bound is neither tight nor exact.",
    ),
    Form(
        r"\b(read|reads|reading) (\w+ )?out\b",
        "'readout' is a noun",
        "train a readout, evaluate, measure the accuracy of",
        "The best view reads out .81.",
        "The readout of the best view reaches 81 %.",
    ),
    Form(
        r"\bby heart\b|\bknowing nothing\b|\bfor real\b|\bsuch as it is\b|\bfor want of\b"
        r"|\bno matter\b(?! (how|what|whether|which|where|who))",
        "an idiom that a dictionary of the field lacks",
        "overfitted, chance level, because there are too few",
        "They learned their images by heart.",
        "They overfitted, no matter how long they trained.",
    ),
    Form(
        r"\bwhoever\b|\bnobody\b|\bwhomever\b",
        "it hides the subject",
        "the caller, the user, no ...",
        "Whoever made it, nobody trains it.",
        "The caller trains it.",
    ),
    Form(
        r"\b(what|as|that) was typed\b|\b(is|was|were|as) typed\b",
        "the word of the field is command",
        "the command, the original command, the argument",
        "Resume with what was typed.",
        "Resume with the original command, or type --resume.",
    ),
    Form(
        r"\bsaid\b|\bsays? (so|it|nothing|of)\b|\bsay of\b",
        "views, labels and files do not speak",
        "reported, given, stated",
        "What cannot be compared is said so.",
        "The error says which argument is wrong.",
    ),
    Form(
        r"\blabels? (that |which )?(choose|chose|chooses|report|reports)\b"
        r"|\b(labels?|images|views|encoders?) (that )?(speak|know|knows|meet|meets|met)\b",
        "labels do not choose",
        "labels used for selection, labels used for the reported accuracy",
        "The labels that choose never report.",
        "The labels used for selection are never used for the reported accuracy.",
    ),
    Form(
        r"\b(not|and|or|one of|of) ours\b",
        "'ours' is not a type",
        "a goodviews file, chosen here",
        "The file is damaged or not ours.",
        "The file is not a goodviews checkpoint.",
    ),
    Form(
        r"\bpassed over\b|\bheld against\b|\blet through\b",
        "a figure of speech",
        "skipped, ignored; compared with; accepted",
        "Hidden files are passed over.",
        "Hidden files are skipped.",
    ),
    Form(
        r"\banew\b|\bof (its|their|one's) own beside\b|\bMost passes\b|\bthe usual\b",
        "a word that has to be guessed",
        "again; maximum number of epochs; default",
        "Most passes of each run.",
        "Maximum number of epochs per run (default: 10).",
    ),
)

FRAGMENT = re.compile(r"(Of|Such as|That of|Those of|Whose|Nor|And|Beside|In evaluation mode)\b")
"""How a description must not begin: it would have no subject."""

NAMES = re.compile(r"(^|_)(told|kept|said|honest|stood|typed|gone|wanted)($|_)")
"""Parts of function, class and file names that do not say what is returned or held."""

PENDING = {
    "src/goodviews_experiments/calibration/run.py",  # claims of committed rows
}
"""Files and folders that are not converted yet."""

SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "src").rglob("*.j2")])
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def pieces(file: Path) -> list[tuple[int, str]]:
    """Line and text of every literal, docstring and comment; of a page, every paragraph."""
    text = file.read_text("utf8")
    if file.suffix == ".py":
        return _strings(text) + _comments(text)
    if file.suffix == ".j2":
        text = re.sub(r"<style.*?</style>|<script.*?</script>", _blank, text, flags=re.DOTALL)
        text = re.sub(r"\{[{%#].*?[}%#]\}|<[^>]*>", _blank, text, flags=re.DOTALL)
    else:
        text = re.sub(r"```.*?```|`[^`\n]*`", _blank, text, flags=re.DOTALL)
    found, line = [], 1
    for part in re.split(r"(\n\s*\n)", text):
        found.append((line, part))
        line += part.count("\n")
    return found


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n") or "{}"


def _strings(text: str) -> list[tuple[int, str]]:
    """String literals and docstrings; the values inside an f-string are ``{}``."""
    tree, found, inside = ast.parse(text), [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            words = [
                part.value if isinstance(part, ast.Constant) else "{}" for part in node.values
            ]
            found.append((node.lineno, "".join(words)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            prose = re.sub(r"``.*?``|^\s*>>>.*$", "{}", node.value, flags=re.MULTILINE)
            found += [] if id(node) in inside else [(node.lineno, prose)]
    return found


def _comments(text: str) -> list[tuple[int, str]]:
    """Comments; neighbouring lines are one text."""
    found: list[tuple[int, str]] = []
    last = -1
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line, words = token.start[0], token.string.strip("# ")
            alone = token.line.lstrip().startswith("#")
            if alone and line == last + 1:
                found[-1] = (found[-1][0], f"{found[-1][1]} {words}")
            else:
                found.append((line, words))
            last = line if alone else -1
    return found


def faults(text: str) -> list[str]:
    """What is wrong with a text, each with its reason and a better form."""
    plain = " ".join(text.split())
    return [
        f"{plain[max(0, at.start() - 30) : at.end() + 30]!r}: {form.why}; better: {form.better}"
        for form in FORMS
        for at in re.finditer(form.pattern, plain, re.IGNORECASE)
    ]


def fragments(code: str) -> list[tuple[int, str]]:
    """Docstrings, and descriptions of arguments in them, that begin without a subject."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        text = ast.get_docstring(node) or ""
        starts = [text, *re.findall(r"^ +\*{0,2}\w+(?:, \w+)*: (.*)$", text, re.M)]
        line = getattr(node, "lineno", 1)
        found += [(line, start.split("\n")[0]) for start in starts if FRAGMENT.match(start)]
    return found


def names(code: str) -> list[tuple[int, str]]:
    """Functions and classes whose names do not say what is returned or held."""
    return [
        (node.lineno, node.name)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and NAMES.search(node.name)
    ]


def problems(file: Path) -> list[str]:
    """Everything that the gate has to say about a file."""
    found = [(line, fault) for line, text in pieces(file) for fault in faults(text)]
    if file.suffix == ".py":
        code = file.read_text("utf8")
        found += [
            (line, f"{text!r} has no subject; better: a whole phrase, such as 'Seed of the draw.'")
            for line, text in fragments(code)
        ]
        found += [
            (line, f"{name} does not say what it returns or holds; better: summary_line, cached")
            for line, name in names(code)
        ]
        if NAMES.search(file.stem):
            found.append((1, f"{file.name} does not say what is in it"))
    where = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    return [f"{where}:{line}: {fault}" for line, fault in sorted(found)]


def is_pending(file: Path) -> bool:
    name = file.relative_to(ROOT).as_posix()
    return any(name == place or name.startswith(f"{place}/") for place in PENDING)


@pytest.mark.parametrize(
    "file",
    [file for file in [*SOURCES, *DOCUMENTS] if not is_pending(file)],
    ids=lambda file: file.relative_to(ROOT).as_posix(),
)
def test_a_file_is_plain_english(file):
    assert not problems(file), "\n".join(problems(file))


@pytest.mark.parametrize("place", sorted(PENDING))
def test_a_pending_place_still_needs_work(place):
    path = ROOT / place
    files = [file for file in [*SOURCES, *DOCUMENTS] if file == path or path in file.parents]
    assert any(problems(file) for file in files), f"{place} is clean: take it out of PENDING"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.planted)
def test_each_form_is_caught_and_its_correction_passes(form):
    assert any(form.why in fault for fault in faults(form.planted))
    assert not faults(form.fine), faults(form.fine)
    assert not faults(form.better), faults(form.better)


def test_forms_are_caught_wherever_a_text_can_be(tmp_path):
    file = tmp_path / "odd.py"
    file.write_text(
        '"""A file is no\nfolder."""\n'
        "def told(x):\n"
        '    """Of kNN.\n\n    Args:\n        x: Such as 3.\n    """\n'
        '    raise ValueError(f"{x} is no number")  # nor is it a text\n'
        "    # a remark that goes\n    # on below\n",
        "utf8",
    )
    lines = [int(re.search(r":(\d+):", text)[1]) for text in problems(file)]
    assert lines == [1, 3, 3, 3, 9, 9, 10]
    page = tmp_path / "page.md"
    page.write_text("Fine.\n\nThe rows\nlie there, and `it is no code`.\n", "utf8")
    assert [text.split(":")[1] for text in problems(page)] == ["3"]
    template = tmp_path / "page.html.j2"
    template.write_text("<p>{# is no #}Views are <b>told</b>\n apart.</p>", "utf8")
    assert len(problems(template)) == 1


if __name__ == "__main__":  # python tests/test_english.py src/goodviews/core
    import sys

    for name in sys.argv[1:]:
        path = Path(name).resolve()
        for file in [path] if path.is_file() else sorted(path.rglob("*.*")):
            if file.suffix in (".py", ".j2", ".md"):
                print(*problems(file), sep="\n", end="\n" if problems(file) else "")
