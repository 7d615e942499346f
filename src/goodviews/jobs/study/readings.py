"""What cells read: an encoder's representation, one view alone, and the baselines.

Letters: M tested items, N of them, R label draws, F representation.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from goodviews.data.folds import folds
from goodviews.encoders import PairEncoder, build_pair
from goodviews.evaluation import LabelDraw, evaluate_readout, represent
from goodviews.evaluation.encoders import settle
from goodviews.evaluation.label_information import LabelInformation, label_information
from goodviews.evaluation.openers import Represented
from goodviews.evaluation.patches import Patches
from goodviews.evaluation.task_readout import of_network
from goodviews.jobs.study.measures import ClassDraws, even_items
from goodviews.jobs.study.parts import FIT
from goodviews.jobs.study.pixel_readings import PixelReading, PixelValues, encoder_maps
from goodviews.jobs.study.plan import BASELINES, Cell, Plan, Task
from goodviews.jobs.study.task_readings import gathered, read_target
from goodviews.training.small import light_augmentation, scratch_encoder
from goodviews.training.supervised import train_supervised
from goodviews.views import ViewPair, parse_view

_NULL_DRAWS = 4
_READ, _READ_DRAWS, _READ_MOST, _READ_FOLDS = 2400, 8, 1200, 5
"""For I(v; y): views in all, draws of each image and images, at most; and folds."""
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
        if of_pixels(task):
            maps = encoder_maps(Represented(encoders, pair), plan.task_images)
            reading = PixelReading(task, plan.task_images, maps, device)
            return reading.read(brief=bool(plan.screened))
        index, draws = used_items(task)
        made = represent(
            plan.task_images,
            index,
            lambda x, _: encoders.represent(pair.plain(0, x), pair.plain(1, x)),
            device=device,
        )
        return read_features(task, index, draws, made.numpy(), brief=bool(plan.screened))

    return read


def read_features(
    task: Task,
    index: np.ndarray,
    draws: list[LabelDraw],
    features: np.ndarray,
    *,
    brief: bool = False,
) -> dict[str, np.ndarray]:
    """Evaluate a readout, and again with shuffled labels: the null of every study.

    A brief one, of a run that only chooses, has neither that null nor nearest neighbours.

    Args:
        task: The task.
        index: (N,) the items that draws use.
        draws: The draws, as places among them.
        features: (N, F) representations.
        brief: Whether the run only chooses.
    """
    if task.target is not None:
        return read_target(task, index, draws, features, brief=brief)
    labels, classes = task.labels[index], len(task.classes)
    groups = None if task.groups is None else task.groups[index]
    each = ClassDraws(task, index)
    found = evaluate_readout(
        features, labels, draws, classes=classes, groups=groups, knn=not brief, look=each.add
    )
    made = each.results()
    if brief:
        return {name: made[name] for name in ("right", "nats", "draws", "top1") if name in made}
    shuffled = np.random.default_rng(0).permutation(labels)
    null = evaluate_readout(
        features,
        shuffled,
        draws[:_NULL_DRAWS] if len(draws[0].test) == len(task.items) else draws,
        classes=classes,
        penalty=found.penalty,
        knn=False,
    )
    near, blank = found.knn_right, null.right
    if task.measure == "balanced accuracy":
        near = even_items(task, near, task.labels[task.items])
        blank = even_items(task, blank, shuffled[np.searchsorted(index, task.items)])
    return {**made, "knn": near, "null": blank}


class LabelReading(NamedTuple):
    """What one view says about the label.

    Attributes:
        view: By a classifier trained on the view; of two different views the one that says less.
        other: The same of the other view, or nothing where both come from one spec.
        items: (N,) the images that were read, as places among the tested ones.
    """

    view: LabelInformation
    other: LabelInformation | None
    items: np.ndarray


def view_reader(plan: Plan, pair: ViewPair, seed: int) -> Callable[[Task], LabelReading]:
    """How much one view says about the label of a task: a lower bound on I(v; y).

    A classifier is trained on views of some of the tested images, which no encoder was trained
    on, and reports on others: see :func:`goodviews.evaluation.label_information`. It owes nothing
    to any encoder, so views whose encoders learned badly are not read worse for it.

    Args:
        plan: The study.
        pair: The views.
        seed: Number of their draws.
    """
    images = plan.task_images
    sides: dict[bytes, list[Tensor]] = {}

    def features(index: np.ndarray) -> list[Tensor]:
        draws = min(max(_READ // len(index), 2), _READ_DRAWS)
        made = []
        for which in (0,) if pair.same else (0, 1):

            def shown(rows: np.ndarray, draw: int, which: int = which) -> Tensor:
                x = images.for_views(rows, floats=True)
                samples = torch.from_numpy(rows)
                return pair.view(which, x, seed=seed, samples=samples, epoch=-9 - draw)

            describe = Patches(shown(index[:512], 0))
            parts = np.array_split(index, -(-len(index) // 512))
            made.append(
                torch.stack(
                    [torch.cat([describe(shown(p, draw)) for p in parts]) for draw in range(draws)]
                )
            )
        return made

    def read(task: Task) -> LabelReading:
        rng, count = np.random.default_rng(0), len(task.items)
        items = np.sort(rng.choice(count, min(count, _READ_MOST), replace=False))
        index = task.items[items]
        groups = None if task.groups is None else task.groups[index]
        labels, classes = task.labels[index], len(task.classes)
        cut = folds(np.arange(len(index)), labels, _READ_FOLDS, seed=0, groups=groups)
        key = index.tobytes()
        if key not in sides:
            sides.clear()
            sides[key] = features(index)
        told = [
            label_information(made, labels, [inside for _, inside in cut], classes=classes)
            for made in sides[key]
        ]
        told.sort(key=lambda side: side.nats)
        return LabelReading(told[0], told[1] if len(told) == 2 else None, items)

    return read


def baseline(
    plan: Plan, cell: Cell, seed: int, tick: Callable[[str], None] = lambda _: None
) -> Read:
    """How a task is evaluated without pretraining: raw pixels, random weights, from scratch."""
    images = plan.task_images
    if cell.view == BASELINES[0]:

        def pixels(task: Task) -> dict[str, np.ndarray]:
            if of_pixels(task):
                maps = PixelValues(images.channels)
                return PixelReading(task, images, maps, torch.device("cpu")).read()
            index, draws = used_items(task)
            made = represent(images, index, lambda x, _: _raw(x))
            return read_features(task, index, draws, made.numpy())

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
    augment = parse_view(light_augmentation(images.channels))

    def scratch_target(task: Task) -> dict[str, np.ndarray]:
        assert task.target is not None
        assert task.target.values is not None
        index, draws = used_items(task)
        made = []
        for number, draw in enumerate(task.draws):
            model = train_supervised(
                images,
                draw.fit,
                task.target.values[draw.fit],
                augment,
                classes=len(task.target.outputs),
                settings=settings,
                seed=seed + number,
                kind=task.target.kind,
            )
            device = next(model.parameters()).device
            found = represent(images, draw.test, partial(_logits, model), device=device)
            made.append(of_network(task.target, found.numpy(), draw.test))
            tick(FIT)
        return gathered(task, index, draws, made)

    def scratch_pixels(task: Task) -> dict[str, np.ndarray]:
        made = build_pair(settings.encoder, some, some, shared=True, head=settings.head, seed=seed)
        settle(made.eval(), made.represent, some[:_SETTLED])
        maps = encoder_maps(made.backbones[0], images)
        where = torch.device(settings.device)
        done = partial(tick, FIT)
        return PixelReading(task, images, maps, where, seed, trained=True, tick=done).read()

    def scratch(task: Task) -> dict[str, np.ndarray]:
        if of_pixels(task):
            return scratch_pixels(task)
        if task.target is not None:
            return scratch_target(task)
        each = ClassDraws(task, np.arange(len(images)))
        for number, draw in enumerate(task.draws):
            model = train_supervised(
                images,
                draw.fit,
                task.labels[draw.fit],
                augment,
                classes=len(task.classes),
                settings=settings,
                seed=seed + number,
            )
            device = next(model.parameters()).device
            logits = represent(images, draw.test, partial(_logits, model), device=device)
            logs = logits.log_softmax(dim=1).numpy()
            each.add(draw, logs)
            tick(FIT)
        return each.results()

    return scratch


def of_pixels(task: Task) -> bool:
    """Whether a task asks for the class of each pixel."""
    return task.target is not None and task.target.kind == "pixels"


def _logits(model: nn.Module, pixels: Tensor, _: Tensor) -> Tensor:
    features: Tensor = model(pixels)
    return features


def _raw(x: Tensor) -> Tensor:
    while x[0].numel() > _SIDE and min(x.shape[-2:]) > 1:
        x = torch.nn.functional.avg_pool2d(x, 2)
    return x.flatten(1)


def used_items(task: Task) -> tuple[np.ndarray, list[LabelDraw]]:
    """Only the items that a draw uses, and the draws as places among them."""
    index = np.unique(np.concatenate([task.items, *(draw.fit for draw in task.draws)]))
    return index, [
        LabelDraw(np.searchsorted(index, draw.fit), np.searchsorted(index, draw.test))
        for draw in task.draws
    ]
