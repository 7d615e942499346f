"""Shortcuts seen before training: which factor will be learned first, and may hide the others?

Where two views share several factors, the one that is read from little wins: it lowers the
loss at once, and what is left to gain from the others is less. So every factor is read, by a
linear readout, from features that learned nothing, after few and after many examples.

Letters: N items, n of them tested, F features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import norm

from goodviews.core.errors import InputError, check_shapes
from goodviews.evaluation.factors import Factor
from goodviews.evaluation.readings import FEWEST, read_factor

LEVEL = 0.05

FEW = 2 * FEWEST
"""Examples of the first readout."""


@dataclass(frozen=True)
class Ease:
    """How easily a factor is read. Ends are of 95 % intervals over the tested items.

    Attributes:
        factor: Its name.
        counts: Examples a readout was fitted on, doubling.
        nats: Usable information after each.
        usable_nats: After all of them.
        usable_low: Lower end.
        usable_high: Upper end.
        speed_nats: Mean of ``nats``: the area under the learning curve over the logarithm of
            the examples, as a height.
        speed_low: Lower end.
        speed_high: Upper end.
        entropy_nats: H of the tested classes; None for numbers.
    """

    factor: str
    counts: tuple[int, ...]
    nats: tuple[float, ...]
    usable_nats: float
    usable_low: float
    usable_high: float
    speed_nats: float
    speed_low: float
    speed_high: float
    entropy_nats: float | None


@dataclass(frozen=True)
class Shortcuts:
    """Factors in the order in which they are expected to win.

    Attributes:
        eases: The easiest first.
        gaps: From each to the next, in speed: nats and the ends of intervals that hold
            together with 95 %.
    """

    eases: tuple[Ease, ...]
    gaps: tuple[tuple[float, float, float], ...]

    @property
    def order(self) -> tuple[str, ...]:
        """Names, the easiest first."""
        return tuple(ease.factor for ease in self.eases)

    def told(self, first: str, second: str) -> bool:
        """Whether one factor is told to be easier than another that comes after it."""
        low, high = self.order.index(first), self.order.index(second)
        return any(gap[1] > 0 for gap in self.gaps[low:high])

    @property
    def sentence(self) -> str:
        """The order in words; what cannot be told apart is said so."""
        texts = [f"{one.factor} ({_text(one.speed_nats)} nats)" for one in self.eases]
        said = texts[0]
        for text, gap in zip(texts[1:], self.gaps, strict=True):
            said += f", then {text}" if gap[1] > 0 else f" or {text}"
        if self.eases[0].speed_low <= 0:
            return f"No factor is quick to read before any training: {said}."
        return (
            f"Quickest to read before any training: {said}. Where two views share several "
            f"factors, the quickest tends to be learned at the cost of the others."
        )

    def rows(self) -> list[dict[str, Any]]:
        """One row per factor, and its gap to the next."""
        gaps: list[tuple[float | None, ...]] = [*self.gaps, (None, None, None)]
        return [
            {
                "place": place,
                **{k: v for k, v in vars(ease).items() if k not in ("counts", "nats")},
                **{f"nats_{n}": v for n, v in zip(ease.counts, ease.nats, strict=True)},
                **dict(zip(("to_next", "to_next_low", "to_next_high"), gap, strict=True)),
            }
            for place, (ease, gap) in enumerate(zip(self.eases, gaps, strict=True), start=1)
        ]


def shortcuts(
    features: np.ndarray,
    factors: Sequence[Factor],
    *,
    fit: np.ndarray,
    test: np.ndarray,
    fewest: int = FEW,
    seed: int = 0,
) -> Shortcuts:
    r"""Order factors by how fast a readout learns them from features that learned nothing.

    .. math:: \mathrm{speed} = \frac1J \sum_{j=1}^{J} \hat I_{n_j}(z; y), \quad n_j = 2^j n_0

    with :math:`\hat I_n` the usable information of a linear readout fitted on n examples: for
    classes :func:`goodviews.information.usable_information`, for numbers its Gaussian
    counterpart. A factor that is shared by instance, such as a background, is best given as
    the instance's number, one shared by class as its class.

    Args:
        features: (N, F), of an encoder with weights as drawn, or raw pixels.
        factors: What the views may share; of the same N items.
        fit: Places of the items readouts are fitted on, in any order.
        test: Places of the items that are tested.
        fewest: n_0, at least 20.
        seed: Of the order in which examples come.

    Returns:
        The factors in order. Which of them wins also depends on the views and the loss: it
        is a forecast.

    Raises:
        InputError: Features and factors differ in length, there are fewer items to fit than
            ``fewest``, or a factor is known for too few of them.

    References:
        Tian et al., 2020, section 3.2 (a background hides digit and position),
        arXiv:2005.10243; the area under the learning curve as a measure of ease, Whitney et
        al., 2020, arXiv:2009.07368.

    Example:
        >>> from goodviews.evaluation.factors import as_factors
        >>> rng = np.random.default_rng(0)
        >>> loud, faint = rng.integers(0, 2, (2, 600))
        >>> x = np.stack([3 * loud, 0.5 * faint], axis=1) + rng.standard_normal((600, 2))
        >>> factors, _ = as_factors({"faint": faint, "loud": loud})
        >>> found = shortcuts(x, factors, fit=np.arange(300), test=np.arange(300, 600))
        >>> found.order, found.told("loud", "faint")
        (('loud', 'faint'), True)
    """
    if not factors:
        raise InputError("shortcuts needs at least one factor: name columns of a table.")
    for factor in factors:
        check_shapes("features: N F, factor: N", features, factor.values)
        known = min(int(factor.known[part].sum()) for part in (fit, test))
        if known < max(fewest, FEWEST):
            raise InputError(
                f"{factor.name!r} is known for {known} of the items to fit or test, but at least "
                f"{max(fewest, FEWEST)} are wanted: leave it out, or give more values."
            )
    made = [_curve(features, factor, fit, test, fewest, seed) for factor in factors]
    made.sort(key=lambda one: -one[0].speed_nats)
    z = float(norm.ppf(1 - LEVEL / 2 / max(len(made) - 1, 1)))
    gaps = []
    for (_, left), (_, right) in pairwise(made):
        gap = left - right
        gap = gap[np.isfinite(gap)]
        half = z * float(gap.std(ddof=1)) / len(gap) ** 0.5
        gaps.append((float(gap.mean()), float(gap.mean()) - half, float(gap.mean()) + half))
    return Shortcuts(tuple(ease for ease, _ in made), tuple(gaps))


def _curve(
    features: np.ndarray,
    factor: Factor,
    fit: np.ndarray,
    test: np.ndarray,
    fewest: int,
    seed: int,
) -> tuple[Ease, np.ndarray]:
    """The ease of a factor, and the mean over its curve of every tested item, NaN if unknown."""
    own = np.random.default_rng([seed, 2]).permutation(fit)
    own = own[factor.known[own]]
    counts = [fewest]
    while 2 * counts[-1] <= len(own):
        counts.append(2 * counts[-1])
    readings = [read_factor(features, factor, fit=own[:n], test=test, seed=seed) for n in counts]
    each = np.stack([reading.nats_items for reading in readings])
    area = np.full(len(test), np.nan)
    area[factor.known[test]] = each.mean(axis=0)
    speed, usable = (_ends(values) for values in (each.mean(axis=0), each[-1]))
    ease = Ease(
        factor.name,
        tuple(counts),
        tuple(float(values.mean()) for values in each),
        *usable,
        *speed,
        readings[-1].entropy_nats,
    )
    return ease, area


def _ends(values: np.ndarray) -> tuple[float, float, float]:
    mean, half = float(values.mean()), 1.96 * float(values.std(ddof=1)) / len(values) ** 0.5
    return mean, mean - half, mean + half


def _text(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
