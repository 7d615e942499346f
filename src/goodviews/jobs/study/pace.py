"""How fast this machine trains with a view."""

import time
from dataclasses import replace

from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.processes import one_thread
from goodviews.training import train
from goodviews.views import parse_view


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
