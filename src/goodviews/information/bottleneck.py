"""Information bottleneck of a discrete table.

Letters: A values of x, B values of y, Z codes.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_tensors
from goodviews.information.discrete import mutual_information

EQUAL = 1e-12
"""Divergences and changes of probabilities below this are considered zero."""


class Bottleneck(NamedTuple):
    """One point of an information bottleneck curve.

    Example:
        >>> bottleneck(torch.eye(2) / 2, 0.5).kept_nats
        tensor(0.)
    """

    encoder: Tensor
    """Probabilities p(z | x), (A, A); the rows sum to 1, and codes can remain unused."""
    kept_nats: Tensor
    """I(x; z), what the code keeps, ()."""
    task_nats: Tensor
    """I(z; y), what the code keeps of y, ()."""


def bottleneck(joint: Tensor, beta: float, *, steps: int = 5000) -> Bottleneck:
    r"""Encode x so that the code keeps much of y and little else.

    .. math:: \min_{p(z | x)} I(x; z) - \beta I(z; y)

    The equations of the minimum,
    :math:`p(z | x) \propto p(z) \exp[-\beta\, KL(p(y | x) \| p(y | z))]`, are iterated from the
    encoder that keeps x, so the result needs no random numbers. The minimum that is found is
    local. At infinite beta, the code is the minimal sufficient statistic of x for y.

    Args:
        joint: (A, B), probabilities p(x, y) that sum to 1; each value of x has a positive one.
        beta: Value of a nat of y in nats of x, at least 0; ``math.inf`` is allowed.
        steps: Maximum number of iterations.

    Returns:
        The encoder p(z | x), I(x; z) and I(z; y) in nats.

    Raises:
        ShapeError: ``joint`` does not have two axes.
        InputError: ``joint`` is not a distribution or a value of x has probability 0, or beta is
            negative.

    References:
        Tishby et al., 1999, arXiv:physics/0004057.

    Example:
        >>> table = torch.tensor([[0.5, 0.0], [0.0, 0.25], [0.0, 0.25]])  # y needs two codes
        >>> point = bottleneck(table, math.inf)
        >>> point.kept_nats, point.task_nats  # log 2, though x has 1.5 log 2
        (tensor(0.6931), tensor(0.6931))
    """
    check_tensors("joint: A B", joint)
    whole = mutual_information(joint)  # raises where the table is not a distribution
    p_A = joint.sum(1)
    if not beta >= 0:
        raise InputError(f"beta must be at least 0, but got {beta}.")
    if bool((p_A <= 0).any()):
        raise InputError("Each row of joint must have a positive sum: remove rows of zeros.")
    if beta <= 1:  # I(z; y) <= I(x; z): nothing is worth its price
        encoder = torch.zeros_like(p_A).expand(len(p_A), -1).clone()
        encoder[:, 0] = 1
        return Bottleneck(encoder, torch.zeros_like(whole), torch.zeros_like(whole))
    y_AB = joint / p_A[:, None]
    encoder = torch.eye(len(p_A), dtype=joint.dtype, device=joint.device)
    for _ in range(steps):
        previous, encoder = encoder, _step(encoder, p_A, y_AB, beta)
        if float((encoder - previous).abs().max()) < EQUAL:
            break
    code = p_A[:, None] * encoder
    return Bottleneck(encoder, mutual_information(code), mutual_information(code.T @ y_AB))


def _step(encoder: Tensor, p_A: Tensor, y_AB: Tensor, beta: float) -> Tensor:
    """Iterate once: the probabilities of the codes, of y given a code, then the encoder."""
    code_AZ = p_A[:, None] * encoder
    p_Z = code_AZ.sum(0)
    y_ZB = (code_AZ.T @ y_AB) / p_Z.clamp(min=torch.finfo(p_Z.dtype).tiny)[:, None]
    ratio = torch.special.xlogy(y_AB, y_AB).sum(1)[:, None] - torch.special.xlogy(
        y_AB[:, None, :], y_ZB[None, :, :]
    ).sum(2)
    gap_AZ = ratio.masked_fill(p_Z == 0, math.inf)
    if math.isinf(beta):
        price = torch.where(gap_AZ <= gap_AZ.amin(1, keepdim=True) + EQUAL, 0.0, math.inf)
    else:
        price = beta * gap_AZ
    return (p_Z.log() - price).softmax(1)
