"""``goodviews views list`` and ``goodviews views show SPEC [DATA]``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from goodviews.cli.shared import Data, Labels, Quiet, Root, Size
from goodviews.core.plugins import load_plugins
from goodviews.spec.catalogue import VIEWS, Listing
from goodviews.spec.files import pin
from goodviews.spec.grammar import expand
from goodviews.spec.names import check_names
from goodviews.spec.presets import PRESETS, Preset

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
    load_plugins()
    for name, view in VIEWS.items():
        arguments = ", ".join(f"{key}={_short(value)}" for key, value in view.arguments)
        print(f"{name}({arguments})")
        print(f"    {view.does}")
        print(f"    {_facts(view)}")
    group = ""
    for name, preset in PRESETS.items():
        if preset.group != group:
            group = preset.group
            print(f"\nNamed specs, {group}:")
        arguments = ", ".join(f"{key}={_short(value)}" for key, value in preset.arguments)
        if preset.does == preset.spec:
            print(f"{name}() = {preset.spec}; source: {preset.source}")
            continue
        print(f"{name}({arguments})")
        print(f"    {preset.does}")
        print(f"    = {preset.spec}")
        print(f"    {_facts(preset)}")


@app.command("show")
def show(
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="Such as 'crop(scale=(0.2, 1))|flip()'.")
    ],
    data: Data = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path(
        "views.html"
    ),
    seed: Annotated[int, typer.Option(metavar="N", help="Number of the draws.")] = 0,
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
    size: Size = None,
    root: Root = None,
    quiet: Quiet = False,
) -> None:
    """Write a page that shows what SPEC does to images of DATA, and print its path.

    Of a family, such as 'rotate(degrees={10, 30, 90})', the page shows the last value, with
    all of them in its strip.
    """
    check_names(spec)
    spec = pin(spec)
    specs = check_names(spec)

    from goodviews.cli.progress import Progress
    from goodviews.cli.study import written
    from goodviews.core.files import write_text
    from goodviews.data import load
    from goodviews.jobs.look.show import look, shared
    from goodviews.pages.views.page import views_page
    from goodviews.views import parse_view

    pair = parse_view(specs[-1])
    images = load(data, labels=labels, size=size, root=root)
    given = {"data": data, "views": [spec], "labels": labels, "size": size, "root": root}
    verb = "study"
    if len(pair.first.out_shape((images.channels, images.height, images.width))) != 3:
        verb, given["recipe"] = "pretrain", "cpc"  # a study reads one image per view, no stacks
    target = out if out.suffix == ".html" else out / "views.html"
    family = expand(spec)
    seen = look(pair, images, command=written(given, verb=verb), seed=seed, family=family)
    if bound:
        with Progress(quiet=quiet) as progress:
            seen["bound"] = shared(repr(pair), images, seed=seed, progress=progress)
        print(seen["bound"]["words"])
    if report:
        _print_report(seen)
    write_text(target, views_page(seen))
    print(target)


def _print_report(seen: dict[str, Any]) -> None:
    """Clipped share and entropy of values, a line per step."""
    for which, rows in enumerate(seen["reports"]):
        if which and seen["same"]:
            break
        head = "step" if seen["same"] else f"step of v{which + 1}"
        print(f"{head:<44} {'clipped':>8} {'entropy, nats':>16}")
        for row in rows:
            clipped = f"{100 * row['clipped']:.1f} %"
            nats = f"{row['before_nats']:.2f} to {row['after_nats']:.2f}"
            print(f"{row['step'][:44]:<44} {clipped:>8} {nats:>16}")


def _facts(of: Listing | Preset) -> str:
    return f"channels: {of.channels}; strength: {of.strength or 'none'}; source: {of.source}"


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))})"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)
