"""``goodviews export RUN --to FORMAT``: a backbone, or a generator of views, elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import show, verb


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="Folder of goodviews pretrain or learn-views, or the file of its encoder or "
            "generator.",
        ),
    ],
    to: Annotated[
        str,
        typer.Option(
            metavar="FORMAT", help="One of timm, torchvision, safetensors, onnx, detectron2."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder to write to (default: RUN/export/FORMAT).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write the backbone of RUN for another library and print the folders.

    Each folder holds the weights, export.json (how to load and feed them) and the passport. A
    run with an encoder for each view gives two folders, first and second. A learned view goes
    to onnx.
    """
    from goodviews.jobs.export import export as job

    show(*job(run, to=to, out=out))


app = verb(export)
