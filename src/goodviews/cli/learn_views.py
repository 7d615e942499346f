"""``goodviews learn-views [DATA]``: views learned from images or a graph."""

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


def learn_views(
    context: typer.Context,
    data: Data = None,
    mode: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="semi (shared information and a few labels), unsupervised (information alone) or "
            "supervised (labels alone).",
        ),
    ] = "semi",
    labels: Labels = None,
    no_labels: NoLabels = False,
    groups: Groups = None,
    task: Task = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of the run, new or to resume (default: learn-views-DATA).",
            show_default=False,
        ),
    ] = None,
    generator: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Generator: vp(), orthogonal(), linear() (default: nvp(blocks=6, width=32)); "
            "of graphs drops(width=32).",
            show_default=False,
        ),
    ] = None,
    views: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Steps before the generator: a spec, or a file that holds one (default: "
            "crop(scale=(0.3, 1))|flip()).",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="How the learned channels are split (default: split(1), one channel against the "
            "others).",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Training steps of the generator (default: 300, of graphs 200).",
            show_default=False,
        ),
    ] = None,
    change: Change = None,
    judge_steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Training steps of the encoders that select and compare (default: 264, of graphs "
            "120).",
            show_default=False,
        ),
    ] = None,
    no_compare: Annotated[
        bool, typer.Option("--no-compare", help="Do not compare with fixed views.")
    ] = False,
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
            help="What is predicted of graphs: nodes, graphs or links (default: what the labels "
            "belong to).",
            show_default=False,
        ),
    ] = None,
    seed: Seed = 0,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Learn views of DATA; print how they compare, their spec, and the path of a page.

    Of images, an invertible map of the channels is learned; of a graph, rates at which edges and
    features are dropped. New encoders select the generator and compare it with fixed views, one
    run each. To resume a stopped run, type the same command again.
    """
    with resumable(context) as command:
        from goodviews.jobs.learn_views import learn_views as job

        learned = job(
            data,
            out=out,
            mode=mode,
            labels=chosen_labels(labels, no_labels),
            groups=groups,
            task=task,
            generator=generator,
            views=views,
            split=split,
            steps=steps,
            changes=change or (),
            size=sized(size, fit),
            channels=channels,
            value_range=value_range,
            root=root,
            graphs={"features": features, "directed": directed, "level": level},
            seed=seed,
            device=device,
            judge_steps=judge_steps,
            compare=not no_compare,
            command=command,
            log=None if quiet else log,
            progress=not quiet,
        )
    show(learned.headline, learned.spec, learned.page)


app = verb(learn_views)
