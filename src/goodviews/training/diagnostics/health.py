"""Health of a run: a verdict in words, with what to do next."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

from goodviews.core.distributed import ranks
from goodviews.core.errors import InputError
from goodviews.spec.grammar import parse_spec
from goodviews.training.diagnostics.monitor import History
from goodviews.training.diagnostics.vitals import SOFTMAX, Vitals, loss_range, measure
from goodviews.training.learners import Learner
from goodviews.training.settings import Settings

HEALTHY = "healthy"

VERDICTS = {
    HEALTHY: "Nothing to do.",
    "complete collapse": "Check that targets get no gradient, lower the learning rate, or use a "
    "method with negatives or a variance term.",
    "dimensional collapse": "Raise the covariance weight if the method has one, check that "
    "targets get no gradient, or lower the learning rate.",
    "shortcut or saturation": "Look for a mark or a tint that both views share (goodviews views "
    "show), use stronger views, more images per step, or a higher "
    "temperature.",
    "NaN ahead": "Lower the learning rate, or lengthen the warm-up.",
    "stale queue": "Use a smaller queue (memory='queue(size=...)'), or a momentum closer to 1.",
    "not learning": "Use milder views, because these share too little, or change the learning "
    "rate.",
}
"""Verdict: what to do next."""

FATAL = ("complete collapse", "dimensional collapse", "NaN ahead")
"""Verdicts that end a run with the option to stop on collapse."""

AGREE = 3
"""Number of consecutive looks that must agree."""
# Set on the tuning half of the failure zoo (recipes/failure_zoo.py) alone.
POINT, CONE = 0.1, 0.35
"""Spread below which embeddings are a point, and below which they are a narrow cone."""
ALIKE = 0.75
"""Correlation above which dimensions are copies of each other."""
EASY, FOUND = 0.08, 0.8
"""Ratio of distances of pairs and non-pairs, and share found, where the loss is saturated."""
STRANGE = 0.9
"""Ratio of distances above which pairs are no closer than non-pairs."""
UNIT = ("vicreg", "vicreg_exp")
"""Losses with a hinge that drives the standard deviation of each dimension to 1."""
FEW = 3.0
"""Log K below which the loss carries little information."""
CLIMBS = 0.15
"""Rise of the loss of a queue method, as a share of log K, where its keys are out of date."""
SOARS = 20.0
"""Ratio of a gradient to the median that indicates divergence."""


_USUAL = 1000
"""Number of steps over which the median gradient is taken."""


class CollapseError(InputError):
    """The monitor stopped training because of a collapse."""


@dataclass(frozen=True)
class Look:
    """Measurements of a run at one step.

    Attributes:
        step: Optimiser steps taken.
        vitals: Measurements on the last batch.
        pairs: Number of pairs in that batch.
        loss: Mean objective since the last look.
        share: Position of the loss between floor (0) and chance (1), if both are known.
        ceiling: Log K in nats, if the loss is a softmax over K candidates.
        unit: Whether the loss drives the standard deviation of dimensions to 1.
        rise: Largest gradient since the last look over the median of the last 1,000.
        climb: Rise of the loss above its lowest mean since the queue was full, nats.
    """

    step: int
    vitals: Vitals
    pairs: int
    loss: float
    share: float | None = None
    ceiling: float | None = None
    unit: bool = False
    rise: float = 1.0
    climb: float = 0.0

    def row(self) -> dict[str, float]:
        """Columns for a log; ``z_`` marks measurements on embeddings."""
        more = {} if self.share is None else {"loss_share": self.share}
        seen = {f"z_{name}": value for name, value in asdict(self.vitals).items()}
        return seen | more | {"gradient_rise": self.rise}


@dataclass(frozen=True)
class Health:
    """A verdict and its reason.

    Attributes:
        verdict: One of :data:`VERDICTS`.
        reason: The numbers behind the verdict.

    Example:
        >>> print(Health("healthy", "embeddings use 12.0 directions"))
        healthy: embeddings use 12.0 directions. Nothing to do.
    """

    verdict: str
    reason: str

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reason}. {VERDICTS[self.verdict]}"


def judge(looks: Sequence[Look]) -> Health:
    """Judge a run by its looks so far.

    ``NaN ahead`` needs one look. Any other alarm needs three consecutive looks that agree; a
    narrow cone must also not widen. Numbers of one batch cannot distinguish a watermark, views
    that are too mild and repeated images: all three are ``shortcut or saturation``.

    Args:
        looks: Looks in the order of their steps, at least one.

    Example:
        >>> import torch
        >>> seen = measure(torch.ones(8, 4), torch.ones(8, 4))
        >>> print(judge([Look(step, seen, pairs=8, loss=0.0) for step in (10, 20, 30)]).reason)
        all images have nearly one embedding (spread 0.00 of 1)
    """
    last = looks[-1]
    if math.isnan(last.vitals.spread) or not math.isfinite(last.loss):
        return Health("NaN ahead", "an embedding or the loss is not finite")
    if last.rise > SOARS:
        return Health("NaN ahead", f"the gradient rose to {last.rise:.0f} times its usual norm")
    found = [_alarm(look) for look in looks[-AGREE:]]
    opening = last.vitals.spread > 1.1 * looks[-AGREE:][0].vitals.spread
    if len(found) < AGREE or len({one.verdict for one in found}) > 1:
        return _healthy(last)
    return _healthy(last) if opening and last.vitals.spread < CONE else found[-1]


def _healthy(look: Look) -> Health:
    return Health(HEALTHY, f"embeddings use {look.vitals.rank:.1f} directions")


def _alarm(look: Look) -> Health:
    """Verdict of a single look."""
    seen = look.vitals
    noise = 1 / max(min(look.pairs, 128) - 1, 1)  # squared correlation of unrelated dimensions
    alike = math.sqrt(max(seen.correlation**2 - noise, 0))
    if seen.spread < POINT:
        return Health(
            "complete collapse",
            f"all images have nearly one embedding (spread {seen.spread:.2f} of 1)",
        )
    if look.unit and seen.deviation < POINT:  # unit vectors would hide that all embeddings shrink
        return Health(
            "complete collapse",
            f"the standard deviation of dimensions is {seen.deviation:.3f}, but the loss drives "
            "it to 1",
        )
    if seen.apart > STRANGE:
        return Health(
            "not learning", "the two views of one image are no closer than views of two images"
        )
    if look.ceiling and look.climb > CLIMBS * look.ceiling:
        return Health(
            "stale queue",
            f"the loss rose by {look.climb:.1f} nats since the queue was filled, so that its "
            "keys are those of an older encoder",
        )
    if seen.spread < CONE and look.ceiling and look.share is not None and look.share < STRANGE:
        return Health(
            "shortcut or saturation",
            f"embeddings are distinguished within a narrow cone (spread {seen.spread:.2f} of 1): "
            "the temperature is low for them",
        )
    if seen.spread < CONE:
        return Health(
            "complete collapse",
            f"embeddings are in a narrow cone (spread {seen.spread:.2f} of 1)",
        )
    if seen.apart < EASY and seen.found > FOUND:
        pair = (
            "coincide"
            if seen.apart < 1e-6
            else (f"are at {seen.apart:.2f} of the distance of two images")
        )
        return Health(
            "shortcut or saturation",
            f"{100 * seen.found:.0f} % of images are found among the others, and the two views "
            f"of an image {pair}",
        )
    if look.ceiling and look.ceiling < FEW:
        return Health(
            "shortcut or saturation",
            f"so few images are contrasted that the loss can measure log K = {look.ceiling:.2f} "
            "nats at most",
        )
    if alike > ALIKE:
        return Health(
            "dimensional collapse",
            f"dimensions are copies of each other (correlation {alike:.2f}; {seen.rank:.1f} "
            "directions)",
        )
    return _healthy(look)


class Monitor:
    """Monitor that measures a run every few steps, at less than 2 % of its cost.

    Args:
        settings: The method.
        every: Steps between two looks (default: a tenth of the run, from 10 to 20).

    Attributes:
        looks: Measurements so far; after a resume, the last ones before it and those since.
        health: The latest verdict.
    """

    def __init__(self, settings: Settings, *, every: int = 0) -> None:
        self.settings, self.every = settings, every
        self.looks: list[Look] = []
        self.health = Health(HEALTHY, "nothing was measured yet")
        self._loss = parse_spec(settings.objective)[0].name
        self._filled = math.ceil(settings.queue_steps)
        self._lowest = math.inf

    def __call__(self, learner: Learner, history: History) -> Look | None:
        """Measure the run if it is time; call this after every step.

        Returns:
            The new look, if it was time for one.
        """
        self.resume(history)
        every = self.every or min(max(history.total // 10, 10), 20)
        if history.steps % every or learner.seen is None or len(learner.seen[0]) < 2:
            return None
        pairs = len(learner.seen[0])
        recent = history.losses[-every:]
        loss = sum(recent) / len(recent)
        known = loss_range(self.settings, pairs * ranks())
        gradients = [one for one in history.gradients[-_USUAL:] if math.isfinite(one)]
        usual = median(gradients) if gradients else 0.0
        look = Look(
            step=history.steps,
            vitals=measure(*learner.seen),
            pairs=pairs,
            loss=loss,
            share=(loss - known[0]) / (known[1] - known[0]) if known else None,
            ceiling=known[1] if known and self._loss in SOFTMAX else None,
            unit=self._loss in UNIT,
            rise=max(gradients[-every:]) / usual if usual else 1.0,
            climb=self._climb(history.losses, every),
        )
        self.looks.append(look)
        history.watched[:] = [asdict(one) for one in self.looks[-AGREE:]]
        self.health = judge(self.looks[-AGREE:])
        return look

    def resume(self, history: History) -> None:
        """Take over the looks of a run that is resumed, so that its verdict is the same."""
        if not self.looks and history.watched:
            self.looks = [Look(**{**one, "vitals": Vitals(**one["vitals"])})
                          for one in history.watched]  # fmt: skip
            self.health = judge(self.looks)

    def _climb(self, losses: Sequence[float], every: int) -> float:
        """Rise of the mean loss of a look above the lowest since a queue was filled, else 0."""
        if not self._filled:
            return 0.0
        looks = range(every, len(losses) + 1, every)
        for end in looks if math.isinf(self._lowest) else looks[-1:]:  # all of them after a resume
            if end - every >= self._filled:
                self._lowest = min(self._lowest, sum(losses[end - every : end]) / every)
        return max(sum(losses[-every:]) / every - self._lowest, 0.0)
