"""``goodviews learn-views [DATA]``: views learned from images, with a few labels or none."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import Data, Labels, Quiet, Root, Size, resumable, verb
from goodviews.spec.names import check_names


def learn_views(
    ctx: typer.Context,
    data: Data = None,
    mode: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="semi (what views share, and a few labels), unsupervised, or supervised (labels "
            "alone).",
        ),
    ] = "semi",
    labels: Labels = None,
    task: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The label column; the first when left out."),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the run goes, or goes on.")
    ] = Path("learned"),
    generator: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="nvp(blocks=6, width=32) when left out; vp(), orthogonal(), linear().",
            show_default=False,
        ),
    ] = None,
    views: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="What is done before the generator; crop(scale=(0.3, 1))|flip() when left out.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="split(1) when left out: one learned channel against the others.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Of the generator; 300 when left out."),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Any setting of the game, such as encoder_rate=0.004.",
            show_default=False,
        ),
    ] = None,
    judge_steps: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Steps of each training of new encoders."),
    ] = 264,
    no_compare: Annotated[
        bool, typer.Option("--no-compare", help="Leave out the fixed views.")
    ] = False,
    size: Size = None,
    root: Root = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Number of the run.")] = 0,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.")] = "auto",
    quiet: Quiet = False,
) -> None:
    """Learn views of DATA; ends with a spec to type next and the path of a page.

    The generator is chosen by new encoders and compared with fixed views, one run each. Stopped
    runs go on where they were: give the same command again.
    """
    if views:
        check_names(views)

    from goodviews.cli.progress import Progress
    from goodviews.cli.study import written

    usual = {option.name: option.default for option in ctx.command.params}
    command = written(ctx.params, verb="learn-views", usual=usual)
    with resumable(command):
        from goodviews.jobs.learn_views.job import learning_views
        from goodviews.pages import report

        with Progress(quiet=quiet) as progress:
            run = learning_views(
                data,
                out=out,
                mode=mode,
                labels=labels,
                task=task,
                generator=generator,
                views=views,
                split=split,
                steps=steps,
                changes=change or (),
                size=size,
                root=root,
                seed=seed,
                device=device,
                judge_steps=judge_steps,
                compare=not no_compare,
                command=command,
                say=(lambda _: None) if quiet else (lambda text: print(text, file=sys.stderr)),
                progress=progress,
            )
        page = report(run.folder)
    print(f"{run.found['headline']}.")
    print(run.spec)
    print(page)


app = verb(learn_views)
