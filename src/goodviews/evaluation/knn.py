"""k-nearest neighbours on a frozen representation.

Letters: N known examples, M tested examples, F representation, C classes.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.evaluation.large import blocks, is_large, room

BLOCK = 1 << 24
"""Maximum number of cosines in memory."""


def knn_predict(
    known: np.ndarray,
    labels: np.ndarray,
    tested: np.ndarray,
    *,
    classes: int,
    neighbours: int = 10,
    temperature: float = 0.1,
) -> np.ndarray:
    """Predict the class with the largest vote of the nearest known examples, by cosine.

    A neighbour votes with exp(cosine / temperature) (Wu et al., 2018, arXiv:1805.01978).

    Args:
        known: (N, F), representations of labelled examples.
        labels: (N,) integers below ``classes``.
        tested: (M, F), representations of tested examples.
        classes: C, the number of classes.
        neighbours: k, the number of nearest neighbours; at most N are used.
        temperature: Temperature of the votes, dimensionless.

    Returns:
        (M,) classes.

    Example:
        >>> knn_predict(np.eye(2), np.array([0, 1]), np.array([[2.0, 1.0]]), classes=2)
        array([0])
    """
    votes = knn_votes(
        torch.from_numpy(known),
        torch.from_numpy(labels),
        torch.from_numpy(tested),
        classes=classes,
        neighbours=neighbours,
        temperature=temperature,
    )
    return votes.argmax(dim=1).numpy()


@torch.no_grad()
def knn_votes(
    known: Tensor,
    labels: Tensor,
    tested: Tensor,
    *,
    classes: int,
    neighbours: int = 200,
    temperature: float = 0.1,
    bf16: bool = False,
) -> Tensor:
    r"""Compute the votes of the nearest known examples for each class.

    .. math:: v_{mc} = \sum_{n \in \mathrm{near}_k(m)} [y_n = c]
        \exp\Bigl(\frac{\cos(x_m, x_n) - 1}{\tau}\Bigr)

    They are computed for blocks of tested examples, without the M x N matrix.

    Args:
        known: (N, F), on any device.
        labels: (N,) integers below ``classes``.
        tested: (M, F), representations of tested examples.
        classes: C, the number of classes.
        neighbours: k, the number of nearest neighbours; at most N are used.
        temperature: tau, dimensionless.
        bf16: Whether to compute the cosines in bfloat16, with rounded features: faster where the
            processor supports it, but neighbours with almost the same distance may change places.

    Returns:
        (M, C), in the precision of the features.

    References:
        Wu et al., 2018, arXiv:1805.01978; k = 200 and tau = 0.1 as lightly reports CIFAR-10.

    Example:
        >>> z, labels = torch.eye(2), torch.tensor([0, 1])
        >>> knn_votes(z, labels, z, classes=2, neighbours=1)
        tensor([[1., 0.],
                [0., 1.]])
    """
    near = min(neighbours, len(known))
    kind = torch.bfloat16 if bf16 else known.dtype
    bank = unit_rows(known).to(kind)
    labels = labels.to(bank.device, torch.int64)
    votes = known.new_zeros(len(tested), classes)
    step = max(1, BLOCK // max(len(known), 1))
    for start in range(0, len(tested), step):
        rows = F.normalize(tested[start : start + step].to(bank.device), dim=1, eps=1e-12)
        cosines, place = largest(rows.to(kind) @ bank.T, near)
        weights = ((cosines.to(known.dtype) - 1) / temperature).exp()
        votes[start : start + step].scatter_add_(1, labels[place], weights)
    return votes


def unit_rows(features: Tensor) -> Tensor:
    """Rows (N, F) with norm 1."""
    if not is_large(features):
        return F.normalize(features, dim=1, eps=1e-12)
    made = room(*features.shape)
    for part in blocks(*features.shape):
        made[part] = F.normalize(features[part], dim=1, eps=1e-12)
    return made


def largest(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Largest values of each row and their places, in any order, as ``topk`` finds them.

    A long row is cut into blocks. The largest values are in the blocks with the largest maxima,
    at most as many blocks as values, so most of the row is read only once.

    Args:
        values: (M, N).
        count: Number of values of each row, at most N.

    Returns:
        Values and places, each (M, count).

    Example:
        >>> values, places = largest(torch.arange(100.0)[None], 2)
        >>> sorted(values[0].tolist()), sorted(places[0].tolist())
        ([98.0, 99.0], [98, 99])
    """
    columns = values.shape[1]
    width = int((columns / max(count, 1)) ** 0.5)
    if width < 4:
        found: tuple[Tensor, Tensor] = values.topk(count, dim=1, sorted=False)
        return found
    blocks = columns // width
    maxima = values[:, : width * blocks].unflatten(1, (width, blocks)).amax(dim=1)
    best = maxima.topk(count, dim=1, sorted=False)[1]
    start = torch.arange(width, device=values.device)[:, None] * blocks
    rest = torch.arange(width * blocks, columns, device=values.device)
    places = torch.cat(
        [(best[:, None] + start).flatten(1), rest.expand(len(values), len(rest))], dim=1
    )
    chosen, own = values.gather(1, places).topk(count, dim=1, sorted=False)
    return chosen, places.gather(1, own)
