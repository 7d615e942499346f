"""``goodviews export RUN --to FORMAT``: a backbone, or a generator of views, elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import verb
from goodviews.core.errors import unknown

KNOWN = ("timm", "torchvision", "safetensors", "onnx", "detectron2")


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="Folder of goodviews pretrain or learn-views, or the file of its encoder or "
            "generator.",
        ),
    ],
    to: Annotated[str, typer.Option(metavar="FORMAT", help=f"One of {', '.join(KNOWN)}.")],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where it goes; RUN/export/FORMAT when left out.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write the backbone of RUN for another library; ends with the folders' paths.

    Each folder holds the weights, export.json (how to load and feed them) and the passport. A
    run with an encoder for each view gives two folders, first and second. A learned view goes
    to onnx.
    """
    if to not in KNOWN:
        raise unknown("format", to, KNOWN)
    from goodviews.encoders import export_encoders, load_encoder
    from goodviews.spec.files import keep_beside
    from goodviews.views.generators import export_generator, holds_generator

    generator = run / "g.safetensors"
    if holds_generator(generator) and not (run / "encoder.safetensors").exists():
        run, out = generator, out or run / "export" / to  # the folder of goodviews learn-views
    if holds_generator(run):
        print(export_generator(run, to=to, out=out or run.parent / "export" / to))
        return
    encoders, passport = load_encoder(run)
    home = run if run.is_dir() else run.parent
    folders = export_encoders(encoders, to=to, out=out or home / "export" / to, passport=passport)
    for folder in folders:
        keep_beside(passport.get("views") or "", folder)
    print("\n".join(map(str, folders)))


app = verb(export)
