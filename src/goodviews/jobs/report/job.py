"""The job ``report``: a folder of results, or an embedding, in; a page out. Light to import."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import goodviews.pages
from goodviews.core.claim import check_page, check_page_folder
from goodviews.core.errors import InputError
from goodviews.core.files import DAMAGED, write_text

if TYPE_CHECKING:
    import numpy as np


def report(folder: Any = None, *, embedding: Any = None, out: str | Path | None = None) -> Path:
    """Make the page of a study, of learned views or of several methods again, or of an embedding.

    Args:
        folder: Folder of a study, of learned views, or of the experiment ``duality``; or what
            :func:`goodviews.study` or :func:`goodviews.learn_views` returned.
        embedding: (N, D) array or tensor with a row per sample, from any library, or a file that
            holds one (``.npy``, ``.npz`` with one array, or that of :func:`goodviews.embed`),
            instead of a folder. Its page shows how it compares under sample-contrastive and
            dimension-contrastive criteria.
        out: Folder of the page; for an embedding also the file (default: beside what is
            reported on; ``embedding.html`` for an array).

    Returns:
        Path of the page: one HTML file that needs no network.

    Raises:
        InputError: Not exactly one thing to report on was given, or it cannot be read.

    Example:
        >>> import numpy as np
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as place:
        ...     page = report(embedding=np.random.default_rng(0).normal(size=(50, 4)), out=place)
        >>> page.name
        'embedding.html'
    """
    if (folder is None) == (embedding is None):
        raise InputError(
            "Name what to report on: a study folder, or an embedding with --embedding z.npy, "
            "and not both."
        )
    place = None if out is None else Path(out)
    if embedding is not None:
        return _embedding(embedding, place)
    home = Path(getattr(folder, "folder", folder))
    if (home / "boards.json").is_file():
        from goodviews.pages.methods.page import methods_page

        page = (home if place is None else place) / "index.html"
        check_page_folder(page.parent, home=home)
        write_text(page, methods_page(home))
        return page
    if place is not None:
        check_page_folder(place, home=home)
    return goodviews.pages.report(home, out=place)


def _embedding(given: Any, out: Path | None) -> Path:
    """The page of an embedding that was given as a file or an array."""
    file = Path(given) if isinstance(given, str | Path) else None
    array = _checked(_read(file) if file else given, str(file or "embedding"))
    import torch

    from goodviews.objectives import dashboard
    from goodviews.pages.embedding.page import duality_page

    board = dashboard(torch.from_numpy(array))
    target = out or (file.with_suffix(".html") if file else Path("embedding.html"))
    if target.suffix != ".html":
        target = target / f"{file.stem if file else 'embedding'}.html"
    check_page(target)
    write_text(target, duality_page(board, name=file.name if file else "embedding"))
    return target


def _read(path: Path) -> "np.ndarray":
    """The array in a file.

    Raises:
        InputError: The file cannot be read, or does not hold one array.
    """
    import numpy as np

    try:
        loaded = np.load(path, allow_pickle=False)
    except DAMAGED as error:
        reason = getattr(error, "strerror", None) or "it is not an .npy or .npz file of numbers"
        raise InputError(f"Cannot read {path}: {reason}.") from error
    if isinstance(loaded, np.ndarray):
        return loaded
    with loaded:
        name = "representations" if "representations" in loaded.files else None
        if name is None and len(loaded.files) != 1:
            names = ", ".join(loaded.files) or "nothing"
            raise InputError(
                f"Expected one array in {path}, or the file of goodviews embed, but it holds "
                f"{names}: save it alone with numpy.save."
            )
        try:
            found: np.ndarray = loaded[name or loaded.files[0]]
        except DAMAGED as error:
            raise InputError(f"Cannot read {path}: it is damaged or cut short.") from error
        return found


def _checked(given: Any, name: str) -> "np.ndarray":
    """An (N, D) array of float64 from numbers of that shape.

    Raises:
        InputError: It is of another shape, or does not hold numbers.
    """
    import numpy as np

    array = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise InputError(
            f"Expected numbers of shape (N, D), a row per sample, but {name} is {array.dtype} of "
            f"shape {array.shape}."
        )
    return np.ascontiguousarray(array, dtype=np.float64)
