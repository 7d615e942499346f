"""``goodviews pretrain [DATA]``: an encoder for real, with any method and views."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import Data, Labels, Quiet, Root, Size, read_specs, resumable, verb
from goodviews.core.errors import InputError


def pretrain(
    ctx: typer.Context,
    data: Data = None,
    recipe: Annotated[
        str, typer.Option(metavar="NAME", help="Method, such as simclr, mocov2, infomin, vicreg.")
    ] = "simclr",
    backbone: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Such as resnet18, resnet50, timm('vit_small_patch16_224'), convnet(width=32).",
            show_default=False,
        ),
    ] = None,
    views: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Views instead of the method's: a spec, or a file that holds one, such as "
            "the best_view.txt of a study.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the run goes, or goes on.")
    ] = Path("run"),
    epochs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Passes.", show_default=False)
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(min=2, metavar="N", help="Images per step.", show_default=False),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="Any setting of the method.", show_default=False
        ),
    ] = None,
    labels: Labels = None,
    size: Size = None,
    root: Root = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Number of the run.")] = 0,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[
        str, typer.Option(metavar="NAME", help="32-true or bf16-mixed.")
    ] = "32-true",
    devices: Annotated[
        int, typer.Option(min=1, metavar="N", help="Processes on this machine.")
    ] = 1,
    nodes: Annotated[int, typer.Option(min=1, metavar="N", help="Machines.")] = 1,
    strategy: Annotated[str, typer.Option(metavar="NAME", help="auto, ddp or fsdp.")] = "auto",
    track: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="tensorboard, wandb or mlflow as well.", show_default=False
        ),
    ] = "",
    probe_every: Annotated[
        int, typer.Option(metavar="N", help="Epochs between looks; 0 for a tenth of the run.")
    ] = 0,
    hold_out: Annotated[
        bool,
        typer.Option("--hold-out", help="Leave out the images that evaluate will test."),
    ] = False,
    stop_on_collapse: Annotated[
        bool, typer.Option("--stop-on-collapse", help="End the run when it collapses.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Pretrain an encoder on DATA; ends with the path of its file.

    Stopped runs go on where they were: give the same command again.
    """
    spec = _one(views)
    changes = [f"device={device}", f"precision={precision}", *(change or [])]
    for name, value in (("encoder", backbone), ("epochs", epochs), ("batch", batch)):
        if value is not None:
            changes.append(f"{name}={value}")

    from goodviews.cli.progress import Progress
    from goodviews.cli.study import written
    from goodviews.core.distributed import rank

    usual = {option.name: option.default for option in ctx.command.params}
    command = written(ctx.params, verb="pretrain", usual=usual)
    with resumable(command, speaks=lambda: rank() == 0):
        from goodviews.jobs.pretrain.job import pretraining

        with Progress(quiet=quiet) as progress:
            run = pretraining(
                data,
                method=recipe,
                out=out,
                views=spec,
                changes=changes,
                labels=labels,
                size=size,
                root=root,
                seed=seed,
                devices=devices,
                nodes=nodes,
                strategy=strategy,
                track=track,
                probe_every=probe_every,
                hold_out=hold_out,
                stop_on_collapse=stop_on_collapse,
                command=command,
                say=(lambda _: None) if quiet else (lambda text: print(text, file=sys.stderr)),
                progress=progress if sys.stderr.isatty() else None,  # else lines are enough
            )
    if rank() == 0:
        print(run.folder / "encoder.safetensors")


def _one(views: str | None) -> str | None:
    """The spec that was typed, or that stands in a file."""
    if views is None:
        return None
    file = Path(views.removeprefix("@"))
    named = file.is_file() or file.suffix == ".txt"  # one that is gone is told as such
    found = read_specs([f"@{file}"] if named else [views]) or []
    if len(found) != 1:
        raise InputError(f"--views gives {len(found)} specs, but one run has one pair of views.")
    return found[0]


app = verb(pretrain)
