"""Forecast of shortcuts: which factor will be learned first, and may hide the others?

Where two views share several factors, the one that is easiest to learn wins: it lowers the loss
first, and less can be gained from the others. So every factor is predicted by a linear readout
from untrained features, fitted on few and on many examples.

Letters: N items, n tested items, F features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from goodviews.core.errors import InputError, check_shapes
from goodviews.core.intervals import items_interval
from goodviews.core.text import number
from goodviews.evaluation.factor_readout import FEWEST, read_factor
from goodviews.evaluation.factors import Factor

LEVEL = 0.05

FEW = 2 * FEWEST
"""Number of examples of the first readout."""


@dataclass(frozen=True)
class Ease:
    """How easily a factor is learned, with 95 % intervals over the tested items.

    Attributes:
        factor: Name of the factor.
        counts: Numbers of fitted examples, each twice the previous one.
        nats: Usable information at each count, in nats.
        usable_nats: Usable information with all examples, in nats.
        usable_low: Lower end of its interval.
        usable_high: Upper end of its interval.
        speed_nats: Mean of ``nats``: the area under the learning curve over the logarithm of
            the examples, as a height.
        speed_low: Lower end of its interval.
        speed_high: Upper end of its interval.
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
    """Factors in the order in which they are expected to be learned.

    Attributes:
        eases: Results per factor, the easiest first.
        gaps: Difference in speed of each factor and the next, in nats, with the ends of
            simultaneous 95 % intervals.
    """

    eases: tuple[Ease, ...]
    gaps: tuple[tuple[float, float, float], ...]

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the factors, the easiest first."""
        return tuple(ease.factor for ease in self.eases)

    def is_easier(self, first: str, second: str) -> bool:
        """Whether a factor is significantly easier than another one that comes after it."""
        low, high = self.order.index(first), self.order.index(second)
        return any(gap[1] > 0 for gap in self.gaps[low:high])

    @property
    def sentence(self) -> str:
        """The order in words; factors without a significant difference are joined by "or"."""
        texts = [f"{one.factor} ({number(one.speed_nats, 2)} nats)" for one in self.eases]
        order = texts[0]
        for text, gap in zip(texts[1:], self.gaps, strict=True):
            order += f", then {text}" if gap[1] > 0 else f" or {text}"
        if self.eases[0].speed_low <= 0:
            return f"No factor is learned quickly from untrained features: {order}."
        return (
            f"Learned most quickly from untrained features: {order}. Where two views share "
            "several factors, the quickest tends to be learned at the cost of the others."
        )

    def rows(self) -> list[dict[str, Any]]:
        """One row per factor, with its difference to the next."""
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
    r"""Order factors by how fast a readout learns them from untrained features.

    .. math:: \mathrm{speed} = \frac1J \sum_{j=1}^{J} \hat I_{n_j}(z; y), \quad n_j = 2^j n_0

    with :math:`\hat I_n` the usable information of a linear readout fitted on n examples: for
    classes :func:`goodviews.information.usable_information`, for numbers its Gaussian
    counterpart. A factor shared by instance, such as a background, is best passed as the number
    of the instance, a factor shared by class as its class.

    Args:
        features: (N, F), features of a randomly initialised encoder, or raw pixels.
        factors: Factors that the views may share, of the same N items.
        fit: Indices of the items for fitting, in any order.
        test: Indices of the tested items.
        fewest: n_0, at least 20.
        seed: Random seed of the order of examples.

    Returns:
        The factors in order. It is a forecast, because the result also depends on the views and
        the loss.

    Raises:
        InputError: Features and factors have different lengths, there are fewer items for fitting
            than ``fewest``, or a factor is known for too few of them.

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
        >>> found.order, found.is_easier("loud", "faint")
        (('loud', 'faint'), True)
    """
    from scipy.stats import norm

    if not factors:
        raise InputError("shortcuts needs at least one factor; name columns of a table.")
    for factor in factors:
        check_shapes("features: N F, factor: N", features, factor.values)
        known = min(int(factor.known[part].sum()) for part in (fit, test))
        if known < max(fewest, FEWEST):
            raise InputError(
                f"{factor.name!r} must be known for at least {max(fewest, FEWEST)} of the items "
                f"to fit and test, but is known for {known}; leave it out, or add values."
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
    """Ease of a factor, and the mean over its curve per tested item, NaN if unknown."""
    own = np.random.default_rng([seed, 2]).permutation(fit)
    own = own[factor.known[own]]
    counts = [fewest]
    while 2 * counts[-1] <= len(own):
        counts.append(2 * counts[-1])
    readings = [read_factor(features, factor, fit=own[:n], test=test, seed=seed) for n in counts]
    each = np.stack([reading.nats_items for reading in readings])
    area = np.full(len(test), np.nan)
    area[factor.known[test]] = each.mean(axis=0)
    speed, usable = (items_interval(values) for values in (each.mean(axis=0), each[-1]))
    ease = Ease(
        factor.name,
        tuple(counts),
        tuple(float(values.mean()) for values in each),
        *(usable.value, usable.low, usable.high),
        *(speed.value, speed.low, speed.high),
        readings[-1].entropy_nats,
    )
    return ease, area
