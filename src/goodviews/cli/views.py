"""``goodviews views list`` and ``goodviews views show SPEC [DATA]``."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli import shared
from goodviews.cli.shared import (
    Channels,
    Data,
    Directed,
    Features,
    Fit,
    Labels,
    NoLabels,
    Quiet,
    Range,
    Root,
    Size,
    sized,
)
from goodviews.core.errors import MOST_SEED

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="List the views, or show what a spec does to your images.",
)


@app.command("list")
def listing() -> None:
    """Name the views with their arguments, channels, what strength scales, and source."""
    from goodviews.spec.listing import list_views

    shared.show(list_views())


@app.command("show")
def show(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC",
            help="Such as 'crop(scale=(0.2, 1))|flip()', or a file that holds one, such as the "
            "best_view.txt of a study.",
        ),
    ],
    data: Data = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path(
        "views.html"
    ),
    seed: Annotated[
        int, typer.Option(min=0, max=MOST_SEED, metavar="N", help="Random seed of the draws.")
    ] = 0,
    report: Annotated[
        bool,
        typer.Option("--report", help="Print what each step does to the values as well."),
    ] = False,
    bound: Annotated[
        bool,
        typer.Option(
            "--bound", help="Train a small critic and bound the nats the two views share."
        ),
    ] = False,
    labels: Labels = None,
    no_labels: NoLabels = False,
    size: Size = None,
    fit: Fit = None,
    channels: Channels = None,
    value_range: Range = None,
    root: Root = None,
    features: Features = None,
    directed: Directed = None,
    quiet: Quiet = False,
) -> None:
    """Write a page that shows what SPEC does to DATA, and print its path.

    Of a graph, it prints what each step leaves of edges, components and features.

    Of a family, such as 'rotate(degrees={10, 30, 90})', the page shows the last value, with
    all of them in its strip.
    """
    from goodviews.jobs.look import show_views

    shown = show_views(
        spec,
        data,
        out=out,
        seed=seed,
        bound=bound,
        labels=shared.chosen_labels(labels, no_labels),
        size=sized(size, fit),
        channels=channels,
        value_range=value_range,
        root=root,
        graphs={"features": features, "directed": directed},
        progress=not quiet,
    )
    shared.show(*filter(None, [shown.bound, shown.steps if report else shown.brief, shown.page]))
