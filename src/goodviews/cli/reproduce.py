"""``goodviews reproduce [NAME]``."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import show, verb


def _names(begun: str) -> list[str]:
    """Experiments that a shell offers."""
    from goodviews_experiments import EXPERIMENTS

    return [name for name in sorted(EXPERIMENTS) if name.startswith(begun)]


Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME", help="Experiment (default: list them all).", autocompletion=_names
    ),
]
Scale = Annotated[
    str,
    typer.Option(
        metavar="test|cpu|gpu",
        help="Size of the run: seconds, minutes to hours on a laptop, or an accelerator.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Folder for the rows (default: results/NAME/DATE-HARDWARE)."
    ),
]


def reproduce(name: Name = None, scale: Scale = "cpu", out: Out = None) -> None:
    """Run a named experiment at a stated scale and print the folder with its rows."""
    from goodviews_experiments import EXPERIMENTS, run

    show(*sorted(EXPERIMENTS) if name is None else [run(name, scale, out)])


app = verb(reproduce)
