"""``goodviews embed ENCODER [DATA] --out z.npz``: representations of images to a file."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import (
    Channels,
    Data,
    Device,
    Fit,
    Groups,
    Labels,
    NoLabels,
    Quiet,
    Range,
    Root,
    Size,
    chosen_labels,
    show,
    sized,
    verb,
)


def embed(
    encoder: Annotated[
        str,
        typer.Argument(
            metavar="ENCODER",
            help="The folder of a pretraining run, timm:NAME or torchvision:NAME (@FILE for other "
            "weights), or pixels.",
        ),
    ],
    data: Data = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")] = Path("z.npz"),
    patches: Annotated[
        bool,
        typer.Option("--patches", help="Write the output of the last layer with places too."),
    ] = False,
    labels: Labels = None,
    no_labels: NoLabels = False,
    groups: Groups = None,
    size: Size = None,
    fit: Fit = None,
    channels: Channels = None,
    value_range: Range = None,
    root: Root = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Write the representations of the images of DATA, with their file names and labels.

    The file is read by goodviews report --embedding and by goodviews evaluate.
    """
    from goodviews.jobs.embed import embed as job

    show(
        job(
            encoder,
            data,
            out=out,
            patches=patches,
            labels=chosen_labels(labels, no_labels),
            groups=groups,
            size=sized(size, fit),
            channels=channels,
            value_range=value_range,
            root=root,
            device=device,
            progress=not quiet,
        )
    )


app = verb(embed)
