"""What a study was given, checked: seeds, views, the device, the name of the data."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from goodviews.core.errors import MOST_SEED, InputError, check_whole
from goodviews.core.plugins import sources
from goodviews.core.text import counted
from goodviews.data import Images
from goodviews.data.groups import with_groups
from goodviews.encoders import build_pair
from goodviews.spec.grammar import Family, expand
from goodviews.spec.lists import read_specs
from goodviews.spec.names import check_names
from goodviews.training.pace import OWN, WORKING
from goodviews.views import ViewPair, parse_view

CELLS = 10_000
"""Most runs of a study."""

IN_MEMORY = "DATA"
"""What commands say for images that were given as an array or another object."""


def run_seeds(given: int | Sequence[int]) -> tuple[int, ...]:
    """Numbers of the runs."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        given = range(check_whole("seeds", given, 0, CELLS))
    chosen = tuple(check_whole("seeds", one, 0, MOST_SEED) for one in given)
    if not chosen or len(set(chosen)) != len(chosen):
        raise InputError("seeds must be one or more distinct integers, such as --seeds 3.")
    return chosen


def view_specs(
    views: str | Path | Iterable[str],
    parse: Callable[[str], object] = parse_view,
    example: str = "crop(scale=({0.1, 0.3, 0.6}, 1))",
) -> tuple[tuple[str, ...], Family | None]:
    """Canonical specs, and the family if all of them are one.

    Args:
        views: Specs, or files of them.
        parse: Makes the views of a spec, whose ``repr`` is the spec.
        example: A family, for the message where there is none.
    """
    texts = read_specs([str(views)] if isinstance(views, str | Path) else views) or []
    specs: list[str] = []
    for text in texts:
        specs += [repr(parse(spec)) for spec in check_names(text)]
    if len(set(specs)) != len(specs):
        twice = next(spec for spec in specs if specs.count(spec) > 1)
        raise InputError(
            f"View {twice} is given twice; remove one, since every study trains a twin anyway."
        )
    if not specs:
        raise InputError(f"No views are given; type for example --views '{example}'.")
    found = expand(texts[0]) if len(texts) == 1 else None
    return tuple(specs), replace(found, specs=tuple(specs)) if found else None


def check_same_form(images: Images, other: Images) -> None:
    """Raise an ``InputError`` unless the task data have labels and as many channels."""
    if other.channels != images.channels:
        raise InputError(
            f"{images.name} has {counted(images.channels, 'channel')}, but the task data "
            f"{other.name} has {other.channels}; choose --task-data with as many channels."
        )
    if not other.labels:
        raise InputError(f"The task data {other.name} has no labels; choose labelled --task-data.")


def check_task_size(
    encoder: str, pairs: Sequence[ViewPair], images: Images, other: Images
) -> None:
    """Raise an ``InputError`` if an encoder of these views cannot read the task's images."""
    shape = (images.channels, images.height, images.width)
    there = (other.channels, other.height, other.width)
    if there == shape:
        return
    for pair in pairs:
        views = [torch.rand(2, *chain.out_shape(shape)) for chain in (pair.first, pair.second)]
        encoders = build_pair(
            encoder, *views, shared=pair.alike, head="linear(dim=2)", seed=0
        ).eval()
        x = torch.rand(2, *there)
        try:
            encoders.represent(pair.plain(0, x), pair.plain(1, x))
        except Exception as error:  # a backbone can raise any exception
            raise InputError(
                f"{encoder} with {pair!r} cannot read the task's images of {there[1]}x{there[2]} "
                f"pixels ({error}); give --task-size {shape[1]}x{shape[2]}."
            ) from error


def grouped(sets: Sequence[tuple[Images, Any, Any]], column: str) -> list[Images]:
    """Images with groups, by a column that one dataset or both have.

    Args:
        sets: Images, what they were read from, and their labels, for each dataset.
        column: Name of the column of groups.

    Raises:
        InputError: No dataset has it.
    """
    made, errors = [], []
    for images, data, labels in sets:
        try:
            images = with_groups(images, column, data=data, labels=labels)
        except InputError as error:
            errors.append(error)
        made.append(images)
    if len(errors) == len(sets):
        raise errors[-1]
    return made


def actual_device(device: str) -> str:
    """The device that ``auto`` stands for."""
    return (
        "cuda" if device == "auto" and torch.cuda.is_available() else device.replace("auto", "cpu")
    )


def default_workers(device: str) -> int:
    """Number of worker processes: one per processor, or one for all of a GPU."""
    try:
        sources()
    except InputError:  # something is registered in a notebook, which only this process knows
        return 0
    return 1 if device == "cuda" else min(os.cpu_count() or 1, 8)


def data_argument(data: Any, images: Images) -> str:
    """The argument for the data; the name alone where it is a path, so that no path is kept."""
    if data is None:
        return ""
    if isinstance(data, str | Path):
        return Path(data).name
    return images.name if isinstance(data, Images) else IN_MEMORY


def working_size(data: object, images: Images) -> tuple[int, int] | None:
    """Size at which a study works where none was given; nothing for the images' own.

    Args:
        data: What was given; images that are loaded already keep their size.
        images: What was loaded.
    """
    side = min(images.height, images.width)
    if isinstance(data, Images) or side <= OWN:
        return None
    return round(WORKING * images.height / side), round(WORKING * images.width / side)


def size_note(images: Images, working: tuple[int, int]) -> str:
    """What a working size saves, in one sentence."""
    height, width = images.height, images.width
    times = height * width / (working[0] * working[1])
    return (
        f"The study works at {working[0]}x{working[1]} pixels; at {height}x{width}, the size of "
        f"the images, it would take about {times:.0f} times as long: --size {height}x{width}."
    )
