"""``goodviews evaluate ENCODER [DATA]``: judge an encoder, whoever made it."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import Data, Labels, Quiet, Root, Size, resumable, verb
from goodviews.core.errors import InputError

OUT = Path("evaluation")


def evaluate(
    ctx: typer.Context,
    encoder: Annotated[
        str,
        typer.Argument(
            metavar="ENCODER",
            help="An array of representations (z.npy), timm:NAME, torchvision:NAME (@random or "
            "@FILE for other weights), the folder of a pretraining run, or pixels.",
        ),
    ],
    data: Data = None,
    labels: Labels = None,
    task: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The label column; all when left out."),
    ] = None,
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
            help="Also ask whether the encoder keeps what this view draws.",
            show_default=False,
        ),
    ] = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="linear, knn, few, geometry; finetune and finetune-few train the encoder; "
            "infomin, cmc, moco for their schedules. May be given several times; the first four "
            "when left out.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N",
            help="Labels of few and finetune-few: a share such as 1%, or a number per class. May "
            "be given several times; of 1%, 10% and 10 what fits when left out.",
            show_default=False,
        ),
    ] = None,
    neighbours: Annotated[int, typer.Option("--k", min=1, metavar="K", help="Of kNN.")] = 200,
    temperature: Annotated[float, typer.Option(metavar="T", help="Of kNN's votes.")] = 0.1,
    bf16: Annotated[bool, typer.Option("--bf16", help="Cosines of kNN in bfloat16.")] = False,
    draws: Annotated[int, typer.Option(min=2, metavar="N", help="Draws of few labels.")] = 5,
    runs: Annotated[
        int, typer.Option(min=1, metavar="N", help="Trainings of finetune; 1 for random weights.")
    ] = 3,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="A setting of fine-tuning, such as epochs=50 or encoder_rate=0.1.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the split and all draws.")] = 0,
    seeds: Annotated[
        int, typer.Option(min=0, metavar="N", help="Encoders with random weights beside it.")
    ] = 3,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the rows go.")] = OUT,
    size: Size = None,
    root: Root = None,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda, ...")] = "auto",
    quiet: Quiet = False,
) -> None:
    """Judge ENCODER on DATA, beside raw pixels and random weights; rows go to FOLDER.

    With --leakage or --view, a page says which factors it keeps and need not.
    """
    if not temperature > 0:
        raise InputError(f"--temperature is {temperature:g}, but more than 0 is wanted.")

    from goodviews.core.progress import Progress
    from goodviews.jobs.evaluate.job import USUAL, Judge

    with resumable(ctx) as command, Progress(quiet=quiet) as progress:
        judge = Judge(
            encoder,
            data,
            kinds=protocol or USUAL,
            labels=labels,
            task=task,
            table=leakage,
            view=view,
            seed=seed,
            seeds=seeds,
            size=size,
            root=root,
            device=device,
            changes=change or [],
            out=out,
            progress=progress,
        )
        scores = judge.readouts(
            budgets=budget,
            draws=draws,
            runs=runs,
            neighbours=neighbours,
            temperature=temperature,
            bf16=bf16,
        )
        board = judge.factors.board(judge) if judge.factors.asked else None
    for line in judge.write(out, scores, board, command=command):
        print(line)


app = verb(evaluate)
