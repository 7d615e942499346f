"""What learned views of mixed bands are compared with, and who does what with the examples."""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.data import Images, world_images
from goodviews.training import Settings
from goodviews.training.view_learning import Game, split_of
from goodviews.worlds import Bands
from goodviews_experiments.learned_views.arms import Parts

BANDS = 6
SHAPES = [1, 2, 4, 5]
"""Planes of the world that hold a shape; the other two hold the texture."""

_GAME = Game(
    generator="linear()", views="", split="split(3)", generator_rate=3e-3, temperature=0.2,
    label_weight=5.0, steps=600, look_every=50, give=0.1, device="cpu",
)  # fmt: skip
_PRETRAINING = Settings(epochs=10, device="cpu")


@dataclass(frozen=True)
class BandsTable:
    """Settings of the run.

    Attributes:
        size: Pixels of the world.
        count: Examples.
        test: Examples that are tested.
        held_out: Examples for the bound; none of them trains.
        labelled: Training examples whose labels are known, for the game and for the readout.
        candidates: K of the bound.
        looks: Generators of one game among which new encoders choose.
        games: Name, and what differs in its game; all others are ``game``.
        game: Game of every learned arm.
        pretraining: How the new encoders are pretrained.
        fixed: How many splits of the bands are run; ``None`` for every one.
        seeds: Numbers of the runs. The CPU's scale leaves out 0 to 2, with which ``give``, the
            number of labels and the patience with lost labels were set.
    """

    size: int = 16
    count: int = 6000
    test: int = 1000
    held_out: int = 512
    labelled: int = 1000
    candidates: int = 512
    looks: int = 6
    games: tuple[tuple[str, dict[str, Any]], ...] = (
        ("semi, matrix", {}),
        ("unsupervised, matrix", {"mode": "unsupervised"}),
        ("supervised, matrix", {"mode": "supervised"}),
        ("semi, affine coupling", {"generator": "nvp()", "generator_rate": 1e-3}),
    )
    game: Game = _GAME
    pretraining: Settings = _PRETRAINING
    fixed: int | None = None
    seeds: tuple[int, ...] = (0, 1, 2)


SCALE = {
    "test": BandsTable(
        count=600, test=200, held_out=64, labelled=240, candidates=32, looks=2,
        fixed=2, seeds=(0,), games=(("semi, matrix", {}),),
        game=Game(
            generator="linear()", views="", split="split(3)", encoder="convnet(width=4)",
            head="projector(dim=8)", steps=4, batch=32, labelled_batch=16, warm_up=1,
            look_every=2, candidates=32, give=0.0, device="cpu",
        ),
        pretraining=Settings(
            epochs=1, encoder="convnet(width=4)", head="projector(dim=8)", device="cpu"
        ),
    ),
    "cpu": BandsTable(seeds=(3, 4, 5)),
    "gpu": BandsTable(
        size=32, count=20_000,
        game=replace(_GAME, steps=3000, look_every=250, device="auto"),
        pretraining=Settings(epochs=100), seeds=tuple(range(5)),
    ),
}  # fmt: skip


def every_split(channels: int) -> list[str]:
    """Every way to part channels into two views, once each, as specs.

    Example:
        >>> every_split(3)[0], len(every_split(6))
        ('channels((0,)) // channels((1, 2))', 31)
    """
    made = []
    for size in range(1, channels // 2 + 1):
        for own in combinations(range(channels), size):
            if 2 * size == channels and 0 not in own:
                continue
            rest = tuple(c for c in range(channels) if c not in own)
            made.append(f"channels({own}) // channels({rest})")
    return made


def crosstalk(matrix: Tensor, split: int) -> float:
    """How much both views hold of what only one should: 0 none, 0.5 as much as the other.

    Args:
        matrix: (6, 6), from bands before the logistic function to channels; a view of the bands
            themselves has that of their order.
        split: How many channels are the first view.

    Returns:
        Of each plane with a shape, the smaller share of its energy; the mean over the four.

    Example:
        >>> crosstalk(torch.linalg.inv(Bands.matrix()), 3) < 1e-10
        True
    """
    shown = matrix @ Bands.matrix()
    shown = (shown / shown.norm(dim=1, keepdim=True)).square()
    first, second = shown[:split].sum(0), shown[split:].sum(0)
    return float((torch.minimum(first, second) / (first + second))[SHAPES].mean())


def sides_of(split: str, channels: int = 6) -> tuple[Tensor, int]:
    """The order in which a split takes channels, as a matrix, and how many are the first view.

    Example:
        >>> sides_of("channels((1,)) // channels((0, 2))", 3)
        (tensor([[0., 1., 0.],
                [1., 0., 0.],
                [0., 0., 1.]]), 1)
    """
    basis = torch.eye(channels)[..., None, None]
    first, second = (side.apply(basis, {}).flatten(1) for side in split_of(split))
    return torch.cat([first, second], dim=1).T, first.shape[1]


def bands_parts(settings: BandsTable) -> tuple[Parts, Parts]:
    """The bands, and the planes behind them; the same examples do the same things in both."""
    world = Bands(settings.size)
    bands = world_images(world, name="bands", count=settings.count, seed=0)
    order = np.random.default_rng(0).permutation(len(bands))
    test, rest = order[: settings.test], order[settings.test :]
    held_out, rest = rest[: settings.held_out], rest[settings.held_out :]
    parts = Parts(
        bands, bands.labels["texture"], np.sort(rest), held_out,
        np.sort(rest[: settings.labelled]), test,
    )  # fmt: skip
    return parts, replace(parts, images=_planes(bands, world))


def _planes(bands: Images, world: Bands) -> Images:
    """The planes behind some bands, squeezed into [0, 1]: what unmixing them well would leave."""
    found = world.unmix(bands.batch(np.arange(len(bands)))).numpy()
    low, high = np.quantile(found, (0.001, 0.999))
    pixels = np.clip((found - low) / (high - low), 0, 1)
    return replace(
        bands, name="planes", pixels=pixels, scale=(0.0, 1.0), hash=f"{bands.hash}, unmixed",
        source="The planes behind the bands, unmixed by the matrix that mixed them.",
    )  # fmt: skip
