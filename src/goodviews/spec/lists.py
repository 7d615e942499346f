"""Specs as people give them: typed, or in files with one on a line."""

from collections.abc import Iterable
from pathlib import Path

from goodviews.core.errors import InputError
from goodviews.core.files import read_text
from goodviews.spec.files import pin
from goodviews.spec.names import check_names

NOT_RECOMMENDED = "# not recommended: "
"""How the file of a view begins that its study does not recommend; the reason follows."""


def read_specs(given: Iterable[str] | None) -> list[str] | None:
    """Read specs and families, open the files among them, and check every name without torch.

    Args:
        given: Specs, families, or files (``best_view.txt`` or ``@file``) with one of them per
            line; ``#`` starts a comment.

    Returns:
        Specs and families in the order given; ``None`` when none were given.

    Raises:
        InputError: A file cannot be read or holds no spec, or a spec is not right.

    Example:
        >>> read_specs([" flip() ", "noise(std={0.1, 0.2})"])
        ['flip()', 'noise(std={0.1, 0.2})']
    """
    specs: list[str] = []
    for text in given or ():
        file = _file(text)
        if file is None:
            check_names(text)
            specs.append(pin(text.strip()))
            continue
        for number, line in _lines(file):
            try:
                check_names(line)
                specs.append(pin(line, folder=file.parent))
            except InputError as error:
                raise InputError(f"{text.removeprefix('@')}, line {number}: {error}") from error
    return specs or None


def read_texts(given: Iterable[str]) -> list[str]:
    """Specs, families and spaces as given, with files replaced by their lines.

    Raises:
        InputError: A file cannot be read or holds no spec.
    """
    texts: list[str] = []
    for text in given:
        file = _file(text)
        texts += [text.strip()] if file is None else [line for _, line in _lines(file)]
    return texts


def read_spec(given: str | Path) -> str:
    """Read the one spec that was given as text, or as a file that holds it.

    Args:
        given: A spec, or a file with one, such as the ``best_view.txt`` of a study.

    Raises:
        InputError: The file cannot be read, the spec is not right, or there are several.

    Example:
        >>> read_spec("crop() | flip()")
        'crop() | flip()'
    """
    found = read_specs([str(given)]) or []
    if len(found) != 1:
        raise InputError(f"{given} gives {len(found)} specs, but a run has one pair of views.")
    return found[0]


def _file(text: str) -> Path | None:
    """The file that was named; one that is missing counts by ``@`` or its ending."""
    path = Path(text.removeprefix("@").strip()).expanduser()
    named = text.startswith("@") or path.suffix == ".txt"
    try:
        return path if named or path.is_file() else None
    except OSError:  # a spec too long for a name
        return None


def _lines(path: Path) -> list[tuple[int, str]]:
    """Lines with a spec and their numbers."""
    text = read_text(path, what="the view specs")
    lines = [(n, line.partition("#")[0].strip()) for n, line in enumerate(text.splitlines(), 1)]
    if not any(line for _, line in lines):
        raise InputError(f"{path} holds no view spec: write one per line, such as flip(p=0.5).")
    return [(n, line) for n, line in lines if line]
