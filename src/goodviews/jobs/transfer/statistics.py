"""Paired differences of the encoder and what it is compared with, over seeds and tested images.

Letters: S seeds, T tested images.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.intervals import seeds_interval

DRAWS = 200
"""Bootstrap samples of the tested images."""

Cell = dict[str, Any]
Score = Callable[[Cell, np.ndarray | None], float]


@dataclass(frozen=True)
class Difference:
    """How much better or worse the encoder is than another, with the same labels and seeds.

    Attributes:
        encoder: The encoder that is asked about.
        against: What it is compared with.
        freeze: ``all``, ``stem`` or ``none``.
        labelled: Number of labelled images.
        metric: Name of the score.
        gap: Score of the encoder minus that of the other; its 95 % interval is over seeds and
            tested images, infinite with one seed.
        seeds: S.
        tested: T.
    """

    encoder: str
    against: str
    freeze: str
    labelled: int
    metric: str
    gap: Interval
    seeds: int
    tested: int

    def row(self) -> dict[str, Any]:
        """As a row of ``differences.csv``; ends that are not known stay empty."""
        known = self.gap.known
        return {
            "encoder": self.encoder,
            "against": self.against,
            "freeze": self.freeze,
            "labelled": self.labelled,
            "metric": self.metric,
            "difference": self.gap.value,
            "low": self.gap.low if known else None,
            "high": self.gap.high if known else None,
            "seeds": self.seeds,
            "tested": self.tested,
        }


def paired(ours: Sequence[Cell], others: Sequence[Cell], score: Score, tested: int) -> Interval:
    """The mean difference over seeds, its interval over seeds and tested images.

    The error of the images is that of a bootstrap: images are drawn again, the same for both
    encoders. All seeds test the same images, so that this part does not shrink with more seeds.

    Args:
        ours: (S) cells of the encoder.
        others: (S) cells of the other one, in the same order of seeds.
        score: A cell, and how often each image counts (T,), to a score.
        tested: T.

    Returns:
        With one seed, the ends are infinite.
    """
    rng = np.random.default_rng(0)
    draws = rng.multinomial(tested, np.full(tested, 1 / tested), size=DRAWS)
    values, errors = [], []
    for one, other in zip(ours, others, strict=True):
        values.append(score(one, None) - score(other, None))
        gaps = np.array([score(one, row) - score(other, row) for row in draws])
        errors.append(float(np.nanstd(gaps, ddof=1)))
    return seeds_interval(np.array(values), np.array(errors))
