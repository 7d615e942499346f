"""How sure a score is that a pair is a link: calibrated probabilities and what they are worth.

Letters: c calibration pairs, n pairs, Q bins.
"""

from dataclasses import dataclass

import numpy as np

from goodviews.core.errors import InputError, check_shapes
from goodviews.core.intervals import wilson

LEAST = 10
"""Links below which two parameters of a calibration are not fitted."""


@dataclass(frozen=True)
class Calibration:
    r"""Platt's scaling of a score s: :math:`p = \sigma(a s + b)` with :math:`a \ge 0`.

    Attributes:
        slope: a.
        offset: b.
        pairs: Number of calibration pairs.

    Example:
        >>> float(Calibration(1.0, 0.0, 40).probability(np.array([0.0]))[0])
        0.5
    """

    slope: float
    offset: float
    pairs: int

    def probability(self, scores: np.ndarray) -> np.ndarray:
        """Probability that each pair is a link, among as many links as negatives.

        Args:
            scores: (n,) scores.
        """
        from scipy.special import expit

        return np.asarray(expit(self.slope * scores + self.offset))


def fit_calibration(links: np.ndarray, negatives: np.ndarray) -> Calibration:
    """Fit Platt's scaling on links and as many negatives that are used for nothing else.

    The targets are Platt's: (m + 1) / (m + 2) for links and 1 / (m + 2) for negatives, so that the
    slope stays finite where the scores separate both. A slope below 0 becomes 0: then the score
    has no information, and every probability is the share of links.

    Args:
        links: (m,) scores of links.
        negatives: (k,) scores of negatives.

    Raises:
        InputError: There are fewer than 10 links or 10 negatives.

    References:
        Platt, 1999; Lin, Lin and Weng, 2007, for the targets.

    Example:
        >>> draw = np.random.default_rng(0)
        >>> found = fit_calibration(draw.normal(1, 1, 5000), draw.normal(-1, 1, 5000))
        >>> round(found.slope, 1), round(abs(found.offset), 1)
        (2.0, 0.0)
    """
    from scipy.optimize import minimize

    if min(len(links), len(negatives)) < LEAST:
        raise InputError(
            f"Probabilities are calibrated on at least {LEAST} links and {LEAST} negatives, but "
            f"there are {len(links)} and {len(negatives)}; raise the share of calibration."
        )
    scores = np.r_[links, negatives].astype(float)
    high, low = (len(links) + 1) / (len(links) + 2), 1 / (len(negatives) + 2)
    target = np.r_[np.full(len(links), high), np.full(len(negatives), low)]
    middle, spread = float(scores.mean()), float(scores.std()) or 1.0
    unit = (scores - middle) / spread

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        logit = at[0] * unit + at[1]
        value = (np.logaddexp(0, logit) - target * logit).mean()
        slope = 1 / (1 + np.exp(-np.clip(logit, -500, 500))) - target
        return float(value), np.array([(slope * unit).mean(), slope.mean()])

    prior = np.log(target.mean() / (1 - target.mean()))
    found = minimize(
        loss, np.array([0.0, prior]), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]
    ).x
    slope = float(found[0]) / spread
    return Calibration(slope, float(found[1]) - slope * middle, len(scores))


@dataclass(frozen=True)
class Bin:
    """Pairs of similar probability.

    Attributes:
        probability: Their mean probability.
        share: Share of links among them.
        low: Lower end of its 95 % interval.
        high: Upper end.
        pairs: How many.

    Example:
        >>> Bin(0.72, 0.70, 0.61, 0.78, 100).share
        0.7
    """

    probability: float
    share: float
    low: float
    high: float
    pairs: int


@dataclass(frozen=True)
class Sharpness:
    """What probabilities of links are worth.

    Attributes:
        nll_nats: Mean of minus the log of the probability of what is true, in nats; 0.693 where
            every probability is a half.
        brier: Mean squared error of the probabilities; 0.25 where every one is a half.
        error: Expected calibration error: mean distance of share and probability over the bins.
        bins: The reliability curve.

    Example:
        >>> Sharpness(0.693, 0.25, 0.0, ()).brier
        0.25
    """

    nll_nats: float
    brier: float
    error: float
    bins: tuple[Bin, ...]


def sharpness(links: np.ndarray, negatives: np.ndarray, *, bins: int = 10) -> Sharpness:
    """Proper scores and the reliability curve of probabilities.

    Args:
        links: (m,) probabilities of links.
        negatives: (k,) probabilities of negatives.
        bins: Number Q of bins, of equal numbers of pairs.

    Raises:
        InputError: A probability is outside [0, 1].

    References:
        Brier, 1950; Gneiting and Raftery, 2007; Niculescu-Mizil and Caruana, 2005.

    Example:
        >>> found = sharpness(np.full(50, 0.5), np.full(50, 0.5))
        >>> round(found.nll_nats, 3), found.brier, found.error, len(found.bins)
        (0.693, 0.25, 0.0, 1)
    """
    check_shapes("links: m, negatives: k", links, negatives)
    chance = np.r_[links, negatives].astype(float)
    truth = np.r_[np.ones(len(links)), np.zeros(len(negatives))]
    if not ((chance >= 0) & (chance <= 1)).all():
        raise InputError("Probabilities must be in [0, 1]; calibrate the scores first.")
    right = np.clip(np.where(truth == 1, chance, 1 - chance), 1e-12, 1)
    found = []
    edges = np.unique(np.quantile(chance, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.searchsorted(edges, chance, "right")
    for number in np.unique(place):
        mine = place == number
        low, high = wilson(float(truth[mine].sum()), int(mine.sum()))
        mean = float(chance[mine].mean())
        found.append(Bin(mean, float(truth[mine].mean()), low, high, int(mine.sum())))
    error = sum(one.pairs * abs(one.share - one.probability) for one in found) / len(chance)
    brier = float(((chance - truth) ** 2).mean())
    return Sharpness(float(-np.log(right).mean()), brier, float(error), tuple(found))
