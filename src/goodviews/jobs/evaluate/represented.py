"""The images of a dataset as an encoder and its baselines represent them.

Letters: N images, n of them asked for, F representation.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from goodviews.core.errors import InputError
from goodviews.core.progress import Report
from goodviews.data import Images, Splits
from goodviews.evaluation import represent
from goodviews.evaluation.encoders import Embed, Encoder
from goodviews.evaluation.large import all_finite
from goodviews.evaluation.seen import seen_sentence, share_seen

RAW, RANDOM = "raw pixels", "random weights"
"""Names of the baselines."""

_SOME = 512
"""Images on which the normalisation of drawn weights is measured."""


@dataclass(frozen=True, eq=False)
class Representation:
    """Every image as one encoder represents it.

    Attributes:
        name: Name in tables; encoders with random weights share one.
        role: ``encoder`` or ``baseline``.
        encoder: The function from images to representations.
        features: (N, F).
        seed: Random seed of drawn weights.
    """

    name: str
    role: str
    encoder: Encoder
    features: np.ndarray
    seed: int | None = None

    @property
    def label(self) -> str:
        """Its name with the seed, which tells encoders with random weights from each other."""
        return self.name if self.seed is None else f"{self.name} {self.seed}"


@dataclass(frozen=True, eq=False)
class Represented:
    """A dataset represented by an encoder and its baselines, ready for readouts.

    Attributes:
        images: The data.
        tasks: Names of the label columns.
        splits: Images to fit on and to test on.
        seed: Random seed of the split and of draws.
        device: Where encoders compute.
        encoder: The one that is evaluated.
        baselines: Random weights of each seed, then raw pixels.
        seen: Task to the share of tested images that the encoder was trained on, where known.
        notes: One sentence about each such share.
    """

    images: Images
    tasks: list[str]
    splits: Splits
    seed: int
    device: torch.device
    encoder: Representation
    baselines: list[Representation]
    seen: dict[str, float | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[Representation]:
        """The encoder first, then its baselines."""
        return [self.encoder, *self.baselines]

    @property
    def random(self) -> list[Representation]:
        """Encoders with random weights."""
        return [one for one in self.baselines if one.name == RANDOM]

    def features_of(self, embed: Embed, index: np.ndarray, name: str) -> np.ndarray:
        """Some images as a function represents them.

        Args:
            embed: Pixels and places to representations.
            index: (n,) which images.
            name: Name of the encoder, for messages.

        Returns:
            (n, F).

        Raises:
            InputError: There are values that are not finite.
        """
        return features_of(embed, self.images, index, name, self.device)


def represent_all(
    images: Images,
    encoder: Encoder,
    opened: Callable[[Any, int], Encoder],
    *,
    blank: str,
    seeds: int,
    tasks: list[str],
    splits: Splits,
    seed: int,
    device: torch.device,
    progress: Report,
) -> Represented:
    """Represent every image by an encoder, by encoders with random weights, and by its pixels.

    Args:
        images: The data.
        encoder: The one that is evaluated.
        opened: Opens an encoder by name and seed.
        blank: Name of the encoders with random weights.
        seeds: How many of those.
        tasks: Names of the label columns.
        splits: Images to fit on and to test on.
        seed: Random seed of the split and of draws.
        device: Where encoders compute.
        progress: Called with what is counted, how many are done and how many there are.

    Raises:
        InputError: An encoder cannot be opened, or gives values that are not finite.
    """
    wanted: list[tuple[str, Encoder, int | None]] = [(encoder.name, encoder, None)]
    wanted += [(RANDOM, opened(blank, number), number) for number in range(seeds)]
    if encoder.name != RAW:
        wanted.append((RAW, opened("pixels", 0), None))
    every = np.arange(len(images))
    some = every[:: max(1, len(every) // _SOME)][:_SOME]
    for _, one, _ in wanted:
        if one.module is not None:
            one.module.to(device)
        if one.settle is not None:
            one.settle(images.batch(some, device))
    made = []
    for number, (name, one, drawn) in enumerate(wanted):
        progress("encoders read", number, len(wanted))
        features = features_of(one.embed, images, every, name, device)
        role = "baseline" if number else "encoder"
        made.append(Representation(name, role, one, features, drawn))
    progress("encoders read", len(wanted), len(wanted))
    found = Represented(images, tasks, splits, seed, device, made[0], made[1:])
    for task in tasks:
        _note_seen(found, task, splits.test[task])
    return found


def features_of(
    embed: Embed, images: Images, index: np.ndarray, name: str, device: torch.device
) -> np.ndarray:
    """Some images, ``index`` (n,), as a function represents them, (n, F).

    Raises:
        InputError: There are values that are not finite.
    """
    table = represent(images, index, embed, device=device, batch=256)
    if not all_finite(table):
        raise InputError(f"{name} gives values that are not finite: train it again.")
    found: np.ndarray = table.numpy()
    return found


def _note_seen(found: Represented, task: str, tested: np.ndarray) -> None:
    """Note whether the encoder was trained on images that are tested."""
    encoder = found.encoder.encoder
    if encoder.trained is False:
        found.seen[task] = 0.0
        return
    share = found.seen[task] = share_seen(encoder.seen, found.images, tested)
    note = seen_sentence(encoder.name, encoder.seen, found.images, share, len(tested))
    found.notes.extend([note] if note not in found.notes else [])
