"""Ridge regression in closed form, the linear readout of a number.

Letters: N fitted examples, M tested examples, F representation.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import check_positive, check_shapes
from goodviews.evaluation.large import blocks
from goodviews.evaluation.logistic import standardised


@dataclass(frozen=True, eq=False)
class RidgeProbe:
    """A fitted linear readout of a number.

    Attributes:
        weight: (F,), weights for standardised features divided by sqrt(F).
        bias: Mean of the fitted targets.
        centre: (F,), mean of the fitted examples.
        spread: (F,), their standard deviation times sqrt(F).
    """

    weight: Tensor
    bias: float
    centre: Tensor
    spread: Tensor

    def predict(self, features: np.ndarray | Tensor) -> np.ndarray:
        """Predicted numbers (M,) for features (M, F)."""
        table, made = torch.as_tensor(features), []
        for part in blocks(len(table), table.shape[1]):
            x = table[part].to(self.centre) - self.centre
            made.append((x.double() @ (self.weight / self.spread) + self.bias).cpu().numpy())
        return np.concatenate(made)


def fit_ridge(
    features: np.ndarray | Tensor,
    targets: np.ndarray,
    *,
    penalties: tuple[float, ...],
    device: torch.device | None = None,
) -> list[RidgeProbe]:
    r"""Fit one linear readout per penalty, with a single product of the features.

    .. math:: \min_w \frac1N \sum_i (y_i - \bar y - w^\top x_i)^2 + \lambda \Vert w \Vert^2

    with :math:`x` standardised and divided by :math:`\sqrt F`.

    Args:
        features: (N, F).
        targets: (N,) numbers.
        penalties: Values of lambda, above 0.
        device: Device of the computation.

    Returns:
        One probe per penalty.

    Example:
        >>> x = np.array([[-1.0], [0.0], [1.0]])
        >>> fit_ridge(x, np.array([1.0, 3.0, 5.0]), penalties=(1e-9,))[0].predict(2 * x).round(3)
        array([-1.,  3.,  7.])
    """
    check_shapes("features: N F, targets: N", features, targets)
    for penalty in penalties:
        check_positive("penalty", penalty)
    x, centre, spread = standardised(features, device=device)
    bias = float(np.mean(targets))
    y = torch.as_tensor(np.asarray(targets, dtype=np.float64) - bias, device=device)
    wide = x.shape[1] > x.shape[0]
    if wide:
        x = x.double()
        gram, side = x @ x.T / len(x), y
    else:
        sums = [_products(x[part].double(), y[part]) for part in blocks(*x.shape)]
        gram, side = (sum(one) / len(x) for one in zip(*sums, strict=True))
    eye = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    probes: list[RidgeProbe] = []
    for penalty in penalties:
        root = torch.linalg.cholesky(gram + penalty * eye)
        found = torch.cholesky_solve(side[:, None], root)[:, 0]
        weight = x.T @ found / len(x) if wide else found
        probes.append(RidgeProbe(weight, bias, centre, spread))
    return probes


def _products(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return x.T @ x, x.T @ y
