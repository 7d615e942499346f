"""The encoders of a comparison: the one that is asked about, and what it is compared with.

Letters: B images, C H W one image, N images, F representation.
"""

import copy
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError
from goodviews.core.progress import Reporter
from goodviews.encoders.maps import Maps
from goodviews.evaluation.encoders import Encoder, measure_norms
from goodviews.evaluation.openers import open_encoder
from goodviews.jobs.transfer.supervised import (
    Supervised,
    is_supervised,
    pretrain_supervised,
    read_supervised,
)
from goodviews.training.dense import MEASURED

RANDOM = "random"
_RANDOM_NAME = "random weights"


@dataclass(frozen=True)
class Arm:
    """One encoder of a comparison.

    Attributes:
        name: Name in tables, never a path.
        given: What opens it.
        drawn: Whether its weights are drawn again for each seed.
        detail: A few words on what it is.
    """

    name: str
    given: Any
    drawn: bool
    detail: str


def read_arms(
    encoder: Any,
    against: Sequence[Any],
    *,
    image: tuple[int, int, int],
    count: int,
    check: Callable[[Maps], object] = lambda _: None,
) -> list[Arm]:
    """Open each encoder once, so that a mistake is reported before anything is trained.

    Args:
        encoder: The encoder that is asked about.
        against: ``random`` for the same network with drawn weights, ``supervised`` or
            ``supervised:DATA`` for it pretrained on labels, or other encoders.
        image: (C, H, W) of the images that it is given.
        count: N.
        check: Raises an error where feature maps cannot be used; it may change them.

    Returns:
        The encoder, and what it is compared with, in their order; names are distinct.

    Raises:
        InputError: One of them cannot be opened, has no weights or no feature maps.
    """
    arms: list[Arm] = []
    first = _opened(encoder, image, count, 0)
    for given in (encoder, *against):
        if is_supervised(given):
            asked = read_supervised(given, encoder, first)
            told = f"{asked.settings.encoder}, {asked.shown:,} images shown with their labels"
            arms.append(Arm(asked.name, asked, False, told))
            continue
        if isinstance(given, str) and given == RANDOM:
            blank = first.blank or (encoder if first.trained is False else None)
            if blank is None:
                raise InputError(
                    "random needs a network that can be drawn again, but the encoder was given as "
                    "a module; name a spec with against=, such as convnet(width=16)."
                )
            arms.append(Arm(_RANDOM_NAME, blank, True, f"{blank}, drawn for each seed"))
            continue
        found = first if given is encoder else _opened(given, image, count, 0)
        made = maps_of(found, image)
        check(maps_of(found, image))
        drawn = found.trained is False
        sizes = ", ".join(f"{s} px: {c}" for s, c in zip(made.strides, made.channels, strict=True))
        arms.append(Arm(found.name, given, drawn, f"{found.detail}; maps of {sizes} channels"))
    seen: dict[str, int] = {}
    for place, arm in enumerate(arms):
        seen[arm.name] = seen.get(arm.name, 0) + 1
        if seen[arm.name] > 1:
            arms[place] = Arm(f"{arm.name} ({seen[arm.name]})", arm.given, arm.drawn, arm.detail)
    return arms


def with_supervised(arms: Sequence[Arm], home: Path, report: Reporter) -> list[Arm]:
    """The same arms, after those that learn from labels were pretrained.

    Args:
        arms: The arms.
        home: Folder of the transfer.
        report: Receives the progress.
    """
    return [
        replace(arm, given=pretrain_supervised(arm.given, home, report))
        if isinstance(arm.given, Supervised)
        else arm
        for arm in arms
    ]


def trained_whole(arms: Sequence[Arm]) -> tuple[list[Arm], list[str]]:
    """Arms whose drawn weights are never frozen, and a note on each.

    Args:
        arms: The encoders of a comparison.
    """
    drawn = [arm.name for arm in arms if arm.drawn and arm.name != _RANDOM_NAME]
    notes = [f"{name} has random weights, so all of it is trained." for name in drawn]
    named = [
        replace(arm, name="training from scratch") if arm.name == _RANDOM_NAME else arm
        for arm in arms
    ]
    return named, notes


def open_maps(arm: Arm, images: Tensor, *, count: int, seed: int, device: torch.device) -> Maps:
    """The feature maps of an arm, its batch-norm statistics measured on images first.

    So random weights are never used with running statistics as they were drawn, and every arm has
    the same normalisation.

    Args:
        arm: Which.
        images: (N, C, H, W) uint8, to measure on.
        count: Number of images of the set.
        seed: Random seed of drawn weights.
        device: Where it computes.
    """
    image = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
    encoder = _opened(arm.given, image, count, seed if arm.drawn else 0)
    some = images[:MEASURED]
    if encoder.settle is not None:
        encoder.settle(some[:8].float() / 255)
    maps = maps_of(encoder, image).to(device)
    measure_norms(maps, lambda: [maps(part.to(device).float() / 255) for part in some.split(8)])
    return maps


def maps_of(encoder: Encoder, image: tuple[int, int, int]) -> Maps:
    """The feature maps of an encoder that was opened; its own weights stay as they are."""
    if encoder.module is None:
        raise InputError(
            f"transfer needs an encoder with weights and feature maps, but got {encoder.name} "
            f"({encoder.detail}); name the folder of a pretraining run, timm:NAME or a spec."
        )
    return Maps(copy.deepcopy(encoder.module), image).eval()


def weights_hash(module: nn.Module) -> str:
    """16 hex digits of all weights and statistics."""
    total = hashlib.sha256()
    for name, value in module.state_dict().items():
        total.update(name.encode() + value.detach().cpu().numpy().tobytes())
    return total.hexdigest()[:16]


def _opened(given: Any, image: tuple[int, int, int], count: int, seed: int) -> Encoder:
    channels, height, width = image
    return open_encoder(given, channels=channels, size=(height, width), count=count, seed=seed)
