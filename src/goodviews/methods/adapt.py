"""Adaptation of a paper's method to other data, with one sentence for each change."""

import re
from collections.abc import Collection
from dataclasses import replace

from goodviews.core.text import counted
from goodviews.data import Images
from goodviews.spec.grammar import parse_spec
from goodviews.training import Settings
from goodviews.training.small import PATCHES, small_settings

_SMALL = 96
"""Largest side of images for which a backbone gets the stem for small images."""


OLDEST = 65536 / 256 * (1 - 0.999)
"""Age of the oldest key of MoCo's queue, in time constants of its target: 256 steps of 1,000."""


def adapted_settings(
    settings: Settings, images: Images, count: int, *, given: Collection[str] = ()
) -> tuple[Settings, list[str]]:
    """Adapt settings that were made for ImageNet to the data.

    Memories and batches are limited to the number of images, small images get a stem that does
    not shrink them, and the jigsaw is cut from images of their size.

    Args:
        settings: Settings of a method.
        images: Dataset.
        count: Number of training images.
        given: Names of settings given by the user, which are not changed.

    Returns:
        The settings, and a sentence for each change.

    Example:
        >>> from goodviews.data import load
        >>> from goodviews.methods import method
        >>> adapted_settings(method("simclr"), load("digits"), 1000)[0].batch
        124
    """
    side, said = min(images.height, images.width), []
    typical = "stem='imagenet'" in settings.encoder and "encoder" not in given
    if typical and side <= _SMALL:
        settings = replace(settings, encoder=settings.encoder.replace("imagenet", "small"))
        said.append(f"Images have {side} pixels, so the stem is 3 x 3 without a max-pool.")
    if "stem='patches'" in settings.encoder and "encoder" not in given and side < PATCHES:
        settings = replace(settings, encoder=small_settings(side).encoder)
        said.append(f"Images have {side} pixels, so the stem has no patches.")
    batch = min(settings.batch, max(count // 8 // 2 * 2, 4))
    if batch < settings.batch and "batch" not in given:
        settings = replace(settings, batch=batch)
        steps = max(count // batch, 1)
        said.append(
            f"{count} images: batches of {batch}, so that an epoch has {counted(steps, 'step')}."
        )
    if settings.views == "cpc()" and side < 256 and "views" not in given:
        patch = side // 2 if side <= _SMALL else side // 4
        views = f"crop(scale=(0.73, 0.73), ratio=(1, 1), size={side})|flip()"
        views += f"|grid(patch={patch}, overlap={patch // 2})"
        settings = replace(settings, views=views)
        said.append(f"The grid has patches of {patch} pixels that overlap by half.")
    if settings.momentum is not None and "momentum" not in given:
        settings, more = _momentum(settings, count)
        said += more
    if "memory" not in given:
        settings, more = _memory(settings, count)
        said += more
    elif (age := oldest_key(settings)) > 2 * OLDEST:
        said.append(
            f"The oldest key of the queue is {age:.2g} time constants of the target old, where "
            f"MoCo has {OLDEST:.2f}; a smaller queue, or a momentum closer to 1, is safer."
        )
    if settings.jigsaw and side < 255 and "jigsaw" not in given:
        cell = max(side // 3, 4)
        crop = max(round(cell * 64 / 85), 3)
        piece = f"jigsaw(grid=3, cell={cell}, crop={crop})"
        jigsaw = re.sub(r"jigsaw\(.*?\)", piece, settings.jigsaw)
        jigsaw = jigsaw.replace("size=255", f"size={3 * cell}")
        settings = replace(settings, jigsaw=jigsaw)
        said.append(f"The jigsaw has cells of {cell} pixels and patches of {crop}.")
    if "schedule" not in given:
        settings, more = _warmup(settings)
        said += more
    return settings, said


def _momentum(settings: Settings, count: int) -> tuple[Settings, list[str]]:
    """Momentum of a target that averages over the same share of the run as in the paper."""
    steps = settings.epochs * max(count // settings.batch, 1)
    most = 1 - min(20 / steps, 0.5)
    if settings.momentum is None or settings.momentum <= most:
        return settings, []
    said = f"The run has {counted(steps, 'step')}, so the momentum of the target is {most:.4f}."
    return replace(settings, momentum=round(most, 6)), [said]


def oldest_key(settings: Settings) -> float:
    """Age of the oldest key of a queue, in time constants of the target that makes the keys.

    Example:
        >>> from goodviews.methods import method
        >>> round(oldest_key(method("mocov2")), 3), oldest_key(method("simclr"))
        (0.256, 0.0)
    """
    return settings.queue_steps * (1 - (settings.momentum or 0))


def _memory(settings: Settings, count: int) -> tuple[Settings, list[str]]:
    """Memory of at most half of the images, and a queue whose keys are as fresh as MoCo's."""
    if not settings.memory:
        return settings, []
    call = parse_spec(settings.memory)[0]
    steps, said = max(count // 2 // settings.batch, 1), f"There are {count} images"
    moved = 1 - (settings.momentum or 0)
    if settings.queue_steps and moved and (fresh := max(round(OLDEST / moved), 1)) < steps:
        steps, said = fresh, f"The target moves by {moved:.2g} of the way in a step"
    most = steps * settings.batch
    if settings.stored <= most:
        return settings, []
    given = dict(call.kwargs) | {"size" if call.name == "queue" else "negatives": most}
    text = ", ".join(f"{key}={value!r}" for key, value in given.items())
    said = f"{said}, so the {call.name} holds {most} negatives."
    return replace(settings, memory=f"{call.name}({text})"), [said]


def _warmup(settings: Settings) -> tuple[Settings, list[str]]:
    """Limit the warm-up to a tenth of the run, for runs shorter than that of the paper."""
    found = re.search(r"warmup=([0-9.]+)", settings.schedule)
    if found is None or float(found[1]) <= settings.epochs / 10:
        return settings, []
    short = f"warmup={settings.epochs / 10:g}"
    length = counted(settings.epochs, "epoch")
    said = f"The run has {length}, so the warm-up takes {settings.epochs / 10:g}."
    return replace(settings, schedule=settings.schedule.replace(found[0], short)), [said]
