"""The passport of an encoder: what it was trained on and how, wherever its weights go."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from goodviews.core.origin import versions
from goodviews.data import Images
from goodviews.training.settings import Settings

PASSPORT = "passport.json"
"""File of the passport, beside the encoder; the encoder's own file holds it as well."""


def passport(
    settings: Settings,
    spelt: str,
    images: Images,
    *,
    seed: int,
    split: str,
    count: int,
    reading: Mapping[str, Any],
    start: str | None = None,
) -> dict[str, Any]:
    """What goes with the weights.

    Args:
        settings: How it was trained; ``views`` are those of the run.
        spelt: The views with every default written out.
        images: The data.
        seed: Number of the run.
        split: Hash of the split, empty where there is none.
        count: Images it was trained on.
        reading: How the images were asked to be read: ``channels`` and ``value_range``.
        start: Weights that it started from.
    """
    return {
        "views": settings.views,
        "views_spelt": spelt,
        "method": settings.name,
        "source": settings.source,
        "settings": asdict(settings),
        "data": {"name": images.name, "hash": images.hash, "split": split, "count": count},
        "channels": images.channels,
        "size": [images.height, images.width],
        "seed": seed,
        "versions": versions(),
        "measured_invariances": None,
        "reading": dict(reading),
        "start": start,
    }
