"""What cells read: an encoder's representation, one view alone, and the baselines.

Letters: M tested items, R label draws, F representation.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from goodviews.encoders import PairEncoder, build_pair
from goodviews.evaluation import LabelDraw, evaluate_readout, represent
from goodviews.evaluation.encoders import settle
from goodviews.jobs.study.parts import FIT, scratch_steps
from goodviews.jobs.study.plan import BASELINES, Cell, Plan, Task
from goodviews.training.small import scratch_encoder
from goodviews.training.supervised import train_supervised
from goodviews.views import ViewPair, parse_view

_READER_DRAWS = 4
_READER_PENALTY = 1e-2
_SETTLED = 512
"""Images on which the normalisation of random weights is measured."""
_SIDE = 3072
"""Raw values above which raw pixels are averaged down for the baseline."""


Read = Callable[[Task], dict[str, np.ndarray]]


def of_encoder(plan: Plan, encoders: PairEncoder, pair: ViewPair | None = None) -> Read:
    """How a task is evaluated on the frozen representation of an encoder.

    Each encoder reads whole images in the form of its own view (its channels, its colour
    space), and what two encoders make is concatenated.
    """
    pair = pair or parse_view("identity()")
    device = next(encoders.parameters()).device

    def read(task: Task) -> dict[str, np.ndarray]:
        index, draws = _compact(task)
        made = represent(
            plan.task_images,
            index,
            lambda x, _: encoders.represent(pair.plain(0, x), pair.plain(1, x)),
            device=device,
        )
        return _read(task, index, draws, made.numpy(), brief=bool(plan.screened))

    return read


def _read(
    task: Task,
    index: np.ndarray,
    draws: list[LabelDraw],
    features: np.ndarray,
    *,
    brief: bool = False,
) -> dict[str, np.ndarray]:
    """Evaluate a readout, and again with shuffled labels: the null of every study.

    A brief one, of a run that only chooses, has neither that null nor nearest neighbours.
    """
    labels, classes = task.labels[index], len(task.classes)
    groups = None if task.groups is None else task.groups[index]
    found = evaluate_readout(
        features, labels, draws, classes=classes, groups=groups, knn=not brief
    )
    if brief:
        return {"right": found.right, "nats": found.log_prob, "draws": found.by_draw}
    shuffled = np.random.default_rng(0).permutation(labels)
    null = evaluate_readout(
        features,
        shuffled,
        draws if task.crossed else draws[:_READER_DRAWS],
        classes=classes,
        penalty=found.penalty,
        knn=False,
    )
    made = {
        "right": found.right,
        "nats": found.log_prob,
        "knn": found.knn_right,
        "draws": found.by_draw,
        "nats_draws": found.log_by_draw,
        "null": null.right,
    }
    return made


class Kept(NamedTuple):
    """What a fixed reader takes, as log probabilities of the right class, nats.

    Attributes:
        view: (M,) from one view; of two different ones from that which says less.
        other: (M,) from the other view, or nothing where both come from one spec.
        image: (M,) from the whole image.
        draws: (R,) mean of view less image, by label draw.
    """

    view: np.ndarray
    other: np.ndarray | None
    image: np.ndarray
    draws: np.ndarray


def view_reader(plan: Plan, pair: ViewPair, seed: int) -> Callable[[Task], Kept]:
    """What a fixed reader takes from one view, and from the whole image, about a task.

    The reader is an untrained encoder under a linear readout: it owes nothing to any view.
    Of two different views the one that says less counts.
    """
    images = plan.task_images

    def read(task: Task) -> Kept:
        index, draws = _compact(task)
        draws = draws[: _READER_DRAWS if not task.crossed else len(draws)]
        count, classes = len(index), len(task.classes)
        labels = np.tile(task.labels[index], 2)
        twice = [
            LabelDraw(np.r_[d.fit, d.fit + count], np.r_[d.test, d.test + count]) for d in draws
        ]

        def score(which: int | None) -> tuple[np.ndarray, np.ndarray]:
            x = images.batch(index[:256])
            if which is None:
                made, parts = x, 1
            else:
                made = pair.view(
                    which, x, seed=seed, samples=torch.from_numpy(index[:256]), epoch=0
                )
                parts = 2
            encoder = build_pair(
                plan.settings.encoder, made, made, shared=True, head="linear(dim=8)", seed=seed
            ).eval()
            both = []
            for draw in range(parts):

                def embed(pixels: Tensor, rows: Tensor, draw: int = draw) -> Tensor:
                    if which is not None:
                        pixels = pair.view(which, pixels, seed=seed, samples=rows, epoch=-9 - draw)
                    return encoder.represent(pixels)

                both.append(represent(images, index, embed).numpy())
            features = np.concatenate(both if parts == 2 else both * 2)
            found = evaluate_readout(
                features, labels, twice, classes=classes, penalty=_READER_PENALTY, knn=False
            )
            total = np.zeros(2 * count)
            total[found.items] = found.log_prob
            place = np.searchsorted(index, task.items)
            return (total[place] + total[place + count]) / 2, found.log_by_draw

        sides = [score(0)] if pair.same else [score(0), score(1)]
        sides.sort(key=lambda side: float(side[0].mean()))
        (view, by_draw), other = sides[0], sides[1][0] if len(sides) == 2 else None
        image, image_by_draw = score(None)
        return Kept(view, other, image, by_draw - image_by_draw)

    return read


def baseline(
    plan: Plan, cell: Cell, seed: int, tick: Callable[[str], None] = lambda _: None
) -> Read:
    """How a task is evaluated without pretraining: raw pixels, random weights, from scratch."""
    images = plan.task_images
    if cell.view == BASELINES[0]:

        def pixels(task: Task) -> dict[str, np.ndarray]:
            index, draws = _compact(task)
            made = represent(images, index, lambda x, _: _raw(x))
            return _read(task, index, draws, made.numpy())

        return pixels
    some = images.batch(np.arange(min(len(images), 1024)))
    if cell.view == BASELINES[1]:
        encoders = build_pair(
            plan.settings.encoder,
            some,
            some,
            shared=True,
            head=plan.settings.head,
            seed=seed,
        )
        settle(encoders.eval(), encoders.represent, some[:_SETTLED])
        return of_encoder(plan, encoders)

    settings = replace(plan.settings, encoder=scratch_encoder(plan.settings.encoder))
    augment = parse_view("translate(0.1)|flip()" if images.channels == 3 else "translate(0.1)")

    def scratch(task: Task) -> dict[str, np.ndarray]:
        total = np.zeros((4, len(images)))
        by_draw, log_by_draw = [], []
        for number, draw in enumerate(task.draws):
            model = train_supervised(
                images,
                draw.fit,
                task.labels[draw.fit],
                augment,
                classes=len(task.classes),
                settings=settings,
                seed=seed + number,
                steps=scratch_steps(len(draw.fit)),
            )
            device = next(model.parameters()).device
            logits = represent(images, draw.test, partial(_logits, model), device=device)
            logs = logits.log_softmax(dim=1).numpy()
            truth = task.labels[draw.test]
            right = logs.argmax(axis=1) == truth
            log_right = logs[np.arange(len(truth)), truth]
            total[:3, draw.test] += [np.ones(len(truth)), right, log_right]
            by_draw.append(right.mean())
            log_by_draw.append(log_right.mean())
            tick(FIT)
        done = total[:, task.items]
        return {
            "right": done[1] / done[0],
            "nats": done[2] / done[0],
            "draws": np.array(by_draw),
            "nats_draws": np.array(log_by_draw),
        }

    return scratch


def _logits(model: nn.Module, pixels: Tensor, _: Tensor) -> Tensor:
    features: Tensor = model(pixels)
    return features


def _raw(x: Tensor) -> Tensor:
    while x[0].numel() > _SIDE and min(x.shape[-2:]) > 1:
        x = torch.nn.functional.avg_pool2d(x, 2)
    return x.flatten(1)


def _compact(task: Task) -> tuple[np.ndarray, list[LabelDraw]]:
    """Only the images that a draw uses, and the draws as places among them."""
    index = np.unique(np.concatenate([task.items, *(draw.fit for draw in task.draws)]))
    return index, [
        LabelDraw(np.searchsorted(index, draw.fit), np.searchsorted(index, draw.test))
        for draw in task.draws
    ]
