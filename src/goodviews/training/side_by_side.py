"""Several runs trained side by side on one device, as one model.

A small encoder leaves a GPU idle between its small kernels. Here every layer is computed once for
the encoders of all runs, and each run takes the steps that :func:`goodviews.training.train` takes
for it alone, up to rounding.

Letters: N runs, B examples of a batch, D embedding.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import vmap

from goodviews.core.errors import InputError
from goodviews.data import Images
from goodviews.objectives import total
from goodviews.training.diagnostics.monitor import History, check_finite
from goodviews.training.learners import Learner, PairLearner, build_learner
from goodviews.training.loop import TrainResult, batch_size, order_of
from goodviews.training.machine import launch, reuse_memory
from goodviews.training.optim import build_optimiser
from goodviews.training.schedule import build_schedule
from goodviews.training.settings import Settings
from goodviews.training.stack import Stack
from goodviews.views import Pictures, ViewPair


def train_side_by_side(
    images: Images,
    index: np.ndarray,
    pairs: Sequence[ViewPair],
    *,
    settings: Settings,
    seeds: Sequence[int],
) -> list[TrainResult]:
    """Pretrain the encoders of several pairs of views or seeds as one model.

    Args:
        images: Dataset.
        index: (N,) indices of the images to pretrain on.
        pairs: View pair of each run; their views have one shape.
        settings: Settings of all runs: one encoder for both views, and an objective of two
            embeddings, such as ``infonce()``, without memory, target or average.
        seeds: Random seed of each run.

    Returns:
        Encoders in evaluation mode and history of each run, in their order. The learning rates,
        batches and draws are those of :func:`goodviews.training.train`.

    Raises:
        InputError: The settings need more than stacked encoders, the architectures of the runs
            differ, or a loss is not finite.

    Example:
        >>> from goodviews.data import load
        >>> from goodviews.views import parse_view
        >>> images, pair = load("digits"), parse_view("crop()")
        >>> settings = Settings(encoder="convnet(width=4)", batch=32, epochs=1)
        >>> made = train_side_by_side(
        ...     images, np.arange(64), [pair, pair], settings=settings, seeds=[0, 1]
        ... )
        >>> [run.history.steps for run in made]
        [2, 2]
    """
    runs = list(zip(pairs, seeds, strict=True))
    batch = batch_size(settings, len(index), 1)
    per_epoch = len(index) // batch
    steps = settings.epochs * per_epoch
    learners = [
        _learner(images, index, pair, settings=settings, seed=seed, steps=steps)
        for pair, seed in runs
    ]
    optimiser, rule = build_optimiser(
        settings.optimiser,
        [one for learner in learners for one in learner.parameters()],
        batch=batch,
        slow=[one for learner in learners for one in learner.encoders.backbones.parameters()],
        share=settings.encoder_rate,
    )
    fabric = launch(settings)
    for learner in learners:
        fabric.setup_module(learner)
    stack = Stack([learner.encoders for learner in learners])
    kind = next(iter(stack.weights.values())).dtype
    loss = learners[0].objective.loss
    peaks = [group["lr"] for group in optimiser.param_groups]
    rate = build_schedule(settings.schedule, steps, epoch=per_epoch)
    histories = [History(per_epoch=per_epoch, total=steps, rule=rule) for _ in runs]
    source = _Source(images, index, fabric.device)
    with reuse_memory(fabric.device):
        for step in range(steps):
            epoch, place = divmod(step, per_epoch)
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * rate(step)
            places = [
                order_of(seed, epoch + 1, len(index))[place * batch : (place + 1) * batch]
                for _, seed in runs
            ]
            v1, v2 = (view.to(kind) for view in source.views(runs, places, epoch + 1))
            if step == 0:
                stack.check(v1, v2)
            with fabric.autocast():
                z1, z2 = stack(v1, v2)
                losses = vmap(lambda a, b: total(loss(a, b)))(z1, z2)
            fabric.backward(losses.sum())
            told = torch.stack([losses.detach(), stack.norms()]).cpu()
            for what, row in zip(("loss", "gradient"), told, strict=True):
                for (pair, seed), value in zip(runs, row, strict=True):
                    check_finite(
                        value, seed=seed, epoch=epoch + 1, step=step, view=repr(pair), what=what
                    )
            stack.hand_out()
            optimiser.step()
            optimiser.zero_grad()
            for history, (value, norm) in zip(histories, told.T.tolist(), strict=True):
                history.steps = step + 1
                history.losses.append(value)
                history.gradients.append(norm)
    stack.release()
    return [
        TrainResult(learner.encoders.eval(), history, rule)
        for learner, history in zip(learners, histories, strict=True)
    ]


def _learner(
    images: Images, index: np.ndarray, pair: ViewPair, *, settings: Settings, seed: int, steps: int
) -> Learner:
    """The learner that :func:`goodviews.training.train` starts with, if it can be stacked."""
    pair.check((images.channels, images.height, images.width), images.least_shape)
    first = torch.from_numpy(index[: min(len(index), 1024)])
    some = images.for_views(first, torch.device("cpu"), floats=True)
    v1, v2 = pair(some, seed=seed, samples=first, epoch=0)
    learner = build_learner(
        settings, v1, v2, shared=pair.alike, images=len(index), steps=steps, seed=seed
    )
    dropout = any(isinstance(one, nn.Dropout) and one.p > 0 for one in learner.modules())
    plain = type(learner) is PairLearner and learner.average is None and learner.encoders.shared
    if not plain or dropout or settings.accumulate > 1 or settings.precision == "16-mixed":
        raise InputError(
            "Runs train side by side with one encoder for both views, without dropout, and an "
            "objective of two embeddings, such as infonce(), without memory, average, "
            "accumulate or precision 16-mixed; use train() for each of these runs."
        )
    return learner


class _Source:
    """Views of the batches of several runs, from images that stay on the device of the runs."""

    def __init__(self, images: Images, index: np.ndarray, device: torch.device) -> None:
        self.images, self.index, self.device = images, index, device
        there = device.type == "cpu" or images.originals is not None
        self.held = None if there else images.raw(index, device)

    def raw(self, places: np.ndarray) -> Pictures:
        """Images at places in the index."""
        if self.held is None:
            return self.images.for_views(self.index[places], self.device)
        return self.held[torch.from_numpy(places).to(self.device)]

    def views(
        self, runs: list[tuple[ViewPair, int]], places: list[np.ndarray], epoch: int
    ) -> tuple[Tensor, Tensor]:
        """Both views of each run, (N, B, C, H, W); equal pairs are drawn and applied together."""
        alike: dict[str, list[int]] = {}
        for number, (pair, _) in enumerate(runs):
            alike.setdefault(repr(pair), []).append(number)
        made: dict[int, tuple[Tensor, Tensor]] = {}
        for numbers in alike.values():
            count = len(places[numbers[0]])
            seeds = torch.tensor([runs[number][1] for number in numbers]).repeat_interleave(count)
            some = np.concatenate([places[number] for number in numbers])
            both = runs[numbers[0]][0](
                self.raw(some),
                seed=seeds.to(self.device),
                samples=torch.from_numpy(self.index[some]).to(self.device),
                epoch=epoch,
            )
            parts = zip(*(view.chunk(len(numbers)) for view in both), strict=True)
            made |= zip(numbers, parts, strict=True)
        ordered = [made[number] for number in range(len(runs))]
        v1, v2 = (torch.stack(views) for views in zip(*ordered, strict=True))
        return v1, v2
