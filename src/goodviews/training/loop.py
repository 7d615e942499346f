"""The pretraining loop: data, views, learner, step, log, checkpoint.

Letters: B examples of a batch, N pretraining images.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from goodviews.core.distributed import reporting_lost
from goodviews.core.errors import InputError
from goodviews.data import Images
from goodviews.encoders import PairEncoder, synchronise
from goodviews.training.diagnostics.monitor import History, check_finite, gradient_norm
from goodviews.training.learners import Learner, build_learner
from goodviews.training.machine import launch, reuse_memory, wrap
from goodviews.training.optim import build_optimiser
from goodviews.training.schedule import build_schedule
from goodviews.training.settings import Settings
from goodviews.training.sources import ImageSource, Source
from goodviews.training.state import Checkpoints, Start
from goodviews.training.steady import Steady, last_steady_step
from goodviews.views import ViewPair

if TYPE_CHECKING:
    from lightning_fabric import Fabric


_CHECKPOINTS = 50
"""Checkpoints of a run, at most: a large one may take longer to write than an epoch to train."""


@dataclass(frozen=True)
class TrainResult:
    """Result of pretraining.

    Attributes:
        encoders: Encoders in evaluation mode.
        history: Record of the run.
        rule: One sentence that explains the learning rate.
        steady: The run at the end of its steady part, from which it continues to a longer
            length; only with ``keep_steady``.

    Example:
        >>> import numpy as np
        >>> from goodviews.data import load
        >>> from goodviews.views import parse_view
        >>> images, pair = load("digits"), parse_view("crop()")
        >>> settings = Settings(encoder="convnet(width=4)", batch=32, epochs=1)
        >>> made = train(images, np.arange(64), pair, settings=settings, seed=0)
        >>> made.history.steps, made.encoders.training
        (2, False)
    """

    encoders: PairEncoder
    history: History
    rule: str
    steady: Steady | None = None


FEWEST = 8
"""Smallest number of examples to pretrain on."""

Look = Callable[[PairEncoder], tuple[float, float]]


def train(
    images: Images,
    index: np.ndarray,
    pair: ViewPair,
    *,
    settings: Settings,
    seed: int,
    labels: np.ndarray | None = None,
    learner: Learner | None = None,
    start: Start | None = None,
    folder: Path | None = None,
    save_every: int = 0,
    look: Look | None = None,
    watch: Callable[[Learner, History], None] | None = None,
    tick: Callable[[], None] | None = None,
    fabric: "Fabric | None" = None,
    steady: Steady | None = None,
    keep_steady: bool = False,
) -> TrainResult:
    """Pretrain the encoders of a pair of views.

    Initialisation, order of the images and random draws depend on the seed only. So two runs with
    one seed differ only in their views (common random numbers), and a resumed run takes the same
    steps as an uninterrupted one.

    Args:
        images: Dataset.
        index: (N,) indices of the images to pretrain on.
        pair: View pair that makes v1 and v2.
        settings: Settings of the method.
        seed: Random seed of the run.
        labels: (N,) classes of those images, for methods that learn from labels.
        learner: Learner to train (default: built from the settings).
        start: Loads weights into new encoders (default: they are drawn); not called if the run
            is resumed.
        folder: Folder for checkpoints; a run stored there is resumed.
        save_every: Steps between checkpoints (default: at least one epoch and 2 % of the run).
        look: Function from encoders to the held-out bound and its standard error, in nats; called
            halfway through the steady part and at its end.
        watch: Called after every step with the learner and the history.
        tick: Called after each epoch.
        fabric: Devices and processes, if they are already set up.
        steady: The same run at a shorter length, which is continued from the end of its steady
            part; :meth:`Steady.longer <goodviews.training.Steady.longer>` gives the settings.
        keep_steady: Whether the result holds the state that ``steady`` expects.

    Returns:
        Encoders in evaluation mode, and the history; those of a continued run are those of a new
        run with the same settings, to the last bit.

    Raises:
        InputError: Fewer than 8 images, a step whose loss is not finite, or a checkpoint of
            another run.
        Interrupted: The run was stopped by a signal; its state is in ``folder``.
        ProcessLostError: Another process of the run ended or no longer answers.

    Example:
        >>> import numpy as np
        >>> from goodviews.data import load
        >>> from goodviews.views import parse_view
        >>> images, pair = load("digits"), parse_view("crop()")
        >>> settings = Settings(encoder="convnet(width=4)", batch=32, epochs=1)
        >>> made = train(images, np.arange(64), pair, settings=settings, seed=0)
        >>> made.history.steps, made.encoders.represent(images.batch(np.arange(2))).shape
        (2, torch.Size([2, 16]))
    """
    if len(index) < FEWEST:
        raise InputError(f"Pretraining needs at least {FEWEST} images, but got {len(index)}.")
    source = ImageSource(images, index, pair, jigsaw=settings.jigsaw, labels=labels)
    return train_source(
        source,
        settings=settings,
        seed=seed,
        learner=learner,
        start=start,
        folder=folder,
        save_every=save_every,
        look=look,
        watch=watch,
        tick=tick,
        fabric=fabric,
        steady=steady,
        keep_steady=keep_steady,
    )


def train_source(
    source: Source,
    *,
    settings: Settings,
    seed: int,
    learner: Learner | None = None,
    start: Start | None = None,
    folder: Path | None = None,
    save_every: int = 0,
    look: Look | None = None,
    watch: Callable[[Learner, History], None] | None = None,
    tick: Callable[[], None] | None = None,
    fabric: "Fabric | None" = None,
    steady: Steady | None = None,
    keep_steady: bool = False,
) -> TrainResult:
    """Pretrain encoders on any source of examples; :func:`train` describes the other arguments.

    Args:
        source: The examples and their views.
        settings: Settings of the method.
        seed: Random seed of the run.
        learner: See :func:`train`.
        start: See :func:`train`.
        folder: See :func:`train`.
        save_every: See :func:`train`.
        look: See :func:`train`.
        watch: See :func:`train`.
        tick: See :func:`train`.
        fabric: See :func:`train`.
        steady: See :func:`train`.
        keep_steady: See :func:`train`.
    """
    count = source.count
    fabric = fabric or launch(settings)
    batch = batch_size(settings, count, fabric.world_size, source.noun)
    per_epoch = source.steps(batch)
    total = settings.epochs * per_epoch

    checkpoints = Checkpoints(
        folder,
        settings=settings,
        view=source.view,
        seed=seed,
        data=source.hash if folder or steady or keep_steady else "",
        start=start,
        writer=fabric.is_global_zero,
    )
    if learner is None:
        v1, v2 = source.some(seed)
        learner = build_learner(
            settings,
            v1,
            v2,
            shared=source.shared,
            images=count,
            steps=total,
            seed=seed,
            classes=source.classes,
            start=None if checkpoints.resumes else start,
        )
    if settings.sync_batchnorm:
        synchronise(learner)
    optimiser, rule = build_optimiser(
        settings.optimiser,
        learner.parameters(),
        batch=batch,
        slow=learner.encoders.backbones.parameters(),
        share=settings.encoder_rate,
        constant=learner.unscheduled(),
    )
    peaks = [group["lr"] for group in optimiser.param_groups]
    rate = build_schedule(settings.schedule, total, epoch=per_epoch)
    model, optimiser = wrap(fabric, learner, optimiser, settings)

    between = save_every or per_epoch * max(1, -(-settings.epochs // _CHECKPOINTS))
    history = History(per_epoch=per_epoch, total=total, rule=rule)
    checkpoints.attach(learner, optimiser, history)
    halfway, end = (round(part * total) for part in (0.35, 0.7))
    looks = {halfway, end} if look else set()
    if steady is not None and not history.steps:
        steady.enter(checkpoints, rate, halfway=halfway)
    last_steady = last_steady_step(settings, total, per_epoch) if keep_steady else 0
    kept: Steady | None = None
    cards = [fabric.device] if fabric.device.type == "cuda" else []
    drawing = torch.random.fork_rng(devices=cards)
    lost = reporting_lost(lambda: history.steps)
    with lost, reuse_memory(fabric.device), drawing, checkpoints.stoppable() as saved:
        for step in range(history.steps, total):
            epoch, place = divmod(step, per_epoch)
            order = order_of(seed, epoch + 1, count)
            places = order[place * batch : (place + 1) * batch]
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * (1.0 if group.get("constant") else rate(step))

            parts = np.split(places, settings.accumulate * fabric.world_size)
            batches = [
                source.batch(part, seed=seed, epoch=epoch + 1, step=step, device=fabric.device)
                for part in parts[fabric.global_rank :: fabric.world_size]
            ]
            torch.manual_seed(
                _torch_seed(seed, step, fabric.global_rank)
            )  # for the dropout of a backbone
            with fabric.autocast():
                learner.before(batches)
            losses = []
            for number, made in enumerate(batches, start=1):
                with fabric.no_backward_sync(model, enabled=number < len(batches)):
                    loss = model(made) / len(batches)
                    check_finite(loss, seed=seed, epoch=epoch + 1, step=step, view=source.view)
                    fabric.backward(loss)
                losses.append(loss.detach())
            learner.gradients()
            norm = gradient_norm(learner.parameters())
            if settings.precision != "16-mixed":  # the gradient scaler skips such steps
                check_finite(
                    norm, seed=seed, epoch=epoch + 1, step=step, view=source.view, what="gradient"
                )
            optimiser.step()
            optimiser.zero_grad()
            learner.after()
            if learner.average is not None:
                learner.average.update(learner.encoders)

            history.steps = step + 1
            history.losses.append(float(torch.stack(losses).sum()))
            history.gradients.append(float(norm))
            if watch:
                watch(learner, history)
            if look and history.steps in looks:
                learner.encoders.eval()
                history.bounds.append((history.steps, *look(learner.encoders)))
                learner.train()
            if history.steps == last_steady:
                kept = Steady.of(checkpoints)
            if tick and place == per_epoch - 1:
                tick()
            saved(due=history.steps % between == 0 or history.steps == total)
    return TrainResult(learner.result().eval(), history, rule, kept)


@lru_cache(maxsize=2)
def order_of(seed: int, epoch: int, count: int) -> np.ndarray:
    """Order of the images in an epoch."""
    return np.random.default_rng((seed, epoch)).permutation(count)


def _torch_seed(seed: int, step: int, rank: int) -> int:
    """Seed of torch's global generator at a step, the same in a resumed run."""
    return int(np.random.SeedSequence((seed % 2**32, step, rank)).generate_state(1)[0])


def batch_size(settings: Settings, count: int, processes: int, noun: str = "images") -> int:
    """Examples per step over all processes, a multiple of the number of accumulated parts."""
    parts = settings.accumulate * processes
    batch = min(settings.batch, count) // parts * parts
    if batch < 2 * parts:
        raise InputError(
            f"Each of the {parts} parts of a batch of {min(settings.batch, count)} {noun} needs "
            f"at least 2 {noun}; raise batch, or lower accumulate or the number of processes."
        )
    return batch
