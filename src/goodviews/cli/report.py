"""``goodviews report FOLDER``, and ``goodviews report --embedding z.npy``."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import show, verb


def report(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER",
            help="Folder of a study, of learn-views, or of reproduce duality.",
            show_default=False,
        ),
    ] = None,
    embedding: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="An .npy file (or .npz with one array) of shape (N, D), a row per sample, from "
            "any library: how it compares under sample- and dimension-contrastive criteria.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Folder for the page, or the file for an embedding's (default: beside the "
            "input).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make the page of a study again, or the page of an embedding, and print its path."""
    from goodviews.jobs.report import report as job

    show(job(folder, embedding=embedding, out=out))


app = verb(report)
