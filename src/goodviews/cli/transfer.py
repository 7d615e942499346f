"""``goodviews transfer ENCODER DATA``: what a backbone is worth for a class of each pixel."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import Device, Quiet, resumable, show, verb
from goodviews.core.errors import MOST_SEED


def transfer(
    context: typer.Context,
    encoder: Annotated[
        str,
        typer.Argument(
            metavar="ENCODER",
            help="The folder of a pretraining run, timm:NAME or torchvision:NAME (@FILE for other "
            "weights), or a spec such as convnet(width=16).",
        ),
    ],
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A folder: images beside labels, masks, instances or depth, or the layout of "
            "COCO.",
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="pixels or depth (default: found from the data).",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        str,
        typer.Option(
            metavar="A,B",
            help="What to compare with, separated by commas: random for the same network with "
            "random weights, supervised or supervised:DATA for it pretrained on labels for as "
            "long, other encoders.",
        ),
    ] = "random",
    freeze: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="all: the encoder is frozen; none: it is fine-tuned; all,none for both.",
        ),
    ] = "all",
    label_counts: Annotated[
        str | None,
        typer.Option(
            metavar="N,N",
            help="Numbers of labelled images, such as 10,100,all (default: 10, 30 and 100 as far "
            "as they fit, and all).",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=1,
            max=1000,
            metavar="N",
            help="Number of seeds: labelled images, head, order and random weights.",
        ),
    ] = 3,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, metavar="N", help="First seed.")] = 0,
    size: Annotated[
        int | None,
        typer.Option(
            min=32,
            max=8192,
            metavar="PIXELS",
            help="Longer side of the images (default: 128 on a CPU, 224 otherwise).",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int, typer.Option(min=1, metavar="N", help="Optimiser steps of each fit.")
    ] = 300,
    batch: Annotated[int, typer.Option(min=1, metavar="N", help="Images per step.")] = 8,
    ignore: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Value of label images that does not count."),
    ] = 255,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder for the results (default: transfer-ENCODER-DATA).",
            show_default=False,
        ),
    ] = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Judge ENCODER by a class or a depth for each pixel of DATA, beside other encoders.

    Differences are paired by labelled images, seed and tested image, with intervals. To resume,
    type the same command again.
    """
    with resumable(context) as command:
        from goodviews.jobs.transfer import transfer as job

        found = job(
            encoder,
            data,
            target=target,
            against=_listed(against),
            freeze=_listed(freeze),
            label_counts=_listed(label_counts or ""),
            seeds=seeds,
            seed=seed,
            size=size,
            steps=steps,
            batch=batch,
            ignore=ignore,
            out=out,
            device=device,
            command=command,
            progress=not quiet,
        )
    show(found)


def _listed(text: str) -> list[str]:
    """Words between commas that are not inside brackets."""
    words, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter in ",;" and not depth:
            words.append("")
        else:
            words[-1] += letter
    return [word.strip() for word in words if word.strip()]


app = verb(transfer)
