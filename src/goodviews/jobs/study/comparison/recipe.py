"""How networks are trained on labels in the comparison: one recipe for all arms.

Training from scratch and fine-tuning take the same optimiser, steps, batches, augmentations and
label smoothing, as the study's own baseline does; a pretrained encoder may take a lower rate.

Letters: n tested images, F representation, C classes.
"""

from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from goodviews.core.errors import InputError
from goodviews.data import Images
from goodviews.data.tasks import LabelTask
from goodviews.evaluation import LabelDraw, evaluate_readout, fit_logistic, represent
from goodviews.evaluation.encoders import Encoder
from goodviews.evaluation.openers import open_encoder
from goodviews.evaluation.task_readout import linear_maps, neighbours_of, predict, select
from goodviews.jobs.study.comparison.draws import Draw
from goodviews.jobs.study.plan import Plan, Task
from goodviews.jobs.study.task_readings import part_of
from goodviews.training.small import scratch_encoder
from goodviews.training.supervised import Head, train_supervised
from goodviews.views import Chain, ViewPair, parse_view

RATES = (0.1, 1.0)
"""Shares of the learning rate that a pretrained encoder may take; validation chooses."""
_PENALTY = 1e-2
"""Of the linear probe that a fine-tuned head starts at."""


@dataclass(frozen=True)
class Work:
    """One network that is fitted to one draw and tested.

    Attributes:
        task: Place of the task in the plan.
        arm: ``scratch``, ``frozen`` or ``tuned``.
        augmentation: Spec of the view that augments; empty for frozen encoders.
        encoder: What to open; empty from scratch.
        share: The encoder's share of the learning rate.
    """

    task: int
    arm: str
    augmentation: str = ""
    encoder: str = ""
    share: float = 1.0


def augments(view: str, images: Images) -> bool:
    """Whether the first view of a spec can augment images for training on labels."""
    shape = (images.channels, images.height, images.width)
    return parse_view(view).first.out_shape(shape) == shape


def fit_and_test(plan: Plan, work: Work, draw: Draw) -> dict[str, np.ndarray]:
    """Fit one network to the labels of a draw and test it.

    Args:
        plan: The study.
        work: Which network.
        draw: Labels to fit and images to test.

    Returns:
        ``right`` (n,); for frozen encoders, whose linear probe that is, also ``knn`` (n,). For
        labels and numbers these are (n, L), the outputs of the network or probe.
    """
    task, images = plan.tasks[work.task], plan.task_images
    if work.arm == "frozen":
        return _frozen(plan, task, draw, _opened(plan, work.encoder))
    both = parse_view(work.augmentation)
    pair = ViewPair(both.first, Chain(()), False, repr(both))
    settings, start = plan.settings, None
    if work.arm == "scratch":
        settings = replace(settings, encoder=scratch_encoder(settings.encoder))
    else:
        start = _with_probe(plan, task, draw, _opened(plan, work.encoder))
    target = task.target
    given = task.labels if target is None or target.values is None else target.values
    model = train_supervised(
        images,
        draw.fit,
        given[draw.fit],
        pair,
        classes=len(task.classes if target is None else target.outputs),
        settings=settings,
        seed=draw.number,
        start=start,
        share=work.share,
        kind="classes" if target is None else target.kind,
    )
    device = next(model.parameters()).device
    logits = represent(images, draw.test, lambda x, _: model(x), device=device, batch=256)
    if target is not None:
        return {"right": logits.numpy()}
    return {"right": (logits.argmax(dim=1).numpy() == task.labels[draw.test]).astype(float)}


def _opened(plan: Plan, encoder: str) -> Encoder:
    images = plan.task_images
    return open_encoder(
        encoder,
        channels=images.channels,
        size=(images.height, images.width),
        count=len(images),
        device=torch.device(plan.settings.device),
    )


def _represented(plan: Plan, encoder: Encoder, index: np.ndarray) -> np.ndarray:
    module = encoder.module
    if module is None:
        raise InputError(f"{encoder.name} has no weights that could be trained further.")
    device = torch.device(plan.settings.device)
    module.to(device).eval()
    made = represent(plan.task_images, index, lambda x, _: module(x), device=device, batch=256)
    return made.numpy()


def _frozen(plan: Plan, task: Task, draw: Draw, encoder: Encoder) -> dict[str, np.ndarray]:
    index = np.union1d(draw.fit, draw.test)
    places = LabelDraw(np.searchsorted(index, draw.fit), np.searchsorted(index, draw.test))
    groups = None if task.groups is None else task.groups[index]
    if task.target is not None:
        x = torch.from_numpy(_represented(plan, encoder, index)).float()
        target = part_of(task.target, index)
        chosen = select(x, target, [places.fit], groups)
        return {
            "right": predict(x, target, places.fit, places.test, chosen).scores,
            "knn": neighbours_of(x, target, places.fit, places.test),
        }
    found = evaluate_readout(
        _represented(plan, encoder, index),
        task.labels[index],
        [places],
        classes=len(task.classes),
        groups=groups,
    )
    return {"right": found.right, "knn": found.knn_right}


def _with_probe(plan: Plan, task: Task, draw: Draw, encoder: Encoder) -> nn.Sequential:
    """The encoder under a head that starts at its linear probe (Kumar et al., 2022)."""
    assert encoder.module is not None
    x = _represented(plan, encoder, draw.fit)
    if task.target is not None:
        head = _target_head(torch.from_numpy(x).float(), part_of(task.target, draw.fit))
        return nn.Sequential(deepcopy(encoder.module), head).to(plan.settings.device)
    labels, classes = task.labels[draw.fit], len(task.classes)
    probe = fit_logistic(x, labels, classes=classes, penalty=_PENALTY)
    root = probe.weight.shape[0] ** 0.5
    head = Head(probe.centre, probe.spread / root, probe.weight / root, probe.bias)
    return nn.Sequential(deepcopy(encoder.module), head).to(plan.settings.device)


def _target_head(x: torch.Tensor, target: LabelTask) -> Head:
    """A head that starts at the linear readouts of labels or of a number."""
    weight, bias = linear_maps(x, target, np.arange(len(x)), penalty=_PENALTY)
    centre, spread = x.mean(dim=0), x.std(dim=0)
    spread = torch.where(spread > 1e-6, spread, 1.0)
    return Head(centre, spread, weight * spread[:, None], bias + centre @ weight)
