"""How many nats two views share: pretrain, fit the temperature, bound on held-out pairs.

An encoder is pretrained with the views, as in a study. The temperature of the critic is fitted
on pretraining pairs, with draws that training never took, and the bound is read on held-out
pairs: nothing that is reported was seen by what was fitted.

Letters: N images, B of them in a batch, D embedding, K candidates.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.data import Data, Images, load, splits
from goodviews.encoders import PairEncoder
from goodviews.evaluation import fit_temperature, held_out_bound
from goodviews.information import Estimate
from goodviews.training import Settings, Steady, train
from goodviews.training.diagnostics.monitor import History, levelled_off
from goodviews.training.small import small_settings
from goodviews.views import ViewPair, parse_view

_FITTED = 1024
"""Pretraining pairs on which the temperature is fitted."""

_BATCH = 1024
"""Images that are embedded at a time."""


@dataclass(frozen=True)
class Draws:
    """Which draws of the views a measurement uses; training takes none of them.

    Attributes:
        temperature: Number of the draw on which the temperature is fitted.
        first: Number of the first draw that is reported.
        count: Number of draws that the reported bound is averaged over.
        looks: Number of draws of each bound that is taken during training; with 0, none is
            taken, and :attr:`SharedNats.levelled_off` is false.
        floats: Whether 8-bit pixels become floats before the views and not within them, which
            rounds the last digit in another way.

    Example:
        >>> Draws(count=4).count, Draws().first
        (4, 1)
    """

    temperature: int = 0
    first: int = 1
    count: int = 2
    looks: int = 1
    floats: bool = False


@dataclass(frozen=True, eq=False)
class SharedNats:
    """A bound on what two views share, with everything it rests on.

    Attributes:
        estimate: The InfoNCE bound, in nats, with its standard error and its ceiling log K.
        encoders: The pretrained encoders, in evaluation mode.
        temperature: The fitted temperature of the critic.
        history: What happened in training, bounds along the way included.
        steady: The run at the end of its steady part; only with ``keep_steady``.

    Example:
        >>> images = load(np.random.default_rng(0).random((80, 8, 8)))
        >>> found = shared_nats("noise(std=0.1)", images, epochs=1, encoder="convnet(width=4)")
        >>> found.estimate.side, found.nats <= found.estimate.ceiling_nats
        ('lower', True)
    """

    estimate: Estimate
    encoders: PairEncoder
    temperature: float
    history: History
    steady: Steady | None = None

    @property
    def nats(self) -> float:
        """The bound; see :attr:`estimate`."""
        return self.estimate.nats

    @property
    def levelled_off(self) -> bool:
        """Whether longer training would hardly raise the bound."""
        return levelled_off(self.history)

    def __str__(self) -> str:
        return str(self.estimate)


def shared_nats(
    view: str | ViewPair,
    images: Data,
    *,
    settings: Settings | None = None,
    epochs: int | None = None,
    encoder: str | None = None,
    seed: int = 0,
    candidates: int | None = None,
    pretrain_on: np.ndarray | None = None,
    held_out: np.ndarray | None = None,
    draws: Draws | None = None,
    tick: Callable[[], None] | None = None,
    steady: Steady | None = None,
    keep_steady: bool = False,
) -> SharedNats:
    """Bound from below how many nats two views of an image share, I(v1; v2).

    Source: van den Oord et al., 2018, arXiv:1807.03748; Tian et al., 2020, arXiv:2005.10243.

    Args:
        view: Spec of the two views, such as ``"crop()"``, or the pair itself.
        images: The data: :class:`goodviews.data.Images`, or anything that
            :func:`goodviews.data.load` takes.
        settings: How the encoder is pretrained; that of a study by default.
        epochs: Passes over the pretraining images, instead of those in ``settings``.
        encoder: Spec of the encoder, instead of the one in ``settings``.
        seed: Number of the run: initialisation, order and draws.
        candidates: K; all held-out images by default, at most 4,096.
        pretrain_on: Places of the images to pretrain on; those of a study by default.
        held_out: Places of the images to report on, none of them pretrained on; those of a
            study by default.
        draws: Which draws of the views are used.
        tick: Called after each epoch.
        steady: The same run at a shorter length, which is continued; see
            :func:`goodviews.training.train`.
        keep_steady: Whether the result holds the state that ``steady`` expects.

    Returns:
        The bound, never above its ceiling log K, and the encoders. The same arguments give the
        same numbers, and those of a study cell.

    Raises:
        InputError: The view does not fit the images, too few images are held out for K, or the
            loss stopped being finite.

    Example:
        >>> import numpy as np
        >>> photos = np.random.default_rng(0).integers(0, 256, (160, 12, 12), dtype=np.uint8)
        >>> found = shared_nats("crop()", photos, epochs=2, encoder="convnet(width=4)")
        >>> found.estimate.side, found.estimate.candidates
        ('lower', 64)
        >>> found.nats <= found.estimate.ceiling_nats
        True
    """
    data = images if isinstance(images, Images) else load(images)
    pair = parse_view(view) if isinstance(view, str) else view
    draws = draws or Draws()
    if settings is None:
        settings = small_settings(pair.side((data.channels, data.height, data.width)))
    if epochs is not None:
        settings = replace(settings, epochs=epochs)
    if encoder is not None:
        settings = replace(settings, encoder=encoder)
    if pretrain_on is None or held_out is None:
        parts = splits(data)
        pretrain_on = parts.pretrain if pretrain_on is None else pretrain_on
        held_out = parts.held_out if held_out is None else held_out
    fitted, reported = pretrain_on[:_FITTED], held_out
    if candidates is not None and not 2 <= candidates <= len(held_out):
        raise InputError(
            f"candidates must be between 2 and {len(held_out)}, the number of held-out images, "
            f"but got {candidates}."
        )

    def bound(encoders: PairEncoder, count: int) -> tuple[Estimate, float]:
        def embed(rows: np.ndarray, draw: int) -> tuple[Tensor, Tensor]:
            return embed_views(
                encoders, pair, data, rows, seed=seed, draw=draw, floats=draws.floats
            )

        temperature = fit_temperature(*embed(fitted, draws.temperature))
        found = held_out_bound(
            lambda rows, draw: embed(rows, draws.first + draw),
            reported,
            candidates=candidates or min(len(reported), 4096),
            temperature=temperature,
            draws=count,
            groups=data.groups,
        )
        return found, temperature

    def look(encoders: PairEncoder) -> tuple[float, float]:
        found, _ = bound(encoders, draws.looks)
        return found.nats, found.stderr_nats

    trained = train(
        data,
        pretrain_on,
        pair,
        settings=settings,
        seed=seed,
        look=look if draws.looks else None,
        tick=tick,
        steady=steady,
        keep_steady=keep_steady,
    )
    estimate, temperature = bound(trained.encoders, draws.count)
    if draws.looks:
        final = (trained.history.steps, estimate.nats, estimate.stderr_nats)
        trained.history.bounds.append(final)
    return SharedNats(estimate, trained.encoders, temperature, trained.history, trained.steady)


@torch.no_grad()
def embed_views(
    encoders: PairEncoder,
    pair: ViewPair,
    images: Images,
    rows: np.ndarray,
    *,
    seed: int,
    draw: int,
    floats: bool = False,
) -> tuple[Tensor, Tensor]:
    """Embeddings of both views of some images, under draws that training never took.

    Args:
        encoders: The trained encoders, in evaluation mode.
        pair: The two views.
        images: The data.
        rows: (B,) places of the images.
        seed: Number of the run.
        draw: Number of the draw, 0 or more; another number gives other views.
        floats: See :attr:`Draws.floats`.

    Returns:
        Two tensors (B, D), on the device of the encoders.

    Example:
        >>> from goodviews.encoders import build_pair
        >>> images, pair = load("digits"), parse_view("crop()")
        >>> some = images.batch(np.arange(8))
        >>> encoders = build_pair(
        ...     "convnet(width=4)", some, some, shared=True, head="linear(dim=5)", seed=0
        ... ).eval()
        >>> z1, z2 = embed_views(encoders, pair, images, np.arange(8), seed=0, draw=1)
        >>> z1.shape, torch.equal(z1, z2)
        (torch.Size([8, 5]), False)
    """
    device = next(encoders.parameters()).device
    made: tuple[list[Tensor], list[Tensor]] = ([], [])
    for begin in range(0, len(rows), _BATCH):
        some = rows[begin : begin + _BATCH]
        x_BCHW = images.for_views(some, device, floats=floats)
        for which in (0, 1):
            view = pair.view(
                which, x_BCHW, seed=seed, samples=torch.from_numpy(some), epoch=-1 - draw
            )
            made[which].append(encoders.embed(which, view))
    return torch.cat(made[0]), torch.cat(made[1])
