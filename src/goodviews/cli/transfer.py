"""``goodviews transfer ENCODER DATA``: what a backbone is worth for boxes, masks and pixels."""

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
            "COCO or PASCAL VOC.",
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="boxes, masks, pixels or depth (default: found from the data; masks are read as "
            "pixels).",
            show_default=False,
        ),
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="faster-rcnn for boxes or mask-rcnn for masks (default: that of the target).",
            show_default=False,
        ),
    ] = None,
    neck: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of a detector: fpn, a feature pyramid (default), or c4, the last stage of a "
            "residual network as head of boxes.",
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
            help="all: the encoder is frozen; none: it is fine-tuned; stem: all but its first "
            "layers; all,none for both. Detectors never freeze random weights.",
        ),
    ] = "all",
    label_counts: Annotated[
        str | None,
        typer.Option(
            metavar="N,N",
            help="Numbers of labelled images, such as 10,100,all (default: all for boxes and "
            "masks, otherwise 10, 30 and 100 as far as they fit, and all).",
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
            help="Longer side of the images (default: 224; on a CPU 160 for boxes and masks, "
            "otherwise 128).",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int, typer.Option(min=1, metavar="N", help="Optimiser steps of each fit.")
    ] = 300,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Images per step (default: 4 for boxes and masks, otherwise 8).",
            show_default=False,
        ),
    ] = None,
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
    """Judge ENCODER by boxes, masks, or a class or depth for each pixel, beside other encoders.

    Differences are paired by labelled images, seed and tested image, with intervals. To resume,
    type the same command again.
    """
    with resumable(context) as command:
        from goodviews.jobs.transfer import transfer as job

        found = job(
            encoder,
            data,
            target=target,
            detector=detector,
            neck=neck,
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
