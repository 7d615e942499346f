"""Bound on the information shared by two views, in nats, at one fixed K.

The critic is the cosine of the two embeddings divided by a temperature. The temperature is fitted
on pretraining pairs, with separate draws; the bound is computed on held-out pairs, in blocks of
K. So the reported bound does not use data that anything was fitted on.

Letters: N held-out images, K candidates, D embedding, R draws of the views.
"""

import math
from collections.abc import Callable

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.intervals import mean_variance
from goodviews.information import Estimate, infonce_bound
from goodviews.information.bounds import infonce_pairs

_STEPS, _NEAR = 60, 1e-7
"""Newton steps of the fit of the temperature, at most, and the last relative one that counts."""

Embed = Callable[[np.ndarray, int], tuple[Tensor, Tensor]]


def fit_temperature(z1: Tensor, z2: Tensor) -> float:
    """Fit the temperature with the lowest InfoNCE loss of pairs.

    Args:
        z1: (B, D), embeddings of the first view, any norm.
        z2: (B, D), embeddings of the second view, any norm.

    Returns:
        The temperature, between 0.01 and 10, dimensionless.

    Example:
        >>> import torch
        >>> z = torch.eye(16)
        >>> fit_temperature(z, z) < 0.05  # perfect pairs give a low temperature
        True
    """
    cosines = F.normalize(z1, dim=1).double() @ F.normalize(z2, dim=1).double().T
    below = cosines - 1
    own = float(below.diagonal().mean())

    # The loss is convex in the scale, 1 / temperature: Newton's steps, kept between two scales
    # where the slope has opposite signs, or at an end of the range.
    low, high, scale = 0.1, 100.0, 10.0
    ends = {low, high}
    for _ in range(_STEPS):
        slope, bend = _slope(below, own, scale)
        low, high = (scale, high) if slope < 0 else (low, scale)
        new = scale - slope / bend if bend > 0 else math.copysign(math.inf, -slope)
        if not low < new < high:
            end = low if new <= low else high
            new = end if end in ends else math.sqrt(low * high)
            ends.discard(end)
        moved, scale = abs(new / scale - 1), new
        if moved < _NEAR:
            break
    return 1 / scale


def _slope(below: Tensor, own: float, scale: float) -> tuple[float, float]:
    """First and second derivative of the InfoNCE loss in the scale; ``below`` is cosine less 1."""
    weights = (below * scale).exp_()
    first = weights * below
    sums = [(weights.sum(axis), first.sum(axis)) for axis in (0, 1)]
    second = first.mul_(below)
    slope = bend = 0.0
    for axis, (total, mean) in enumerate(sums):
        mean = mean / total
        slope += float(mean.mean()) / 2
        bend += float((second.sum(axis) / total - mean.square()).mean()) / 2
    return slope - own, bend


def held_out_bound(
    embed: Embed,
    held_out: np.ndarray,
    *,
    candidates: int,
    temperature: float,
    draws: int = 2,
    groups: np.ndarray | None = None,
) -> Estimate:
    """InfoNCE bound on I(v1; v2) over held-out images, in nats.

    Args:
        embed: Function from indices (B,) and the number of a draw to embeddings (B, D) of new
            draws of both views of those images.
        held_out: (N,) indices of images not used for fitting.
        candidates: K; images are scored within blocks of K, and an incomplete block is left out.
        temperature: Temperature of the critic.
        draws: R, the number of draws over which the bound is averaged.
        groups: Group of each image (patient, slide, scene), by its index: images of one group
            may be alike, so the standard error is that of groups.

    Returns:
        The bound, with ceiling log K. Its standard error is over images and does not decrease
        with more draws of the same images.

    Raises:
        InputError: There are fewer held-out images than K.

    Example:
        >>> import torch
        >>> z = torch.eye(64)  # both views show which image it is
        >>> rows, embed = np.arange(64), lambda rows, draw: (z[rows], z[rows])
        >>> found = held_out_bound(embed, rows, candidates=32, temperature=0.05)
        >>> found.pairs, round(found.nats, 3), round(found.ceiling_nats, 3)
        (64, 3.466, 3.466)
    """
    blocks = len(held_out) // max(candidates, 1)
    if blocks < 1 or candidates < 2:
        raise InputError(
            f"candidates must be at most the number of held-out images, {len(held_out)}, but got "
            f"{candidates}; use --candidates {max(len(held_out), 2)} or less."
        )
    found, variances = [], []
    used = held_out[: blocks * candidates]
    for draw in range(draws):
        pairs = []
        for block in range(blocks):
            rows = used[block * candidates : (block + 1) * candidates]
            z1, z2 = embed(rows, draw)
            scores = F.normalize(z1, dim=1) @ F.normalize(z2, dim=1).T / temperature
            found.append(infonce_bound(scores))
            pairs += [] if groups is None else [infonce_pairs(scores).cpu().numpy()]
        if groups is not None:
            variances.append(mean_variance(np.concatenate(pairs), groups[used])[0])
    stderr = (sum(f.stderr_nats**2 for f in found) / len(found) / blocks) ** 0.5
    if groups is not None:
        stderr = float(np.mean(variances)) ** 0.5
    return Estimate(
        nats=sum(f.nats for f in found) / len(found),
        stderr_nats=stderr,
        side="lower",
        candidates=candidates,
        ceiling_nats=found[0].ceiling_nats,
        pairs=blocks * candidates,
    )
