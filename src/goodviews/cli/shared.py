"""What several verbs need: options with one wording, and what happens around their one call."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from goodviews.core.command import command_line
from goodviews.core.errors import MOST_SEED, InputError
from goodviews.core.files import check_folder
from goodviews.core.progress import print_line

_DEVICES = re.compile(r"(auto|cpu|cuda|gpu|mps|xpu|xla|hpu)(:\d+)?")


def _device(name: str) -> str:
    """Check the name of a device without torch, which then checks that the machine has it."""
    if not _DEVICES.fullmatch(name):
        raise InputError(f"Unknown device {name!r}; use --device auto, cpu or cuda.")
    return name


Data = Annotated[
    str | None,
    typer.Argument(
        metavar="DATA",
        help="A folder of images, an .npz or .npy file, or a known name such as mnist "
        "(default: the built-in digits).",
        show_default=False,
    ),
]
Features = Annotated[
    str | None,
    typer.Option(
        metavar="WHICH",
        help="Features of the nodes of graphs: rows, degree, structure or one (default: as "
        "given).",
        show_default=False,
    ),
]
Directed = Annotated[
    bool | None,
    typer.Option(
        "--directed/--undirected",
        help="Whether the edges of graphs keep their direction (default: undirected).",
        show_default=False,
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Table of labels: a column of paths, one column per task.",
        show_default=False,
    ),
]
NoLabels = Annotated[
    bool, typer.Option("--no-labels", help="Folders are not classes: use no labels.")
]
Groups = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Column of the labels that holds the group of each image (patient, slide, scene): no "
        "split divides a group.",
        show_default=False,
    ),
]
Column = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=WAY",
        help="How a column of the labels is read where the guess is wrong: as classes, labels "
        "(several in a cell, such as mass|nodule) or number, as in age=number. Can be given "
        "several times.",
        show_default=False,
    ),
]
Task = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Column of labels to use (default: all, or the first where one is needed).",
        show_default=False,
    ),
]
Size = Annotated[
    str | None,
    typer.Option(
        metavar="PIXELS",
        help="Height and width to resize the images to: a side such as 64, or both as in 32x128.",
        show_default=False,
    ),
]
Fit = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="How images of another shape are resized: crop (the largest centred part of that "
        "shape), pad (the whole image, with black around it), stretch, or natural: views are made "
        "of images at their own sizes, and only evaluation sees the central part (default: crop).",
        show_default=False,
    ),
]
Channels = Annotated[
    str | None,
    typer.Option(
        metavar="WHICH",
        help="Axis of arrays that holds the channels, first or last; their number, such as 4 to "
        "keep transparency as a channel; or both, as in first,4. For files of several pages, "
        "pages (each is a channel) or slices (each is an image) (default: found from the data).",
        show_default=False,
    ),
]
Range = Annotated[
    tuple[float, float] | None,
    typer.Option(
        "--range",
        metavar="LOW HIGH",
        help="Values of black and white (default: found from the data).",
        show_default=False,
    ),
]
Root = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Folder of torchvision's downloaded datasets.", show_default=False
    ),
]
Change = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Change a setting, such as batch=64. Can be given several times.",
        show_default=False,
    ),
]
Seed = Annotated[
    int, typer.Option(min=0, max=MOST_SEED, metavar="N", help="Random seed of the run.")
]
Device = Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.", callback=_device)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only.")]


def chosen_labels(labels: Path | None, no_labels: bool) -> Path | str | None:
    """The labels of ``--labels`` and ``--no-labels``, as :func:`goodviews.load` takes them."""
    if labels is not None and no_labels:
        raise InputError(f"Give either --labels {labels} or --no-labels, not both.")
    return "none" if no_labels else labels


def sized(size: str | None, fit: str | None) -> int | str | None:
    """The size and the fit as one value, as :func:`goodviews.load` takes them."""
    if fit not in (None, "crop", "pad", "stretch", "natural"):
        raise InputError(f"fit must be crop, pad, stretch or natural, but got {fit!r}.")
    text = ",".join(word for word in (size, fit) if word)
    return int(text) if text.isascii() and text.isdigit() else text or None


def verb(function: Callable[..., Any]) -> typer.Typer:
    """Make a function the one command of a verb's file."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command()(function)
    return app


def original_command(context: typer.Context) -> str:
    """The command that is running, to record it and to run it again."""
    options, defaults, positional = {}, {}, []
    for one in context.command.params:
        defaults[str(one.name)] = one.default
        if one.param_type_name == "argument":
            positional.append(str(one.name))
        else:
            options[str(one.name)] = next(text for text in one.opts if text.startswith("--"))
    given = {name: value for name, value in context.params.items() if name != "quiet"}
    return command_line(
        str(context.info_name), given, defaults=defaults, options=options, positional=positional
    )


@contextmanager
def resumable(context: typer.Context) -> Iterator[str]:
    """Print how to resume when the block is stopped by Ctrl-C, a closed terminal or a cluster.

    Yields:
        The original command.
    """
    command = original_command(context)
    check_folder(Path(context.params.get("out") or "."))
    try:
        yield command
    except KeyboardInterrupt as stop:
        reason = str(stop).partition(";")[0].rstrip(".") or "Stopped"
        if _speaks():
            log(f"{reason}. Resume with: {command}")
        raise typer.Exit(getattr(stop, "code", 130)) from None
    except RuntimeError as error:
        if not hasattr(error, "speaks"):  # that another process was lost is reported by one
            raise
        if error.speaks:
            log(f"{error} Resume with: {command}")
        raise typer.Exit(1) from None


def show(*lines: object) -> None:
    """Print a result, once where several processes of one run have it."""
    if _speaks():
        for line in lines:
            print(line)


def open_command(page: Path) -> str:
    """What to type to look at a page: the desktop's own opener, or a server where there is none.

    Args:
        page: An ``index.html``.
    """
    named = {"darwin": "open", "win32": "start"}.get(sys.platform)
    if named is None and shutil.which("xdg-open"):
        screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        named = "xdg-open" if screen else None
    if named:
        return f"{named} {shlex.quote(str(page))}"
    return f"python3 -m http.server --directory {shlex.quote(str(page.parent))}"


def log(line: str) -> None:
    """Print a line on standard error, so that the result alone is on standard output."""
    print_line(line, sys.stderr)


def _speaks() -> bool:
    """Whether this is the first of the processes of a run."""
    if "torch" not in sys.modules:
        return True
    from goodviews.core.distributed import rank

    return rank() == 0
