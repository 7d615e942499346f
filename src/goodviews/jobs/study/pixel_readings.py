"""What the feature maps of an encoder say about the class of each pixel.

A linear head is fitted on the maps by :func:`goodviews.training.dense.fit_best`, as in the job
``transfer``; mIoU decides. Scores are computed at the size at which the study works.

Letters: N images that draws use, M tested ones, C H W one image, K classes, R label draws.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from goodviews.data import Images
from goodviews.encoders.maps import Maps
from goodviews.evaluation import LabelDraw
from goodviews.evaluation.pixels import class_counts, mean_iou, miou_items
from goodviews.jobs.study.measures import by_part
from goodviews.jobs.study.plan import Task
from goodviews.jobs.study.task_readings import draw_mean
from goodviews.training.dense import (
    RATES,
    Dense,
    Inputs,
    Readable,
    fit_best,
    read_maps,
    resized,
)

STEPS = {"all": 100, "none": 300}
"""Optimiser steps of a head on a frozen encoder, and of training from scratch."""
_RATES = {"all": (1e-2, 1e-1), "none": RATES["none"]}
"""Learning rates to try; with few steps, heads need larger ones than those of ``transfer``."""
_BATCH, _NULL_DRAWS, _AT_ONCE = 8, 1, 32
_CHOOSE = 5
"""A learning rate is chosen on one image in so many of those that are fitted."""

Predict = Callable[[Inputs], Tensor]


class PixelValues(nn.Module):
    """Raw pixels as a feature map, for the baseline.

    Example:
        >>> PixelValues(3)(torch.zeros(2, 3, 8, 8))[0].shape
        torch.Size([2, 3, 8, 8])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels, self.strides = (channels,), (1,)

    def forward(self, images: Tensor) -> list[Tensor]:
        """The images (B, C, H, W)."""
        return [images]


@dataclass(eq=False)
class PixelReading:
    """The reading of one encoder on one task.

    Attributes:
        task: A task with a class for each pixel.
        images: Its images.
        maps: The encoder: :class:`goodviews.encoders.maps.Maps`, or raw pixels.
        device: Where it computes.
        seed: Random seed of heads and order.
        trained: Whether the encoder is trained with the head, from the weights it has.
        tick: Called after each draw.
    """

    task: Task
    images: Images
    maps: nn.Module
    device: torch.device
    seed: int = 0
    trained: bool = False
    tick: Callable[[], None] = lambda: None

    def read(self, *, brief: bool = False) -> dict[str, np.ndarray]:
        """Fit a head on every draw, and on some again with shuffled label images.

        Args:
            brief: Whether to leave the shuffled label images out.

        Returns:
            ``right`` (M,), whose mean is mIoU; ``top1`` and ``nats`` (M,), the share of right
            pixels and the mean log probability of the true class; ``draws`` and ``nats_draws``
            (R,); ``null`` (M,), mIoU with shuffled label images.
        """
        draws, truth = self.task.draws, self.truth
        found = [self._tested(draw, truth) for draw in draws]
        counts, logs = ([one[k] for one in found] for k in (0, 1))
        accuracy = [
            np.diagonal(one, axis1=1, axis2=2).sum(axis=1) / one.sum(axis=(1, 2)).clip(min=1)
            for one in counts
        ]
        places = self._placed(draws)
        made = {
            "right": self._averaged(draws, counts),
            "top1": draw_mean(self.task, self.index, places, accuracy),
            "nats": draw_mean(self.task, self.index, places, logs),
            "draws": np.array([mean_iou(one.sum(axis=0)) for one in counts]),
            "nats_draws": np.array([one.mean() for one in logs]),
        }
        if not brief and not self.trained:
            order = torch.from_numpy(np.random.default_rng(0).permutation(len(self.index)))
            some = draws if self.task.crossed else draws[:_NULL_DRAWS]
            blank = [self._tested(draw, truth[order])[0] for draw in some]
            made["null"] = self._averaged(some, blank)
        return made

    @cached_property
    def index(self) -> np.ndarray:
        """(N,) images that draws use."""
        fits = [draw.fit for draw in self.task.draws]
        return np.unique(np.concatenate([self.task.items, *fits]))

    @cached_property
    def truth(self) -> Tensor:
        """(N, H, W) int64 class numbers, -1 where a pixel does not count."""
        target = self.task.target
        assert target is not None
        assert target.values is not None
        return torch.from_numpy(target.values[self.index].astype(np.int64)).to(self.device)

    @cached_property
    def pixels(self) -> Tensor:
        """(N, C, H, W) images."""
        return self.images.batch(self.index, self.device)

    @cached_property
    def encoder(self) -> Readable:
        """The encoder, its features standardised on the images of the first draw."""
        first = np.searchsorted(self.index, self.task.draws[0].fit)
        return Readable(self.maps.to(self.device), self.pixels[first])  # type: ignore[arg-type]

    @cached_property
    def inputs(self) -> Inputs:
        """What heads are fitted to: images where the encoder is trained, otherwise its maps."""
        return self.pixels if self.trained else read_maps(self.encoder, self.pixels)

    @property
    def classes(self) -> int:
        """K."""
        assert self.task.target is not None
        return len(self.task.target.outputs)

    @cached_property
    def rate(self) -> float:
        """Learning rate of all draws, by the log probability on some images of the first one."""
        fit = np.searchsorted(self.index, self.task.draws[0].fit)
        held = fit[::_CHOOSE]
        rest = np.setdiff1d(fit, held)
        if not len(rest):
            return _RATES[self._freeze][-1]

        def score(predict: Predict) -> float:
            return float(self._scored(predict, held, self.truth)[1].mean())

        return self._fitted(rest, self.truth, _RATES[self._freeze], score)[1]

    @property
    def _freeze(self) -> str:
        return "none" if self.trained else "all"

    def _tested(self, draw: LabelDraw, truth: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Counts (n, K, K) and mean log probabilities (n,) of the tested images of a draw."""
        fit, test = (np.searchsorted(self.index, one) for one in (draw.fit, draw.test))
        predict, _ = self._fitted(fit, truth, [self.rate], lambda _: 0.0)
        self.tick()
        return self._scored(predict, test, truth)

    def _fitted(
        self,
        fit: np.ndarray,
        truth: Tensor,
        rates: Sequence[float],
        score: Callable[[Predict], float],
    ) -> tuple[Predict, float]:
        settings = Dense("pixels", self.classes, steps=STEPS[self._freeze], batch=_BATCH)
        rows = torch.from_numpy(fit).to(self.device)
        made = fit_best(
            self.encoder,
            _some(self.inputs, rows),
            truth[rows],
            settings=settings,
            rates=rates,
            score=score,
            seed=self.seed,
        )
        return made.predict, made.rate

    def _scored(
        self, predict: Predict, rows: np.ndarray, truth: Tensor
    ) -> tuple[np.ndarray, np.ndarray]:
        counts, logs = [], []
        for some in torch.from_numpy(rows).to(self.device).split(_AT_ONCE):
            own = truth[some]
            found = resized(predict(_some(self.inputs, some)), own.shape[-2:]).log_softmax(dim=1)
            known = own >= 0
            true = found.gather(1, own.clamp(min=0)[:, None])[:, 0]
            mean = (true * known).sum(dim=(1, 2)) / known.sum(dim=(1, 2)).clamp(min=1)
            logs.append(mean.cpu().numpy().astype(float))
            guess = found.argmax(dim=1).cpu().numpy()
            counts += [
                class_counts(one, right, classes=self.classes)
                for one, right in zip(guess, own.cpu().numpy(), strict=True)
            ]
        return np.stack(counts), np.concatenate(logs)

    def _placed(self, draws: Sequence[LabelDraw]) -> list[LabelDraw]:
        return [
            LabelDraw(np.searchsorted(self.index, one.fit), np.searchsorted(self.index, one.test))
            for one in draws
        ]

    def _averaged(self, draws: Sequence[LabelDraw], counts: Sequence[np.ndarray]) -> np.ndarray:
        """(M,) mean over draws of what decides, image by image."""
        chooses = np.isin(self.index, self.task.items[self.task.choose])
        values = []
        for one, draw in zip(counts, self._placed(draws), strict=True):

            def of(at: np.ndarray, one: np.ndarray = one) -> np.ndarray:
                return miou_items(one[at])

            values.append(by_part(chooses[draw.test], of))
        return draw_mean(self.task, self.index, self._placed(draws), values)


def encoder_maps(module: nn.Module, images: Images) -> Maps:
    """The feature maps of a module from pixels to representations, for the images of a task."""
    return Maps(module.eval(), (images.channels, images.height, images.width)).eval()


def _some(inputs: Inputs, rows: Tensor) -> Inputs:
    return inputs[rows] if isinstance(inputs, Tensor) else [level[rows] for level in inputs]
