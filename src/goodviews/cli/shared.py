"""What several verbs need: options with one wording, specs from the command line."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from goodviews.core.errors import InputError
from goodviews.spec.files import pin
from goodviews.spec.names import check_names

Data = Annotated[
    str | None,
    typer.Argument(
        metavar="DATA",
        help="A folder of images, an .npz or .npy file, or a known name such as mnist; "
        "the built-in digits when left out.",
        show_default=False,
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="CSV: path of an image, then one column per task.", show_default=False
    ),
]
Size = Annotated[
    int | None,
    typer.Option(metavar="PIXELS", help="Height and width to resize to.", show_default=False),
]
Root = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Where torchvision's sets lie or go.", show_default=False),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")]


def verb(function: Callable[..., Any]) -> typer.Typer:
    """Make a function the one command of a verb's file."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command()(function)
    return app


@contextmanager
def resumable(command: str, *, speaks: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Say how to go on when the block is stopped by Ctrl-C or a cluster.

    Args:
        command: What was typed.
        speaks: Whether this process is the one that speaks.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        said = str(stop).partition(";")[0].rstrip(".") or "Stopped"
        if speaks():
            print(f"{said}. Resume with: {command}", file=sys.stderr)
        raise typer.Exit(getattr(stop, "code", 130)) from None


def read_specs(given: Iterable[str] | None) -> list[str] | None:
    """Specs of ``--views``, files opened, names checked without torch.

    Args:
        given: Specs, families, or ``@file`` with one of them per line; ``#`` starts a comment.

    Returns:
        Specs and families in the order given; ``None`` when none were given.

    Raises:
        InputError: A file cannot be read or holds no spec, or a spec is not right.
    """
    specs: list[str] = []
    for text in given or ():
        if not text.startswith("@"):
            check_names(text)
            specs.append(pin(text.strip()))
            continue
        file = Path(text[1:]).expanduser()
        found = _lines(file)
        for number, line in found:
            try:
                check_names(line)
                specs.append(pin(line, folder=file.parent))
            except InputError as error:
                raise InputError(f"{text[1:]}, line {number}: {error}") from error
    return specs or None


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise InputError(f"Cannot read the view specs in {path}: {reason}.") from error
    lines = [(n, _bare(line)) for n, line in enumerate(text.splitlines(), 1)]
    if not any(line for _, line in lines):
        raise InputError(f"{path} holds no view spec: write one per line, such as flip(p=0.5).")
    return [(n, line) for n, line in lines if line]


def _bare(line: str) -> str:
    """A line without its comment; no argument of a view has a # in it."""
    return line.partition("#")[0].strip()
