"""How many nats two views share: the bound of a study, at one fixed K.

The critic is the cosine of the two embeddings over a temperature. The temperature is
fitted on pretraining pairs, with draws of their own; the bound is read on held-out
pairs, in groups of K. So nothing that is reported was seen by what was fitted.

Letters: N held-out images, K candidates, D embedding, R draws of the views.
"""

from collections.abc import Callable

import numpy as np
import torch.nn.functional as F
from scipy.optimize import minimize_scalar
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.information import Estimate, infonce_bound

Embed = Callable[[np.ndarray, int], tuple[Tensor, Tensor]]


def fit_temperature(z1: Tensor, z2: Tensor) -> float:
    """The temperature at which the InfoNCE loss of these pairs is lowest.

    Args:
        z1: (B, D), embeddings of the first view, any norm.
        z2: (B, D), of the second.

    Returns:
        Between 0.01 and 10, dimensionless.

    Example:
        >>> import torch
        >>> z = torch.eye(16)
        >>> fit_temperature(z, z) < 0.05  # pairs that match perfectly ask for certainty
        True
    """
    cosines = F.normalize(z1, dim=1).double() @ F.normalize(z2, dim=1).double().T

    def loss(log_scale: float) -> float:
        return -infonce_bound(cosines * float(np.exp(log_scale))).nats

    found = minimize_scalar(loss, bounds=(np.log(0.1), np.log(100)), method="bounded")
    return float(np.exp(-found.x))


def held_out_bound(
    embed: Embed, held_out: np.ndarray, *, candidates: int, temperature: float, draws: int = 2
) -> Estimate:
    """InfoNCE bound on I(v1; v2) over held-out images, in nats.

    Args:
        embed: Takes places (B,) and the number of a draw; gives the embeddings (B, D) of
            fresh draws of both views of those images.
        held_out: (N,) places of images that nothing was fitted on.
        candidates: K; groups of K images are scored within themselves, the rest is left out.
        temperature: Of the critic.
        draws: R, over which the bound is averaged.

    Returns:
        The bound with ceiling log K. Its standard error is over images; draws of the same
        images do not lower it.

    Raises:
        InputError: There are fewer held-out images than K.
    """
    groups = len(held_out) // max(candidates, 1)
    if groups < 1 or candidates < 2:
        raise InputError(
            f"{len(held_out)} held-out images cannot give {candidates} candidates; "
            f"use --candidates {max(len(held_out), 2)} or less."
        )
    found = []
    for draw in range(draws):
        for group in range(groups):
            rows = held_out[group * candidates : (group + 1) * candidates]
            z1, z2 = embed(rows, draw)
            cosines = F.normalize(z1, dim=1) @ F.normalize(z2, dim=1).T
            found.append(infonce_bound(cosines / temperature))
    stderr = (sum(f.stderr_nats**2 for f in found) / len(found) / groups) ** 0.5
    return Estimate(
        nats=sum(f.nats for f in found) / len(found),
        stderr_nats=stderr,
        side="lower",
        candidates=candidates,
        ceiling_nats=found[0].ceiling_nats,
        pairs=groups * candidates,
    )
