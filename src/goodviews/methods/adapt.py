"""Adaptation of a paper's method to other data, with one sentence for each change."""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from goodviews.core.text import counted
from goodviews.data import Images
from goodviews.data.graphs import Graphs
from goodviews.spec.grammar import parse_spec
from goodviews.training import Settings
from goodviews.training.proportion import features_of, fitting_heads
from goodviews.training.small import PATCHES, small_settings

_SMALL = 96
"""Largest side of images for which a backbone gets the stem for small images."""


_SHARP = 1024
"""Batch below which the assignments of SwAV are made sharper."""

_DRAWN = 2**16
"""Most negatives that the anchors of a batch draw each for itself."""

OLDEST = 65536 / 256 * (1 - 0.999)
"""Age of the oldest key of MoCo's queue, in time constants of its target: 256 steps of 1,000."""


def adapted_settings(
    settings: Settings, images: Images, count: int, *, given: Collection[str] = ()
) -> tuple[Settings, list[str]]:
    """Adapt settings that were made for ImageNet to the data.

    Memories and batches are limited to the number of images, heads to four times the width of the
    backbone, small images get a stem that does not shrink them, and the jigsaw is cut from images
    of their size.

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
    if not {"head", "predictor"} & set(given) and fitting_heads(settings, 1)[1]:
        features = features_of(settings.encoder, channels=images.channels, size=side)
        settings, narrower = fitting_heads(settings, features)
        said += [narrower] if narrower else []
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
    if settings.prototypes:
        settings, more = _assignments(settings, given)
        said += more
    if "schedule" not in given:
        settings, more = _warmup(settings)
        said += more
    return settings, said


def adapted_graph_settings(
    settings: Settings, graphs: Graphs, *, given: Collection[str] = ()
) -> tuple[Settings, list[str]]:
    """Adapt settings that were made for another graph or another length.

    Args:
        settings: Settings of a method of graphs.
        graphs: The data.
        given: Names of settings given by the user, which are not changed.

    Returns:
        The settings, and a sentence for each change.

    Example:
        >>> from dataclasses import replace
        >>> from goodviews.data.graphs import load_graphs
        >>> from goodviews.graphs import make_graph
        >>> from goodviews.methods import method
        >>> path = load_graphs(make_graph([[0, 1], [1, 2]], nodes=3))
        >>> short = replace(method("bgrl"), epochs=100)
        >>> adapted_graph_settings(short, path)[0].schedule
        'cosine(warmup=10)'
    """
    said = []
    if graphs.level == "graphs" and "pool" not in settings.encoder and "encoder" not in given:
        encoder = "gin(width=32, layers=3, norm=True, jump=True, pool='sum')"
        settings = replace(settings, encoder=encoder)
        said.append(f"The labels are of graphs, so the encoder pools nodes: {encoder}.")
    count = graphs.nodes if graphs.level != "graphs" else len(graphs)
    if settings.momentum is not None and "momentum" not in given:
        settings, more = _momentum(settings, count)
        said += more
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

    It is 0 without a queue or a target.

    Example:
        >>> from goodviews.methods import method
        >>> round(oldest_key(method("mocov2")), 3), oldest_key(method("simclr"))
        (0.256, 0.0)
    """
    return 0.0 if settings.momentum is None else settings.queue_steps * (1 - settings.momentum)


def _memory(settings: Settings, count: int) -> tuple[Settings, list[str]]:
    """Memory of at most half of the images, and a queue whose keys are as fresh as MoCo's.

    Of a small bank, each anchor draws negatives of its own, as in the papers; of a large one, all
    anchors of a batch share a draw, which takes a batch-th of the memory.
    """
    if not settings.memory:
        return settings, []
    call, said = parse_spec(settings.memory)[0], []
    options: dict[str, Any] = dict(call.kwargs)
    steps, reason = max(count // 2 // settings.batch, 1), f"There are {count} images"
    moved = 0.0 if settings.momentum is None else 1 - settings.momentum
    if settings.queue_steps and moved and (fresh := max(round(OLDEST / moved), 1)) < steps:
        steps, reason = fresh, f"The target moves by {moved:.2g} of the way in a step"
    most = steps * settings.batch
    if settings.stored > most:
        options["size" if call.name == "queue" else "negatives"] = most
        said.append(f"{reason}, so the {call.name} holds {most} negatives.")
    few = call.name == "bank" and min(settings.stored, most) * settings.batch <= _DRAWN
    if few and options.get("each") is False:
        options["each"] = True
        said.append("The bank is small, so each image draws negatives of its own.")
    text = ", ".join(f"{key}={value!r}" for key, value in options.items())
    return (replace(settings, memory=f"{call.name}({text})"), said) if said else (settings, [])


def _assignments(settings: Settings, given: Collection[str]) -> tuple[Settings, list[str]]:
    """Prototypes of SwAV for small batches and short runs.

    No more prototypes than images are assigned together, sharper assignments (epsilon 0.03, what
    the authors advise where all assignments stay equal), and at most a tenth of the run with
    frozen prototypes.
    """
    said = []
    together = settings.batch + settings.stored
    if together < settings.prototypes and "prototypes" not in given:
        settings = replace(settings, prototypes=together)
        said.append(f"{together} images are assigned together, so there are as many prototypes.")
    objective = settings.objective.replace("epsilon=0.05", "epsilon=0.03")
    if settings.batch < _SHARP and objective != settings.objective and "objective" not in given:
        settings = replace(settings, objective=objective)
        said.append(f"Batches hold fewer than {_SHARP} images, so epsilon is 0.03.")
    frozen = min(settings.prototypes_frozen, settings.epochs / 10)
    if frozen < settings.prototypes_frozen and "prototypes_frozen" not in given:
        settings = replace(settings, prototypes_frozen=frozen)
        said.append(f"Prototypes are frozen for {frozen:g} epochs.")
    return settings, said


def _warmup(settings: Settings) -> tuple[Settings, list[str]]:
    """Limit the warm-up to a tenth of the run, for runs shorter than that of the paper."""
    found = re.search(r"warmup=([0-9.]+)", settings.schedule)
    if found is None or float(found[1]) <= settings.epochs / 10:
        return settings, []
    short = f"warmup={settings.epochs / 10:g}"
    length = counted(settings.epochs, "epoch")
    said = f"The run has {length}, so the warm-up takes {settings.epochs / 10:g}."
    return replace(settings, schedule=settings.schedule.replace(found[0], short)), [said]
