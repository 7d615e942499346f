"""Measurements on the embeddings and the loss of one step.

Letters: B pairs (the first 128 of a batch), D embedding, K candidates, M stored negatives.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_shapes
from goodviews.spec.grammar import parse_spec
from goodviews.training.settings import Settings

SOFTMAX = ("infonce", "ntxent", "dcl")
"""Losses that classify one positive among K candidates, with the ceiling log K."""

_ROWS = 128
"""Maximum number of pairs measured, which limits the cost."""


@dataclass(frozen=True)
class Vitals:
    """Measurements at a step, on unit embeddings except where lengths matter.

    Attributes:
        spread: Standard deviation over images, all dimensions together: 0 at a point, 1 on
            a sphere.
        deviation: Standard deviation of a dimension, mean over dimensions, any norm.
        rank: Effective rank of the centred embeddings, at most min(B - 1, D).
        gram: Root mean square cosine of two images: off-diagonals of the Gram matrix.
        correlation: The same for two dimensions: off-diagonals of the correlation matrix.
        uniformity: Log mean Gaussian potential of pairs, in nats, at most 0.
        alignment: Mean squared distance of the two embeddings of an image.
        apart: ``alignment`` over the distance of two images: 0 where views do not differ, 1
            where a pair is no closer than two images.
        found: Share of images whose nearest neighbour among the other views is their own second
            view.
    """

    spread: float
    deviation: float
    rank: float
    gram: float
    correlation: float
    uniformity: float
    alignment: float
    apart: float
    found: float


@torch.no_grad()
def measure(z1: Tensor, z2: Tensor) -> Vitals:
    r"""Measure the two embeddings of a batch, without a D x D matrix.

    .. math:: \sum_{j \ne k} C_{jk}^2 = \|S S^\top\|_F^2 / B^2 - D

    gives the off-diagonals of the correlation matrix C of the dimensions from the Gram matrix
    of the standardised embeddings S, since both have the same singular values.

    Args:
        z1: (B, D), first views, any norm; B at least 2.
        z2: (B, D), second views.

    Returns:
        The measurements, dimensionless except for uniformity (nats); all are NaN if a value is
        not finite.

    Raises:
        ShapeError: The sizes of B or D disagree.

    References:
        Garrido et al., 2023, arXiv:2206.02574 (both off-diagonals), and arXiv:2210.02885
        (effective rank); Wang and Isola, 2020, arXiv:2005.10242 (alignment, uniformity).

    Example:
        >>> seen = measure(torch.eye(4), torch.eye(4))
        >>> round(seen.rank, 3), seen.gram, seen.alignment, seen.found
        (3.0, 0.0, 0.0, 1.0)
    """
    check_shapes("z1: B D, z2: B D", z1, z2)
    z_BD, other_BD = (z[:_ROWS].to("cpu", torch.float64) for z in (z1, z2))
    if not (z_BD.isfinite().all() and other_BD.isfinite().all()):
        return Vitals(*[math.nan] * 9)
    count = len(z_BD)
    u_BD, v_BD = F.normalize(z_BD, dim=1), F.normalize(other_BD, dim=1)
    itself_BB = torch.eye(count, dtype=torch.bool)
    gram_BB = (u_BD @ u_BD.T).masked_fill(itself_BB, 0)
    middle_BD = u_BD - u_BD.mean(dim=0)
    values_B = torch.linalg.eigvalsh(middle_BD @ middle_BD.T).clamp(min=0).sqrt()
    values_B = values_B / values_B.sum().clamp(min=1e-30)
    gaps_BB = (2 - 2 * gram_BB).clamp(min=0)
    pairs = count * (count - 1)
    others = gaps_BB.masked_fill(itself_BB, 0).sum() / pairs
    potential = (-2 * gaps_BB).masked_fill(itself_BB, -torch.inf).flatten().logsumexp(dim=0)
    alignment = (u_BD - v_BD).square().sum(dim=1).mean()
    nearest_B = (u_BD @ v_BD.T).argmax(dim=1)
    return Vitals(
        spread=float(middle_BD.square().sum(dim=1).mean().sqrt()),
        deviation=float(z_BD.std(dim=0).mean()),
        rank=float(torch.special.entr(values_B).sum().exp()),
        gram=float((gram_BB.square().sum() / pairs).sqrt()),
        correlation=_correlation(z_BD),
        uniformity=float(potential) - math.log(pairs),
        alignment=float(alignment),
        apart=float(alignment / others.clamp(min=1e-30)),
        found=float((nearest_B == torch.arange(count)).double().mean()),
    )


def _correlation(z_BD: Tensor) -> float:
    """Root mean square off-diagonal correlation of the dimensions that are not constant."""
    count = len(z_BD)
    middle_BD = z_BD - z_BD.mean(dim=0)
    spread_D = middle_BD.square().mean(dim=0).sqrt()
    live = spread_D > 1e-9 * float(z_BD.abs().amax())
    dims = int(live.sum())
    s_BD = middle_BD[:, live] / spread_D[live]
    squares = float((s_BD @ s_BD.T).square().sum()) / count**2 - dims
    return math.sqrt(max(squares, 0.0) / max(dims * (dims - 1), 1))


def loss_range(settings: Settings, batch: int) -> tuple[float, float] | None:
    r"""Floor of a loss, and its chance level, where nothing is distinguished.

    For a softmax over K candidates chance is log K. An in-batch loss reaches its floor when every
    pair is one point and the B points are as far apart as possible, at cosine -1 / (B - 1); with
    stored negatives, when all of them are opposite, at -1:

    .. math:: \log\Bigl(1 + (K - 1) \, e^{(c - 1) / \tau}\Bigr)

    Args:
        settings: The method.
        batch: B, number of images contrasted with each other: one accumulated part, over all
            processes.

    Returns:
        Floor and chance in the unit of the loss, nats for a softmax; ``None`` where one of them
        is unknown.

    References:
        Graf et al., 2021, arXiv:2102.08817 (where contrastive losses are least).

    Example:
        >>> floor, chance = loss_range(Settings(objective="infonce(temperature=0.5)"), 64)
        >>> round(floor, 3), chance == math.log(64)
        (2.226, True)
    """
    call = parse_spec(settings.objective)[0]
    if call.name in ("byol", "simsiam"):
        return {"byol": (0.0, 4.0), "simsiam": (-1.0, 0.0)}[call.name]
    if call.name not in SOFTMAX or batch < 2:
        return None
    temperature = dict(call.kwargs).get("temperature", 0.1)
    if settings.memory:
        negatives, cosine = settings.stored, -1.0
    else:
        negatives = batch - 1 if call.name == "infonce" else 2 * batch - 2
        cosine = -1 / (batch - 1)
    far = math.log(negatives) + (cosine - 1) / temperature
    if call.name == "dcl":  # the positive is not a candidate
        return far, math.log(negatives)
    return math.log1p(math.exp(far)), math.log(negatives + 1)
