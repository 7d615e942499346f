"""``goodviews reproduce [NAME]``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import verb

Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="Which one; their list when left out."),
]
Scale = Annotated[
    str,
    typer.Option(
        metavar="test|cpu|gpu",
        help="How much: seconds, a laptop's minutes to hours, or an accelerator.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Where the rows go; results/NAME/DATE-HARDWARE when left out."
    ),
]


def reproduce(name: Name = None, scale: Scale = "cpu", out: Out = None) -> None:
    """Run a named experiment at a stated scale and print the folder with its rows."""
    from goodviews.core.origin import hardware
    from goodviews_experiments import EXPERIMENTS, SCALES, run

    if name is None:
        print("\n".join(sorted(EXPERIMENTS)))
        return
    if name in EXPERIMENTS and scale in SCALES and out is None:
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        out = Path("results") / name / f"{day}-{hardware()}"
    print(run(name, scale, out or Path("results")))


app = verb(reproduce)
