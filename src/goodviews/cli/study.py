"""``goodviews study [DATA]``: the main job."""

import re
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from goodviews.cli.shared import Data, Labels, Quiet, Root, Size, read_specs, verb
from goodviews.core.errors import InputError

HOME = "~/"


def study(
    ctx: typer.Context,
    data: Data = None,
    views: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help="A view such as 'crop(scale=(0.2, 1))|flip()', a family such as "
            "'crop(scale=({0.1, 0.3}, 1))', or @file with one per line; may be given "
            "several times.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where the study goes, or goes on; study-NAME when left out.",
            show_default=False,
        ),
    ] = None,
    labels: Labels = None,
    task_data: Annotated[
        str | None,
        typer.Option(
            metavar="DATA", help="Read the task out on this set instead.", show_default=False
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Runs of each view.")] = 3,
    candidates: Annotated[
        int | None,
        typer.Option(
            min=2,
            metavar="K",
            help="Candidates per anchor; the bound cannot exceed log K nats.",
            show_default=False,
        ),
    ] = None,
    size: Size = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Most passes of each run.", show_default=False),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(metavar="M", help="About how long it may take in all.", show_default=False),
    ] = None,
    per_class: Annotated[
        int, typer.Option(min=1, metavar="N", help="Labels of each class for the readout.")
    ] = 10,
    root: Root = None,
    encoder: Annotated[
        str | None,
        typer.Option(metavar="SPEC", help="Encoder instead of the usual.", show_default=False),
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(metavar="SPEC", help="Objective instead of InfoNCE.", show_default=False),
    ] = None,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda, ...")] = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Runs at the same time.", show_default=False),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Try views on DATA and say which to pretrain with; ends with the path of a page.

    Stopped runs go on where they were: give the same command again.
    """
    specs = read_specs(views)
    if minutes is not None and not minutes > 0:
        raise InputError(f"--minutes is {minutes:g}, but more than 0 is wanted.")
    folder = out if out is not None else default_out(data)
    command = written(ctx.params)

    from goodviews.cli.progress import Progress

    try:
        from goodviews.jobs.study import study as run
        from goodviews.pages import report

        with Progress(quiet=quiet) as progress:
            result = run(
                data,
                views=specs,
                out=folder,
                labels=labels,
                task_data=task_data,
                seeds=seeds,
                candidates=candidates,
                size=size,
                epochs=epochs,
                minutes=minutes,
                per_class=per_class,
                root=root,
                encoder=encoder,
                objective=objective,
                device=device,
                jobs=jobs,
                command=command,
                progress=progress,
            )
        page = report(result.folder)
    except KeyboardInterrupt:
        print(f"Stopped. Resume with: {command}", file=sys.stderr)
        raise typer.Exit(130) from None
    print(result.advice)
    print(page)


def default_out(data: str | None) -> Path:
    """Folder of a study that was given none.

    Example:
        >>> print(default_out(None), default_out("mnist"), default_out("scans/Lung CT.npz"))
        study study-mnist study-lung-ct
    """
    if data is None or data.lower() == "digits":
        return Path("study")
    name = Path(data).stem or Path(data).resolve().name
    plain = re.sub(r"[^\w.]+", "-", name.lower()).strip("-.")
    return Path(f"study-{plain}" if plain else "study-data")


def written(
    params: dict[str, Any], *, verb: str = "study", usual: dict[str, Any] | None = None
) -> str:
    """The command for a shell, options at their default left out and no home folder in it.

    Example:
        >>> written({"data": "mnist", "views": ["flip(p=0.5)"], "seeds": 5, "out": None})
        "goodviews study mnist --views 'flip(p=0.5)' --seeds 5"
    """
    usual = {"seeds": 3, "per_class": 10, "device": "auto", **(usual or {})}
    words = ["goodviews", verb]
    if params.get("data") is not None:
        words.append(_quoted(params["data"]))
    for name, value in params.items():
        if name in ("data", "quiet") or value is None or value == usual.get(name):
            continue
        if value is True:
            words.append(f"--{name.replace('_', '-')}")
            continue
        for item in value if isinstance(value, list | tuple) else [value]:
            words += [f"--{'set' if name == 'change' else name.replace('_', '-')}", _quoted(item)]
    return " ".join(words)


def _quoted(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    home = f"{Path.home()}/"
    here = f"{Path.cwd()}/"
    if "learned(" in text:
        text = text.replace(here, "").replace(home, HOME)  # a file within a spec
    if text.startswith(here):
        text = text.removeprefix(here)
    elif text.startswith(home):
        return HOME + shlex.quote(text.removeprefix(home))
    return shlex.quote(text)


app = verb(study)
