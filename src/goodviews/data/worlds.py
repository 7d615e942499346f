"""Worlds as sets of images: every discrete factor is a task.

Letters: N images, R renderings stacked in the channels of one image.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from goodviews.core.errors import InputError
from goodviews.data.hashing import content_hash
from goodviews.data.images import Images
from goodviews.worlds.bands import Bands
from goodviews.worlds.factors import FactorWorld
from goodviews.worlds.shapes import Shapes
from goodviews.worlds.vectors import Vectors

COUNT = 4_000
_PART = 1_000

WORLDS: dict[str, Callable[[int | None], FactorWorld]] = {
    "bands": lambda size: Bands(32 if size is None else size),
    "shapes": lambda size: Shapes(32 if size is None else size),
    "vectors": lambda size: Vectors(),  # noqa: ARG005
}
"""Worlds known by name; they take the side of an image."""


def known_world(name: str, size: int | None = None) -> Images:
    """A world by its name: 4,000 images of seed 0, half of them held out by a study.

    Args:
        name: ``bands``, ``shapes`` or ``vectors``.
        size: Side in pixels; vectors have none.

    Returns:
        The images; the first factor is the first task.
    """
    return world_images(WORLDS[name](size), name=name, count=COUNT, seed=0)


def world_images(
    world: FactorWorld,
    *,
    name: str,
    count: int,
    seed: int,
    tasks: Sequence[str] | None = None,
) -> Images:
    """Images of a world, one per example.

    Args:
        world: What is rendered.
        name: What records call the set.
        count: N.
        seed: Number of the world.
        tasks: Factors that are labels, in this order; all of them by default.

    Returns:
        (N, C, H, W) uint8 images.

    Example:
        >>> images = world_images(Vectors(), name="vectors", count=100, seed=0)
        >>> images.pixels.shape, list(images.labels)[:2]
        ((100, 24, 1, 1), ['task', 'background'])
    """
    every = (tuple(world.factors),)
    return stacked_images(world, every, name=name, count=count, seed=seed, tasks=tasks)


def stacked_images(
    world: FactorWorld,
    kept: Sequence[Sequence[str]],
    *,
    name: str,
    count: int,
    seed: int,
    tasks: Sequence[str] | None = None,
    still: bool = False,
    test: int = 0,
) -> Images:
    """R renderings of each example, one after the other in the channels.

    Each keeps some factors of the example and draws the others anew, so that views made of
    channels of two of them share just the factors that both keep. With ``still`` the others
    stand still instead, so that each rendering shows its own factors and nothing else.

    Args:
        world: What is rendered.
        kept: R sets of factors.
        name: What records call the set.
        count: N.
        seed: Number of the world.
        tasks: Factors of the example that are labels, in this order; all of them by default.
        still: Whether factors that are not kept have their first value.
        test: How many of the last images are the set's own test images.

    Returns:
        (N, R C, H, W) uint8 images.

    Raises:
        InputError: No rendering or no image is wanted, or a factor is not known.

    Example:
        >>> images = stacked_images(Vectors(), [["task"], ["task"]], name="v", count=8, seed=0)
        >>> images.channels
        48
    """
    if count < 1 or not kept or not 0 <= test < count:
        raise InputError(
            f"{count} images of {len(kept)} renderings, {test} of them to test on, are no set: "
            f"ask for one or more to train on."
        )
    world.known(tasks or ())
    wanted = tuple(tasks) if tasks is not None else tuple(world.factors)
    sets = [world.columns(some) for some in kept]
    parts, rows = [], []
    for start in range(0, count, _PART):
        samples = torch.arange(start, min(start + _PART, count))
        rows.append(world.draw(samples, seed=seed))
        shown = []
        for view, columns in enumerate(sets, start=1):
            values = world.draw(samples, seed=seed, view=view)
            values = torch.zeros_like(values) if still else values
            values[:, columns] = rows[-1][:, columns]
            shown.append(world.render(values, world.flaw(samples, seed=seed, view=view)))
        parts.append((torch.cat(shown, dim=1) * 255).round().to(torch.uint8).numpy())
    table = torch.cat(rows).numpy()
    pixels = np.concatenate(parts)
    part = (np.arange(count) >= count - test).astype(np.int8)
    labels = {task: table[:, world.columns([task])[0]].copy() for task in wanted}
    sizes = ", ".join(f"{factor} ({size})" for factor, size in world.factors.items())
    known = f"factors {sizes}: {world.entropy(world.factors):.2f} nats"
    return Images(
        name=name,
        pixels=pixels,
        scale=(0.0, 255.0),
        labels=labels,
        classes={task: tuple(map(str, range(world.factors[task]))) for task in wanted},
        skipped=(),
        source=f"{count:,} examples (seed {seed}) of a world with {known}.",
        range_note="Values 0 to 1 were kept in 255 steps.",
        hash=content_hash(pixels, labels, part),
        part=part,
    )
