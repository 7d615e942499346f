"""Accuracies from a few labels, drawn towards what a score without labels predicts.

Letters: V views.
"""

import numpy as np

from goodviews.core.errors import InputError, check_shapes


def with_prior(
    accuracy: np.ndarray, stderr: np.ndarray, score: np.ndarray, *, slope: float, spread: float
) -> np.ndarray:
    r"""Posterior mean of each view's accuracy, less the mean of all views.

    .. math:: m_v = w_v (a_v - \bar a) + (1 - w_v) \, b \, (q_v - \bar q), \qquad
        w_v = \frac{\tau^2}{\tau^2 + s_v^2}

    It is the mean of a normal accuracy whose prior has the mean b q and the deviation tau, after
    a measurement a with the standard error s. The level of the data is unknown and drops out.

    Args:
        accuracy: (V,), accuracies a from few labels, as shares of 1.
        stderr: (V,), their standard errors s, at least 0.
        score: (V,), the score q without labels, such as :func:`rank_views`.
        slope: b, accuracy per unit of the score on other data.
        spread: tau > 0, deviation of accuracies about that line on other data.

    Returns:
        (V,), differences from the mean of all views, as shares of 1.

    Raises:
        ShapeError: The sizes of V disagree.
        InputError: ``spread`` is not above 0, or a standard error is below 0.

    References:
        The conjugate normal model, as in Gelman et al., 2013, section 2.5.

    Example:
        >>> few = np.array([0.5, 0.6])
        >>> with_prior(few, np.zeros(2), np.array([1.0, 0.0]), slope=0.1, spread=0.05)
        array([-0.05,  0.05])
        >>> with_prior(few, np.full(2, 1e6), np.array([1.0, 0.0]), slope=0.1, spread=0.05).round(3)
        array([ 0.05, -0.05])
    """
    check_shapes("accuracy: V, stderr: V, score: V", accuracy, stderr, score)
    if not spread > 0 or np.any(np.asarray(stderr) < 0):
        raise InputError(
            f"spread must be above 0 and standard errors at least 0, but got {spread} and "
            f"{stderr}."
        )
    weight = spread**2 / (spread**2 + np.asarray(stderr, dtype=float) ** 2)
    known, guess = accuracy - np.mean(accuracy), slope * (score - np.mean(score))
    return np.asarray(weight * known + (1 - weight) * guess)
