"""``goodviews evaluate ENCODER [DATA]``: readouts of an encoder, whatever made it."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import (
    Change,
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
    Task,
    chosen_labels,
    resumable,
    show,
    sized,
    verb,
)
from goodviews.core.errors import MOST_SEED


def evaluate(
    context: typer.Context,
    encoder: Annotated[
        str,
        typer.Argument(
            metavar="ENCODER",
            help="An array of representations (z.npy), timm:NAME or torchvision:NAME (@random or "
            "@FILE for other weights), the folder of a pretraining run, or pixels.",
        ),
    ],
    data: Data = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
    groups: Groups = None,
    column: Column = None,
    task: Task = None,
    leakage: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV of factors, as --labels: which of them does the encoder keep?",
            show_default=False,
        ),
    ] = None,
    view: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="A view, or a file that holds one: does the encoder keep what it draws?",
            show_default=False,
        ),
    ] = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="linear, knn, few, geometry (default: these four); finetune and finetune-few "
            "train the encoder; infomin, cmc and moco are the schedules of those papers. Can be "
            "given several times.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N",
            help="Labels of few and finetune-few: a share such as 1%, or a number per class "
            "(default: those of 1%, 10% and 10 that fit). Can be given several times.",
            show_default=False,
        ),
    ] = None,
    neighbours: Annotated[
        int, typer.Option("--k", min=1, metavar="K", help="Number of nearest neighbours.")
    ] = 200,
    temperature: Annotated[
        float, typer.Option(metavar="T", help="Temperature of the votes of the neighbours.")
    ] = 0.1,
    bf16: Annotated[
        bool, typer.Option("--bf16", help="Compute the neighbours' cosines in bfloat16.")
    ] = False,
    draws: Annotated[
        int, typer.Option(min=2, max=10_000, metavar="N", help="Number of draws of few labels.")
    ] = 5,
    runs: Annotated[
        int,
        typer.Option(
            min=1,
            max=10_000,
            metavar="N",
            help="Trainings of finetune; random weights get one each.",
        ),
    ] = 3,
    change: Change = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            max=MOST_SEED,
            metavar="N",
            help="Random seed of the split and of the label draws.",
        ),
    ] = 0,
    seeds: Annotated[
        int,
        typer.Option(
            min=0,
            max=10_000,
            metavar="N",
            help="Number of encoders with random weights to compare with.",
        ),
    ] = 3,
    map_by: Annotated[
        str,
        typer.Option(
            "--map",
            metavar="NAME",
            help="How the page draws the images on a plane: pca, or umap (needs the extra map).",
        ),
    ] = "pca",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder for the page and the tables (default: evaluate-ENCODER-DATA).",
            show_default=False,
        ),
    ] = None,
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
            help="nodes, graphs or links, for an encoder of graphs (default: what the labels "
            "belong to).",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Split of the nodes of a graph: public, masks, 10/90 or 10/10/80 (default: masks "
            "where the data have them, otherwise 10/10/80).",
            show_default=False,
        ),
    ] = None,
    splits: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10_000,
            metavar="N",
            help="Number of random splits of the nodes (default: 20).",
            show_default=False,
        ),
    ] = None,
    negatives: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Pairs that links are compared with: uniform, degree (ends of the same degrees) "
            "or hard (default: all three). Can be given several times.",
            show_default=False,
        ),
    ] = None,
    decoder: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Score of a link from two representations: cosine, dot or logistic (default: "
            "cosine, and dot for a graph autoencoder).",
            show_default=False,
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10_000,
            metavar="N",
            help="Number of negatives of each link (default: 100).",
            show_default=False,
        ),
    ] = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Evaluate ENCODER on DATA, beside raw pixels and random weights; print a table.

    A page shows the scores, a map of the images and nearest neighbours. With --leakage or --view,
    another one shows which factors it keeps. To resume a stopped
    fine-tuning, type the same command again.
    """
    with resumable(context) as command:
        from goodviews.jobs.evaluate import evaluate as job

        found = job(
            encoder,
            data,
            labels=chosen_labels(labels, no_labels),
            groups=groups,
            columns=column or (),
            task=task,
            leakage=leakage,
            view=view,
            protocols=protocol or (),
            budgets=budget or (),
            neighbours=neighbours,
            temperature=temperature,
            bf16=bf16,
            draws=draws,
            runs=runs,
            changes=change or (),
            seed=seed,
            seeds=seeds,
            map_by=map_by,
            out=out,
            size=sized(size, fit),
            channels=channels,
            value_range=value_range,
            root=root,
            graphs={
                "features": features,
                "directed": directed,
                "level": level,
                "split": split,
                "splits": splits,
                "negatives": negatives or None,
                "decoder": decoder,
                "count": count,
            },
            device=device,
            command=command,
            progress=not quiet,
        )
    show(found)


app = verb(evaluate)
