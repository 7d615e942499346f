"""How long reading, views and model take on these images, and which of them is slow."""

import os
import time
from collections.abc import Callable

import numpy as np
import torch

from goodviews.data import Finding, Images
from goodviews.encoders import build_pair
from goodviews.spec.grammar import expand
from goodviews.training.pace import MINUTES, OWN, WORKING, lengths
from goodviews.training.small import small_settings
from goodviews.views import compiled, default_views, parse_view

_BATCH = 256
_ROUNDS = 3


def pace(images: Images) -> list[Finding]:
    """Time one training step's parts: median of three, after one to warm up.

    Args:
        images: :class:`goodviews.data.Images`.

    Returns:
        A :class:`goodviews.data.Finding`, of kind ``slow`` when reading or views take more
        than a third of the step; and, where there are labels, one on the time of a study.
    """
    text = default_views(images.channels, min(images.height, images.width))
    family = expand(text)
    pair = parse_view(family.specs[0] if family else text)
    rows = np.random.default_rng(0).permutation(len(images))[:_BATCH]
    samples = torch.from_numpy(rows)
    settings = small_settings(pair.side((images.channels, images.height, images.width)))

    def views() -> tuple[torch.Tensor, torch.Tensor]:
        return pair(images.for_views(rows), seed=0, samples=samples, epoch=0)

    v1, v2 = views()
    encoders = build_pair(
        settings.encoder, v1, v2, shared=pair.alike, head=settings.head, seed=0
    ).to(memory_format=torch.channels_last)

    def model() -> None:
        z1, z2 = encoders(v1, v2)
        (z1 * z2).sum().backward()

    read = _median(lambda: images.for_views(rows))
    made = max(_median(views) - read, 0.0)
    taught = _median(model)
    step = read + made + taught
    sentence = (
        f"A step of {len(rows)} images on this CPU, {torch.get_num_threads()} "
        f"thread{'s' * (torch.get_num_threads() > 1)}: reading {1e3 * read:.1f} ms, "
        f"two views {1e3 * made:.1f} ms, model {1e3 * taught:.1f} ms."
    )
    found = [_slowest(sentence, read, made, step)]
    if images.labels:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        found.append(_study(images, (_median(views) + _median(model)) / len(rows)))
        torch.set_num_threads(threads)
    return found


def _study(images: Images, each: float) -> Finding:
    """How long a study takes that finds the views, from the seconds of one image."""
    side = min(images.height, images.width)
    scale = (WORKING / side) ** 2 if side > OWN else 1.0
    workers = os.cpu_count() or 1
    seconds = 60 * MINUTES * workers
    at = f"at {WORKING} pixels" if side > OWN else f"at {images.height}x{images.width} pixels"
    planned = lengths(each * scale, seconds=seconds)
    text = planned.words(seconds, workers, what=f"A study {at}")
    if side > OWN:
        own = lengths(each, seconds=seconds).seconds / 60 / workers
        text += f" At their own size ({images.height}x{images.width}) at least {own:.0f} minutes."
    return Finding("read", text, "")


def _slowest(sentence: str, read: float, made: float, step: float) -> Finding:
    if read > step / 3:
        advice = "Reading is slow: put the cache on a faster disk (GOODVIEWS_CACHE)."
        return Finding("slow", sentence, advice)
    if made > step / 3:
        advice = (
            "The views are slow for so small a model; a larger one hides them."
            if compiled.available()
            else "The views are slow: pip install numba brings their fast path."
        )
        return Finding("slow", sentence, advice)
    return Finding("read", sentence, "The model takes most of it, as it should.")


def _median(work: Callable[[], object]) -> float:
    """Wall seconds."""
    work()
    taken = []
    for _ in range(_ROUNDS):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return sorted(taken)[_ROUNDS // 2]
