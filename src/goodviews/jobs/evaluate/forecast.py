"""A forecast of shortcuts: which factor would be learned first."""

from collections.abc import Mapping, Sequence

import numpy as np

from goodviews.evaluation.factors import Factor
from goodviews.evaluation.shortcuts import FEW, Shortcuts, shortcuts

FIT_MOST, TEST_MOST = 32 * FEW, 2_000
"""Items of the learning curves; only their beginning matters."""


def forecast(
    features: Mapping[str, np.ndarray],
    factors: Sequence[Factor],
    *,
    names: Sequence[str],
    fit: np.ndarray,
    test: np.ndarray,
    seed: int,
) -> Shortcuts | None:
    """Order the factors by how fast they can be read from an untrained representation.

    Args:
        features: Name to (N, F).
        factors: Factors of the same items; those known for too few of them are skipped.
        names: Features to take, the first that is there.
        fit: (n,) places of the items to fit on.
        test: (m,) places of the items to test.
        seed: Random seed of the choice of items where there are more than needed.

    Returns:
        The order, or None where there are not two factors, or no such features.
    """
    there = [name for name in names if name in features]
    rng = np.random.default_rng([seed, 3])
    fit, test = rng.permutation(fit)[:FIT_MOST], rng.permutation(test)[:TEST_MOST]
    known = [one for one in factors if min(one.known[p].sum() for p in (fit, test)) >= FEW]
    if not there or len(known) < 2:
        return None
    return shortcuts(features[there[0]], known, fit=fit, test=test, seed=seed)
