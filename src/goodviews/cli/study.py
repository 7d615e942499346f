"""``goodviews study [DATA]``: which views to pretrain with."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import (
    Channels,
    Column,
    Data,
    Device,
    Directed,
    Features,
    Fit,
    Groups,
    Labels,
    NoLabels,
    Quiet,
    Range,
    Root,
    Size,
    chosen_labels,
    open_command,
    resumable,
    show,
    sized,
    verb,
)
from goodviews.core.progress import Progress


def study(
    context: typer.Context,
    data: Data = None,
    views: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help="A view such as 'crop(scale=(0.2, 1))|flip()', a family such as "
            "'crop(scale=({0.1, 0.3}, 1))', or a file with one per line. Can be given several "
            "times. Without it, short runs of many compositions choose a few.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of the study, new or to resume (default: study-DATA).",
            show_default=False,
        ),
    ] = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
    groups: Groups = None,
    column: Column = None,
    task_data: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Evaluate on the labels of this dataset instead.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="pixels",
            help="Evaluate on the class of each pixel too: label images of --task-data, or of "
            "DATA.",
            show_default=False,
        ),
    ] = None,
    ignore: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Value of label images that does not count."),
    ] = 255,
    task_size: Annotated[
        str | None,
        typer.Option(
            metavar="PIXELS",
            help="Height and width of the images of --task-data (default: those of DATA).",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=10_000, metavar="N", help="Number of runs per view.")
    ] = 3,
    candidates: Annotated[
        int | None,
        typer.Option(
            min=2,
            metavar="K",
            help="Candidates per anchor; the bound cannot exceed log K nats.",
            show_default=False,
        ),
    ] = None,
    size: Size = None,
    fit: Fit = None,
    channels: Channels = None,
    value_range: Range = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000,
            metavar="N",
            help="Number of epochs per run (default: about 80,000 images).",
            show_default=False,
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=1_000_000,
            metavar="M",
            help="Approximate time for the whole study, instead of --epochs (default: 10 where "
            "the study chooses the views).",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="Kind of the images, which decides what is tried without --views: natural, "
            "topdown, symbols or general (default: found from the images).",
            show_default=False,
        ),
    ] = None,
    audit: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="A view of your own: train it without each of its steps and with operations that "
            "it lacks, instead of --views.",
            show_default=False,
        ),
    ] = None,
    search: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=1_000,
            metavar="N",
            help="Number of trials of a search over the ranges in --views, such as "
            "'crop(scale=({0.1: 1.0}, 1))'; the best views found are then compared.",
            show_default=False,
        ),
    ] = None,
    per_class: Annotated[
        int, typer.Option(min=1, metavar="N", help="Labels per class for each readout.")
    ] = 10,
    root: Root = None,
    features: Features = None,
    directed: Directed = None,
    level: Annotated[
        str | None,
        typer.Option(
            metavar="LEVEL",
            help="nodes, graphs or links of graphs (default: what the labels belong to, or links "
            "without labels).",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Split of the labelled nodes of a graph: public, masks, 10/90 or 10/10/80 "
            "(default: the given masks, or else 10/10/80).",
            show_default=False,
        ),
    ] = None,
    missing: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Share of the training links of a graph to remove, with --level links.",
            show_default=False,
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC", help="Encoder (default: a small ConvNet).", show_default=False
        ),
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(metavar="SPEC", help="Objective (default: InfoNCE).", show_default=False),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WEIGHTS",
            help="Weights to compare with as well, such as timm:resnet18 or timm:resnet18@FILE. "
            "Can be given several times.",
            show_default=False,
        ),
    ] = None,
    device: Device = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_024,
            metavar="N",
            help="Number of runs at the same time (default: one per processor).",
            show_default=False,
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            metavar="ray",
            help="Run on the Ray cluster at RAY_ADDRESS, or on one started here.",
        ),
    ] = None,
    gpus_per_cell: Annotated[
        float,
        typer.Option(metavar="SHARE", help="GPU for each run, such as 0.25; with --on ray."),
    ] = 0.0,
    quiet: Quiet = False,
) -> None:
    """Find the best views for DATA; print which to pretrain with, what to type next, and a page.

    To resume a stopped study, type the same command again.
    """
    with resumable(context) as command, Progress(quiet=quiet) as progress:
        progress.wait("Loading PyTorch ...")
        from goodviews.jobs.study import study as job

        found = job(
            data,
            views=views,
            out=out,
            labels=chosen_labels(labels, no_labels),
            groups=groups,
            columns=column or (),
            task_data=task_data,
            target=target,
            ignore=ignore,
            task_size=sized(task_size, None),
            seeds=seeds,
            candidates=candidates,
            size=sized(size, fit),
            channels=channels,
            value_range=value_range,
            epochs=epochs,
            minutes=minutes,
            kind=kind,
            audit=audit,
            search=search,
            per_class=per_class,
            root=root,
            encoder=encoder,
            objective=objective,
            against=against or (),
            graphs={
                "features": features, "directed": directed, "level": level, "split": split,
                "missing": missing,
            },
            device=device,
            jobs=jobs,
            on=on,
            gpus_per_cell=gpus_per_cell,
            command=command,
            progress=progress,
        )  # fmt: skip
    show(found.advice, f"Next: {found.command}", found.page)
    if found.page and not quiet:
        show(f"Look at it with: {open_command(found.page)}")


app = verb(study)
