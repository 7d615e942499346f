"""``goodviews doctor [DATA]``."""

import typer

from goodviews.cli.shared import (
    Channels,
    Data,
    Groups,
    Labels,
    NoLabels,
    Range,
    Root,
    Size,
    chosen_labels,
    show,
    verb,
)


def doctor(
    data: Data = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
    groups: Groups = None,
    size: Size = None,
    channels: Channels = None,
    value_range: Range = None,
    root: Root = None,
) -> None:
    """Report what was read from DATA, what is odd, slow or missing, and what to type next.

    The exit code is 2 when a study could not use the dataset.
    """
    from goodviews.jobs.look import doctor as job

    found = job(
        data,
        labels=chosen_labels(labels, no_labels),
        groups=groups,
        size=size,
        channels=channels,
        value_range=value_range,
        root=root,
    )
    show(found)
    if not found.usable:
        raise typer.Exit(2)


app = verb(doctor)
