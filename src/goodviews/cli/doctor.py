"""``goodviews doctor [DATA]``."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import (
    Channels,
    Column,
    Data,
    Directed,
    Features,
    Fit,
    Groups,
    Labels,
    NoLabels,
    Range,
    Root,
    Size,
    chosen_labels,
    show,
    sized,
    verb,
)


def doctor(
    data: Data = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
    groups: Groups = None,
    column: Column = None,
    size: Size = None,
    fit: Fit = None,
    channels: Channels = None,
    value_range: Range = None,
    root: Root = None,
    features: Features = None,
    nodes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Table of nodes of a graph (default: nodes.csv beside its edges)."
        ),
    ] = None,
    directed: Directed = None,
) -> None:
    """Report what was read from DATA, what is odd, slow or missing, and what to type next.

    DATA is images, or graphs: a known name such as cora, a raw folder, an .npz or .mat file, or a
    table of edges. The exit code is 2 when a study could not use the dataset.
    """
    from goodviews.jobs.look import doctor as job

    found = job(
        data,
        labels=chosen_labels(labels, no_labels),
        groups=groups,
        columns=column or (),
        size=sized(size, fit),
        channels=channels,
        value_range=value_range,
        root=root,
        graphs={"features": features, "nodes": nodes, "directed": directed},
    )
    show(found)
    if not found.usable:
        raise typer.Exit(2)


app = verb(doctor)
