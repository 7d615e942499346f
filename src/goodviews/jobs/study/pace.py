"""How fast this machine trains with a view, and how long runs may be in a number of minutes."""

import time
from dataclasses import dataclass, replace

import numpy as np

from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.run import one_thread
from goodviews.training import train
from goodviews.views import parse_view

MINUTES = 10.0
"""Time of a study that chooses its views, on two processors, unless another is given."""
_SCREEN, _FINAL = (2_000, 10_000), (10_000, 80_000)
"""Fewest and most images shown in a run that screens, and in one of the study itself."""
_SCREENING, _FINALS = 0.25, 0.35
"""Shares of the time; the rest is for baselines and for what follows the study."""
_RACE = 24
"""Lengths of one screening run that a race takes, by its views, rungs and continued runs."""
_READING = 1.5
"""Seconds of evaluation after a short run."""


@dataclass(frozen=True)
class Lengths:
    """How many images are shown.

    Attributes:
        screened: In each run that screens.
        shown: In each run of the study.
        seconds: Processor seconds that both stages are expected to take.
    """

    screened: int
    shown: int
    seconds: float

    def words(self, asked: float, workers: int) -> str:
        """What is going to happen, in one sentence.

        Args:
            asked: Processor seconds that the study may take.
            workers: Number of runs at the same time.
        """
        minutes = max(round(self.seconds / 60 / workers), 1)
        told = (
            f"The study is expected to take about {minutes} minutes with {workers} "
            f"run{'s' * (workers > 1)} at a time: {self.screened:,} images in each short run, "
            f"{self.shown:,} in each long one"
        )
        if self.seconds > 1.2 * asked:
            return f"{told}; a smaller --size is faster."
        return f"{told}; --minutes changes that."


def seconds_per_image(plan: Plan, view: str) -> float:
    """Processor seconds of training with one image, from a few steps after a first one.

    Args:
        plan: The study.
        view: Spec of the view.
    """
    some = plan.splits.pretrain[: 4 * plan.settings.batch]
    pair, settings = parse_view(view), replace(plan.settings, epochs=1)
    with one_thread():
        for _ in range(2):  # the first pass warms up
            begun = time.process_time()
            train(plan.images, some, pair, settings=settings, seed=0)
            seconds = time.process_time() - begun
    return seconds / len(some)


def lengths(each: float, *, seconds: float, runs: int, finals: int) -> Lengths:
    """Lengths that fit a number of processor seconds, within a range.

    Args:
        each: Seconds per image, with the slowest view.
        seconds: What the study may take, on all processors together.
        runs: Number of runs of the screening.
        finals: Number of runs of the study.

    Example:
        >>> lengths(0.0004, seconds=1200, runs=32, finals=15).shown
        70000
    """
    screened = (_SCREENING * seconds - _READING * (runs + _RACE)) / each / (runs + _RACE)
    shown = _FINALS * seconds / each / finals
    short = int(np.clip(screened, *_SCREEN))
    long = int(np.clip(shown, *_FINAL))
    took = each * (short * (runs + _RACE) + long * finals) + _READING * (runs + _RACE)
    return Lengths(short, long, took / (_SCREENING + _FINALS))


def epochs_in(plan: Plan, minutes: float, workers: int) -> int:
    """How many epochs fit, from one epoch on a part of the images."""
    some = plan.splits.pretrain[: 4 * plan.settings.batch]
    pair = parse_view(plan.views[0])
    with one_thread():
        for _ in range(2):  # the first pass warms up
            start = time.perf_counter()
            train(plan.images, some, pair, settings=replace(plan.settings, epochs=1), seed=0)
            seconds = time.perf_counter() - start
    per_epoch = seconds * len(plan.splits.pretrain) / len(some)
    runs = (len(plan.views) + 1) * len(plan.seeds)
    share = 0.5 if plan.tasks else 0.8  # the comparison and other lengths take the rest
    return max(1, int(share * 60 * minutes * workers / runs / per_epoch))
