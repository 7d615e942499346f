"""Fast multinomial logistic regression that converges to its optimum.

It is L-BFGS in coordinates in which the Hessian of the loss is nearly the identity: features are
standardised and whitened, so the first step from zero weights is the least-squares solution. A
small part of the examples is used for a rough solution, all of them for the optimum.

Letters: N examples, F representation, C classes.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_positive, check_shapes
from goodviews.evaluation.large import all_finite, blocks, is_large, mean_of, room, take

BLOCK = 1024
"""Number of rows whose logits and gradient are computed together, while they are in cache."""

SKETCH = 8192
"""Minimum number of rows for the estimate of the whitening, which need not be exact."""

FIRST = 8
"""The first stage uses one example in this many."""


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """A fitted linear classifier.

    Attributes:
        weight: (F, C), weights for standardised features divided by sqrt(F).
        bias: (C,), bias of each class.
        centre: (F,), mean of the fitted examples.
        spread: (F,), their standard deviation times sqrt(F); sqrt(F) where it is nearly zero.
        loss: Mean cross-entropy of the fitted examples, in nats, without the penalty.
        steps: Number of evaluations of the loss over all fitted examples.
        low: (F,), smallest fitted values.
        high: (F,), largest fitted values.
        counts: (C,), number of fitted examples of each class.
    """

    weight: Tensor
    bias: Tensor
    centre: Tensor
    spread: Tensor
    loss: float
    steps: int
    low: Tensor
    high: Tensor
    counts: Tensor

    def log_probs(self, features: np.ndarray | Tensor) -> Tensor:
        """Log probabilities (M, C) of features (M, F).

        Values are clipped to the range of the fitted ones: otherwise standardisation would blow up
        a unit that is almost constant in a few fitted examples. A class without a fitted example
        has the probability of half an example, so that nothing is infinite.
        """
        table, map_FC = torch.as_tensor(features), self.weight / self.spread[:, None]
        made = []
        for part in blocks(len(table), table.shape[1]):
            x = table[part].to(self.weight).clamp(self.low, self.high) - self.centre
            made.append(x @ map_FC + self.bias)
        logits = torch.cat(made) if len(made) > 1 else made[0]
        known = self.counts > 0
        absent = int((~known).sum())
        if not absent:
            return logits.log_softmax(dim=1)
        floor = 0.5 / (float(self.counts.sum()) + 0.5 * len(self.counts))
        logs = logits.masked_fill(~known, -torch.inf).log_softmax(dim=1)
        return (logs + math.log1p(-floor * absent)).masked_fill(~known, math.log(floor))


def standardised(
    features: np.ndarray | Tensor, *, device: torch.device | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Standardise features to mean 0 and deviation 1 / sqrt(F), so that penalties are comparable.

    Args:
        features: (N, F).
        device: Device of the computation.

    Returns:
        The features, and the removed centre and spread (F,); float32.
    """
    raw = torch.as_tensor(features).to(device=device, dtype=torch.float32)
    centre = mean_of(raw)
    x = torch.sub(raw, centre, out=room(*raw.shape) if is_large(raw) else None)
    spread = mean_of(x, squared=True).sqrt()
    spread = torch.where(spread > 1e-6, spread, 1.0) * x.shape[1] ** 0.5
    return x.div_(spread), centre, spread


def fit_logistic(
    features: np.ndarray | Tensor,
    labels: np.ndarray | Tensor,
    *,
    classes: int,
    penalty: float,
    start: LinearProbe | None = None,
    tolerance: float = 1e-5,
    most: int = 200,
    device: torch.device | None = None,
) -> LinearProbe:
    r"""Fit a linear classifier to its optimum.

    .. math:: \min_{W, b} \frac1N \sum_i -\log \mathrm{softmax}(W^\top x_i + b)_{y_i}
        + \frac{\lambda}{2} \Vert W \Vert^2

    with :math:`x` standardised and divided by :math:`\sqrt F`. The bias is not penalised.

    Args:
        features: (N, F).
        labels: (N,) integers below ``classes``.
        classes: C.
        penalty: lambda > 0.
        start: Initial probe of the same features, for example with another penalty.
        tolerance: Largest entry of the gradient, in whitened coordinates, at convergence.
        most: Maximum number of evaluations.
        device: Device of the computation.

    Returns:
        The fitted probe.

    Raises:
        ShapeError: The numbers of examples differ.
        InputError: A label is not a class number, a value is not finite, or there are no examples.

    Example:
        >>> x = np.array([[-1.0], [-2.0], [1.0], [2.0]])
        >>> probe = fit_logistic(x, np.array([0, 0, 1, 1]), classes=2, penalty=0.01)
        >>> probe.log_probs(np.array([[3.0]])).argmax().item()
        1
    """
    sizes = check_shapes("features: N F, labels: N", features, labels)
    check_positive("penalty", penalty)
    y = torch.as_tensor(labels).to(device=device, dtype=torch.int64)
    if not sizes["N"] or int(y.min()) < 0 or int(y.max()) >= classes:
        raise InputError(
            f"Expected one or more labels in 0..{classes - 1}, but got {sizes['N']} labels, some "
            "of them outside or none."
        )
    raw = torch.as_tensor(features).to(device=device, dtype=torch.float32)
    low, high = raw.amin(dim=0), raw.amax(dim=0)
    x, centre, spread = standardised(raw, device=device)
    counts = torch.bincount(y, minlength=classes)
    known = counts > 0
    y = (known.cumsum(0) - 1)[y]  # only classes that have examples are fitted
    if not all_finite(x):
        raise InputError("The features have values that are not finite; leave those items out.")
    span: Tensor | None = None
    if len(x) < x.shape[1]:  # the optimum lies in the span of the examples
        span, upper = torch.linalg.qr(x.T)
        x = upper.T.contiguous()
    fitted = int(known.sum())
    problem = _Problem(x, y, fitted, penalty)
    if start is not None:
        begin = start.weight[:, known]
        problem.begin(begin if span is None else span.T @ begin, start.bias[known])
    elif len(x) >= 4 * FIRST * sizes["F"]:
        few = _Problem(
            take(x, slice(None, None, FIRST)).contiguous(),
            y[::FIRST],
            fitted,
            penalty,
            problem.root,
        )
        problem.begin(*few.solve(max(tolerance, 1e-3), most)[:2])
    found, offset, loss, steps = problem.solve(tolerance, most)
    weight = found.new_zeros(sizes["F"], classes)
    weight[:, known] = found if span is None else span @ found
    bias = ((counts + 0.5) / (len(y) + 0.5 * classes)).log().to(offset)
    bias[known] = offset
    return LinearProbe(weight, bias, centre, spread, loss, steps, low, high, counts)


class _Problem:
    """Loss over some examples, in whitened coordinates."""

    def __init__(
        self, x: Tensor, y: Tensor, classes: int, penalty: float, root: Tensor | None = None
    ) -> None:
        self.x, self.y, self.classes, self.penalty = x, y, classes, penalty
        self.root = _root(x, classes, penalty) if root is None else root
        counts = torch.bincount(y, minlength=classes).float()
        self.weight = x.new_zeros(x.shape[1], classes)
        self.bias = ((counts + 0.5) / (len(y) + 0.5 * classes)).log()
        self.loss = float("nan")

    def begin(self, weight: Tensor, bias: Tensor) -> None:
        """Start from weights (F, C) and bias (C,)."""
        self.weight, self.bias = weight, bias

    def solve(self, tolerance: float, most: int) -> tuple[Tensor, Tensor, float, int]:
        """Weights, bias, mean cross-entropy and number of evaluations at the optimum."""
        from scipy.optimize import minimize

        begin = torch.cat([self.root.T @ self.weight, self.bias[None]]).double()
        found = minimize(
            self._value,
            begin.flatten().cpu().numpy(),
            jac=True,
            method="L-BFGS-B",
            options={
                "maxfun": most,
                "maxiter": most,
                "gtol": tolerance,
                "ftol": 1e-9,
                "maxcor": 25,
            },
        )
        weight, bias = self._back(found.x)
        self._value(found.x)
        return weight, bias, self.loss, int(found.nfev)

    def _back(self, flat: np.ndarray) -> tuple[Tensor, Tensor]:
        table = torch.from_numpy(flat).to(self.x).view(-1, self.classes)
        weight = torch.linalg.solve_triangular(self.root.T, table[:-1], upper=True)
        return weight, table[-1]

    def _value(self, flat: np.ndarray) -> tuple[float, np.ndarray]:
        weight, bias = self._back(flat)
        # Classes first, because products with few columns are up to four times slower.
        weight_CF, bias_C1 = weight.T.contiguous(), bias[:, None]
        total = torch.zeros((), dtype=torch.float64, device=self.x.device)
        slope_CF = torch.zeros_like(weight_CF)
        slope_bias = torch.zeros_like(bias)
        for start in range(0, len(self.x), BLOCK):
            x_BF, y_1B = self.x[start : start + BLOCK], self.y[None, start : start + BLOCK]
            logs_CB = (weight_CF @ x_BF.T).add_(bias_C1).log_softmax(dim=0)
            total -= logs_CB.gather(0, y_1B).sum(dtype=torch.float64)
            wrong_CB = logs_CB.exp_()
            wrong_CB.scatter_add_(0, y_1B, wrong_CB.new_full(y_1B.shape, -1.0))
            slope_CF.addmm_(wrong_CB, x_BF)
            slope_bias += wrong_CB.sum(dim=1)
        slope = slope_CF.T
        self.loss = float(total) / len(self.x)
        slope = slope / len(self.x) + self.penalty * weight
        slope = torch.linalg.solve_triangular(self.root, slope, upper=False)
        value = self.loss + 0.5 * self.penalty * float(weight.double().square().sum())
        both = torch.cat([slope, slope_bias[None] / len(self.x)])
        return value, both.double().flatten().cpu().numpy()


def _root(x: Tensor, classes: int, penalty: float) -> Tensor:
    """(F, F) lower root of the Hessian of the loss at zero weights."""
    every = max(1, len(x) // max(SKETCH, 4 * x.shape[1]))
    some = x[::every]
    gram = some.T @ some / (len(some) * classes)
    gram.diagonal().add_(penalty + 1e-5 * float(gram.diagonal().mean()) + 1e-12)
    root: Tensor = torch.linalg.cholesky(gram)
    return root
