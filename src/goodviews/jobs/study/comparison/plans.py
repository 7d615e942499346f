"""How much a comparison does in the seconds that it is given.

Letters: s seconds of a training step from scratch, t of one that fine-tunes.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from goodviews.jobs.study.comparison.choice import Choice
from goodviews.jobs.study.comparison.draws import LEAST_DRAWS, label_counts
from goodviews.jobs.study.comparison.recipe import RATES
from goodviews.jobs.study.plan import Plan, Task
from goodviews.training.small import light_augmentation, scratch_encoder
from goodviews.training.supervised import BATCH, train_supervised, training_steps
from goodviews.views import parse_view

SECONDS = 350.0
"""CPU seconds of the comparison of a default study, at most."""
_FEWEST = 1_920
"""Labels below which fewer would not shorten a training."""
_TIMED = (2, 2, 14)
"""Steps of each timed training; the first one warms up."""


@dataclass(frozen=True)
class Extent:
    """What a comparison of one task does.

    Attributes:
        counts: Labels per class of each count; ``None`` for all.
        draws: Number of draws.
        most: Labels of the full count at most; ``None`` for all of them.
        shares: Rates of the pretrained encoder that are tried.
        seconds: CPU seconds that it takes, as forecast.
    """

    counts: tuple[int | None, ...]
    draws: int
    most: int | None
    shares: tuple[float, ...]
    seconds: float

    def to_json(self) -> dict[str, object]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, object]) -> "Extent":
        """What :meth:`to_json` made."""
        kept = {key: tuple(one) if isinstance(one, list) else one for key, one in found.items()}
        return cls(**kept)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Pace:
    """Seconds of one step from scratch and of one that fine-tunes."""

    scratch: float
    tuned: float


def measured_pace(plan: Plan, task: Task) -> Pace:
    """Time a few steps of both encoders, on one thread."""
    images = plan.task_images
    index = task.pool[np.linspace(0, len(task.pool) - 1, min(len(task.pool), BATCH)).astype(int)]
    pair = parse_view(light_augmentation(images.channels))
    clock = time.process_time if plan.settings.device == "cpu" else time.perf_counter
    found = []
    for encoder in (scratch_encoder(plan.settings.encoder), plan.settings.encoder):
        took = []
        for steps in _TIMED:
            begun = clock()
            train_supervised(
                images,
                index,
                task.labels[index],
                pair,
                classes=len(task.classes),
                settings=replace(plan.settings, encoder=encoder),
                seed=0,
                steps=steps,
            )
            took.append(clock() - begun)
        found.append(max(took[2] - took[1], took[2] / 4) / (_TIMED[2] - _TIMED[1]))
    return Pace(*found)


def extent(task: Task, choice: Choice, pace: Pace, seconds: float) -> Extent | None:
    """The largest comparison that fits into some seconds; the smallest one must fit as well.

    Args:
        task: The task.
        choice: Its views; each seed with two costs more.
        pace: What a step takes.
        seconds: CPU seconds.

    Returns:
        Nothing where even four draws at one label count would take longer.
    """
    seeds = {place for place, _ in choice.views}
    views = float(np.mean([len(choice.of_seed(place)) for place in seeds]))
    sizes = np.bincount(task.labels[task.pool], minlength=len(task.classes))
    tested = len(task.items) / (LEAST_DRAWS if task.crossed else 1)

    def cost(counts: Sequence[int | None], draws: int, most: int, shares: int) -> float:
        total = 0.0
        for each in counts:
            labels = most if each is None else int(np.minimum(sizes, each).sum())
            steps = training_steps(labels) + min(tested, 4_000) / (3 * BATCH)
            frozen = (labels + tested) / (3 * BATCH) * pace.tuned
            once = (1 + views) * pace.scratch + 2 * views * shares * pace.tuned
            total += draws * (steps * once + views * (1 + 2 * shares) * frozen)
        return total

    whole = len(task.pool)
    fewest = max(LEAST_DRAWS, len(seeds))
    for number, more in ((5, 8), (4, 8), (3, 8), (2, 8), (2, 6), (2, 4)):
        counts, draws = tuple(label_counts(task, number)), max(more, fewest)
        took = cost(counts, draws, whole, len(RATES))
        if took <= seconds:
            return Extent(counts, draws, None, RATES, took)
    caps = [whole // 2**power for power in range(20) if whole // 2**power >= _FEWEST]
    for number, shares in ((2, RATES), (2, RATES[:1]), (1, RATES[:1])):
        counts = tuple(label_counts(task, 2)) if number == 2 else (None,)
        for most in caps or [whole]:
            took = cost(counts, fewest, most, len(shares))
            if took <= seconds:
                cap = None if most == whole else most
                return Extent(counts, fewest, cap, shares, took)
    return None


def least_seconds(task: Task, choice: Choice, pace: Pace) -> float:
    """CPU seconds of the smallest comparison."""
    low, high = 0.0, 1.0
    while extent(task, choice, pace, high) is None:
        low, high = high, 2 * high
    for _ in range(12):
        middle = (low + high) / 2
        if extent(task, choice, pace, middle) is None:
            low = middle
        else:
            high = middle
    return high
