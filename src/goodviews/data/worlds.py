"""Synthetic worlds as datasets of images: every discrete factor is a task.

Letters: N images, R renderings stacked in the channels of one image.
"""

from collections.abc import Sequence

import numpy as np
import torch

from goodviews.core.errors import InputError
from goodviews.data.hashing import content_hash
from goodviews.data.images import Images
from goodviews.worlds.catalogue import make_world
from goodviews.worlds.factors import FactorWorld

COUNT = 4_000
_PART = 1_000


def known_world(name: str, size: int | None = None) -> Images:
    """Make a world by its name: 4,000 images with seed 0, half of which a study holds out.

    Args:
        name: Name of a world, such as ``bands``, ``shapes`` or ``vectors``.
        size: Side in pixels; not used by a world without a ``side``.

    Returns:
        The images; the first factor is the first task.
    """
    return world_images(make_world(name, size), name=name, count=COUNT, seed=0)


def world_images(
    world: FactorWorld,
    *,
    name: str,
    count: int,
    seed: int,
    tasks: Sequence[str] | None = None,
) -> Images:
    """Render a world as images, one per example.

    Args:
        world: The world to render.
        name: Name of the dataset in records.
        count: N, the number of images.
        seed: Random seed of the world.
        tasks: Factors that become labels, in this order (default: all).

    Returns:
        (N, C, H, W) uint8 images.

    Example:
        >>> from goodviews.worlds import Vectors
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
    """Stack R renderings of each example along the channels.

    Each rendering keeps some factors of the example and draws the others again, so views made of
    the channels of two renderings share only the factors that both keep. With ``still`` the other
    factors are constant instead, so each rendering shows its own factors only.

    Args:
        world: The world to render.
        kept: R sets of factors, those that each rendering keeps.
        name: Name of the dataset in records.
        count: N, the number of images.
        seed: Random seed of the world.
        tasks: Factors of the example that become labels, in this order (default: all).
        still: Whether factors that are not kept have their first value.
        test: Number of images at the end that are test images.

    Returns:
        (N, R C, H, W) uint8 images.

    Raises:
        InputError: The number of renderings or training images is 0, or a factor is unknown.

    Example:
        >>> from goodviews.worlds import Vectors
        >>> images = stacked_images(Vectors(), [["task"], ["task"]], name="v", count=8, seed=0)
        >>> images.channels
        48
    """
    if count < 1 or not kept or not 0 <= test < count:
        raise InputError(
            f"Expected one or more renderings and training images, but got {count} images of "
            f"{len(kept)} renderings, {test} of them for the test."
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
