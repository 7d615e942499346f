"""Estimates of information from nearest neighbours, for vectors of few dimensions.

Letters: N pairs, D1 and D2 dimensions of the views.
"""

import math

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_tensors
from goodviews.information.estimate import Estimate


def ksg_estimate(
    v1: Tensor,
    v2: Tensor,
    *,
    neighbours: int = 5,
    generator: torch.Generator | None = None,
) -> Estimate:
    r"""Kraskov, Stögbauer and Grassberger's first estimator, in nats.

    .. math:: \hat I = \psi(k) + \psi(N) - \langle \psi(n_x + 1) + \psi(n_y + 1) \rangle

    where n_x is the number of points strictly closer in x than the k-th neighbour in the joint
    space, measured by the largest coordinate difference. Each view is standardised first, and
    noise of 1e-10 breaks ties. The estimator is accurate up to about five dimensions; with
    more, it is far below the truth, and its standard error does not show this.

    Args:
        v1: (N, D1), first views.
        v2: (N, D2), second views.
        neighbours: Number of neighbours k; more of them give less variance and more bias.
        generator: Random generator of the noise that breaks ties; seed 0 by default.

    Returns:
        An estimate without a side. Its standard error treats the terms of the points as
        independent, which is an approximation.

    Raises:
        ShapeError: The numbers of pairs differ.
        InputError: There are not more pairs than neighbours, or a value is not finite.

    References:
        Kraskov et al., 2004, eq. 8, arXiv:cond-mat/0305641.

    Example:
        >>> rng = torch.Generator().manual_seed(0)
        >>> x, noise = torch.randn(2, 2000, 1, generator=rng)
        >>> found = ksg_estimate(x, 0.6 * x + 0.8 * noise)  # -log(0.64) / 2 = 0.223
        >>> abs(found.nats - 0.223) < 0.06
        True
    """
    from scipy.spatial import cKDTree
    from scipy.special import digamma

    pairs = check_tensors("v1: N D, v2: N E", v1, v2)["N"]
    if not 0 < neighbours < pairs:
        raise InputError(
            f"neighbours must be from 1 to N - 1 = {pairs - 1}, but got {neighbours}."
        )
    if generator is None:
        generator = torch.Generator().manual_seed(0)
    x, y = (_spread(view, generator) for view in (v1, v2))
    joint = np.concatenate([x, y], axis=1)
    near = np.asarray(cKDTree(joint).query(joint, neighbours + 1, p=np.inf)[0])
    inside = np.nextafter(near[:, -1], 0)
    terms = np.zeros(pairs)
    for view in (x, y):
        # The point itself is counted too, so the count is n + 1.
        count = cKDTree(view).query_ball_point(view, inside, p=np.inf, return_length=True)
        terms -= digamma(count)
    nats = float(digamma(neighbours) + digamma(pairs) + terms.mean())
    return Estimate(nats, float(terms.std(ddof=1)) / math.sqrt(pairs), "none", pairs=pairs)


def _spread(
    view: Tensor, generator: torch.Generator
) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    values = view.detach().double().cpu()
    if not bool(values.isfinite().all()):
        raise InputError("A view holds values that are not finite: remove NaN and infinity.")
    scale = values.std(dim=0)
    values = (values - values.mean(dim=0)) / torch.where(scale > 0, scale, 1.0)
    noise = torch.randn(values.shape, generator=generator, dtype=torch.float64)
    spread: np.ndarray[tuple[int, int], np.dtype[np.float64]] = (values + 1e-10 * noise).numpy()
    return spread
