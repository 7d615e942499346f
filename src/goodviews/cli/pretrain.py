"""``goodviews pretrain [DATA]``: an encoder with any method, backbone and views."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import (
    Change,
    Channels,
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
    Seed,
    Size,
    Task,
    chosen_labels,
    log,
    resumable,
    show,
    sized,
    verb,
)
from goodviews.core.errors import unknown

_TRACKERS = ("mlflow", "tensorboard", "wandb")


def _tracker(name: str) -> str:
    if name and name not in _TRACKERS:
        raise unknown("tracker", name, _TRACKERS)
    return name


def pretrain(
    context: typer.Context,
    data: Data = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Method, such as simclr, mocov2, infomin, vicreg (default: small for images of "
            "at most 64 pixels without --backbone and --start, otherwise simclr); for graphs "
            "grace, gca, dgi, bgrl, ccassg, graphcl, gae, vgae, gcn (default: grace, or graphcl "
            "where labels are of graphs).",
            show_default=False,
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Backbone, such as resnet18, resnet50, timm('vit_small_patch16_224') or "
            "convnet(width=32) (default: the method's).",
            show_default=False,
        ),
    ] = None,
    views: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Views: a spec, or a file that holds one, such as the best_view.txt of a study "
            "(default: the method's).",
            show_default=False,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="CHECKPOINT",
            help="Weights to start from: a run, a file of any library, or timm:resnet50 "
            "(default: drawn at random).",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of the run, new or to resume (default: pretrain-DATA).",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000,
            metavar="N",
            help="Number of epochs (default: the method's).",
            show_default=False,
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=1_000_000,
            metavar="N",
            help="Images per step (default: the method's, fewer for small datasets).",
            show_default=False,
        ),
    ] = None,
    change: Change = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
    groups: Groups = None,
    task: Task = None,
    size: Size = None,
    fit: Fit = None,
    channels: Channels = None,
    value_range: Range = None,
    root: Root = None,
    features: Features = None,
    directed: Directed = None,
    level: Annotated[
        str | None,
        typer.Option(
            metavar="LEVEL",
            help="nodes, graphs or links of graphs; with links, a part of them is kept for the "
            "evaluation (default: what the labels belong to).",
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
    neighbours: Annotated[
        str | None,
        typer.Option(
            metavar="N,N",
            help="Most neighbours of a node that are sampled for each layer, such as 10,10, or "
            "all (default: all; 10 for graphs of more than 50,000 nodes).",
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    device: Device = "auto",
    precision: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="32-true, bf16-mixed or auto (bfloat16 where the hardware has it).",
        ),
    ] = "32-true",
    devices: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of processes on this machine.")
    ] = 1,
    nodes: Annotated[int, typer.Option(min=1, metavar="N", help="Number of machines.")] = 1,
    strategy: Annotated[str, typer.Option(metavar="NAME", help="auto or ddp.")] = "auto",
    track: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Log to tensorboard, wandb or mlflow as well.",
            callback=_tracker,
            show_default=False,
        ),
    ] = "",
    probe_every: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Epochs between two readouts; 0 for a tenth of the run."
        ),
    ] = 0,
    hold_out: Annotated[
        bool,
        typer.Option("--hold-out", help="Leave out the images that evaluate would test."),
    ] = False,
    stop_on_collapse: Annotated[
        bool, typer.Option("--stop-on-collapse", help="End the run when it collapses.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Pretrain an encoder on DATA, images or graphs, and print the path of its file.

    To resume a stopped run, type the same command again.
    """
    with resumable(context) as command:
        from goodviews.jobs.pretrain import pretrain as job

        trained = job(
            data,
            method=recipe,
            backbone=backbone,
            views=views,
            start=start,
            out=out,
            epochs=epochs,
            batch=batch,
            changes=change or (),
            labels=chosen_labels(labels, no_labels),
            groups=groups,
            task=task,
            size=sized(size, fit),
            channels=channels,
            value_range=value_range,
            root=root,
            graphs={
                "features": features,
                "directed": directed,
                "level": level,
                "missing": missing,
                "neighbours": neighbours,
            },
            seed=seed,
            device=device,
            precision=precision,
            devices=devices,
            nodes=nodes,
            strategy=strategy,
            track=track,
            probe_every=probe_every,
            hold_out=hold_out,
            stop_on_collapse=stop_on_collapse,
            command=command,
            log=None if quiet else log,
            progress=not quiet and sys.stderr.isatty(),  # else the log is enough
        )
    show(trained.file)


app = verb(pretrain)
