"""``goodviews report FOLDER``, and ``goodviews report --embedding z.npy``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goodviews.cli.shared import verb
from goodviews.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np

Folder = Annotated[
    Path | None,
    typer.Argument(
        metavar="FOLDER",
        help="A study folder, or one that reproduce duality wrote.",
        show_default=False,
    ),
]
Embedding = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="An .npy (or .npz with one array) of shape (N, D), a row per sample, from any "
        "library: how it stands between the sample and the dimension criterion.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Folder for the study's page, or file for the embedding's; beside the input "
        "when left out.",
        show_default=False,
    ),
]


def report(folder: Folder = None, embedding: Embedding = None, out: Out = None) -> None:
    """Make the page of a study again, or the page of an embedding, and print its path."""
    if (folder is None) == (embedding is None):
        raise InputError(
            "Name what to report on: a study folder, or an embedding with --embedding z.npy, "
            "and not both."
        )
    if folder is not None and (folder / "boards.json").is_file():
        print(_methods(folder, out))
    elif folder is not None:
        import goodviews.pages

        print(goodviews.pages.report(folder, out=out))
    elif embedding is not None:
        print(_embedding(embedding, out))


def _methods(folder: Path, out: Path | None) -> Path:
    from goodviews.core.files import write_text
    from goodviews.pages.methods.page import methods_page

    target = (folder if out is None else out) / "index.html"
    write_text(target, methods_page(folder))
    return target


def _embedding(path: Path, out: Path | None) -> Path:
    array = read_embedding(path)
    import torch

    from goodviews.core.files import write_text
    from goodviews.objectives import dashboard
    from goodviews.pages.embedding.page import duality_page

    board = dashboard(torch.from_numpy(array))
    target = path.with_suffix(".html") if out is None else out
    if target.suffix != ".html":
        target = target / f"{path.stem}.html"
    write_text(target, duality_page(board, name=path.name))
    return target


def read_embedding(path: Path) -> "np.ndarray":
    """Read an (N, D) array of numbers.

    Raises:
        InputError: The file cannot be read, or holds something else.
    """
    import numpy as np

    try:
        loaded = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or "it is no .npy or .npz file of numbers"
        raise InputError(f"Cannot read {path}: {reason}.") from error
    if not isinstance(loaded, np.ndarray):
        with loaded:
            if len(loaded.files) != 1:
                names = ", ".join(loaded.files) or "nothing"
                raise InputError(
                    f"{path} holds {names}, but one array is wanted: save it alone with "
                    f"numpy.save."
                )
            loaded = loaded[loaded.files[0]]
    if loaded.ndim != 2 or loaded.dtype.kind not in "fiu":
        raise InputError(
            f"{path} is {loaded.dtype} of shape {loaded.shape}, but numbers of shape (N, D), "
            f"a row per sample, are wanted."
        )
    return np.ascontiguousarray(loaded, dtype=np.float64)


app = verb(report)
