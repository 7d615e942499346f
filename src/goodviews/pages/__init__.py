"""The page of a study: one HTML file with its advice, curve, pairs and numbers."""

from pathlib import Path

__all__ = ["report"]


def report(folder: str | Path, *, out: Path | None = None) -> Path:
    """Make the page and the figure of a study, or the page of learned views.

    Writes ``index.html``, and of a study ``curve.svg`` and ``curve.png``, each whole or not at
    all; the same folder gives the same bytes. Needs no torch.

    Args:
        folder: A study folder, as ``docs/study_folder.md`` describes it, or one of learn-views.
        out: Where the files go; the folder itself when left out.

    Returns:
        Path of the page.

    Raises:
        InputError: The folder or one of its files is missing; the message says what to type.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     report(folder)
        Traceback (most recent call last):
        goodviews.core.errors.InputError: ...
    """
    from goodviews.core.files import write_bytes, write_text
    from goodviews.pages.chart.charts import draw, figure
    from goodviews.pages.chart.layout import WIDE
    from goodviews.pages.study.folder import read_study
    from goodviews.pages.study.page import page

    place = Path(folder) if out is None else Path(out)
    if (Path(folder) / "learned.json").is_file():
        from goodviews.pages.learned_views.page import learned_page

        write_text(place / "index.html", learned_page(Path(folder)))
        return place / "index.html"
    study = read_study(Path(folder))
    text = page(study)
    for i, task in enumerate(study.tasks):
        svg, png = figure(draw(task, study.verdict.ceiling, WIDE), task.finding)
        suffix = f"-{i + 1}" if i else ""
        write_text(place / f"curve{suffix}.svg", svg)
        write_bytes(place / f"curve{suffix}.png", png)
    write_text(place / "index.html", text)
    return place / "index.html"
