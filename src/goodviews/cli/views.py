"""``goodviews views list`` and ``goodviews views show SPEC [DATA]``."""

from pathlib import Path
from typing import Annotated

import typer

from goodviews.cli.shared import Data, Labels, Root, Size
from goodviews.core.checks import InputError
from goodviews.core.names import PRESETS, VIEWS, check_names

__all__ = ["app", "listing", "show"]

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
    for name, view in VIEWS.items():
        arguments = ", ".join(f"{key}={_short(value)}" for key, value in view.arguments)
        print(f"{name}({arguments})")
        print(f"    {view.does}")
        strength = "none" if view.strength == "–" else view.strength
        print(f"    channels: {view.channels}; strength: {strength}; source: {view.source}")
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
        strength = "none" if preset.strength == "–" else preset.strength
        print(f"    channels: {preset.channels}; strength: {strength}; source: {preset.source}")


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
    labels: Labels = None,
    size: Size = None,
    root: Root = None,
) -> None:
    """Write a page that shows what SPEC does to images of DATA, and print its path."""
    if len(check_names(spec)) > 1:
        raise InputError(f"{spec!r} is a family; show one of its values at a time.")

    from goodviews.cli.shown import look
    from goodviews.cli.study import written
    from goodviews.core.files import write_text
    from goodviews.data import load
    from goodviews.report.views_page import views_page
    from goodviews.views import parse_view

    pair = parse_view(spec)
    images = load(data, labels=labels, size=size, root=root)
    given = {"data": data, "views": [spec], "labels": labels, "size": size, "root": root}
    command = written(given)
    target = out if out.suffix == ".html" else out / "views.html"
    write_text(target, views_page(look(pair, images, command=command, seed=seed)))
    print(target)


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))})"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)
