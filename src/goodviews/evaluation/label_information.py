r"""How much one view says about a label: a lower bound on I(v; y), in nats.

A classifier q is fitted to views of some images. For any q that has not seen the label of an
image, :math:`I(v; y) \ge \mathbb{E}[\log q(y \mid v) - \log p(y)]` (Barber and Agakov, 2003). The
images are cut into folds: everything about q is fitted and chosen on folds other than the one
that reports, and all folds report in turn.

Letters: N images, D draws of the view of each, F features, C classes, K folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_shapes
from goodviews.evaluation.logistic import fit_logistic

_RIDGES = (3e-5, 3e-4, 3e-3)
_RANKS = (1, 2, 3, 5, 9, 16, 30, 60)
"""Numbers of directions of the scores that are tried, besides all of them."""
_FEW = 240
"""Images above which two folds are enough to choose that number."""
_PENALTY, _STEPS, _STACKED = 3e-4, 30, 3
"""Of the logistic regression on scores; its steps and the draws of an image it sees, at most."""


@dataclass(frozen=True, eq=False)
class LabelInformation:
    """What a classifier takes from one view about the label, image by image.

    Attributes:
        items: (N,) log probability of the right class less that of its frequency, nats, mean
            over the draws. Their mean is the lower bound on I(v; y).
        rise: (N,) their mean is what the bound rose when the labels were doubled last, from
            half of them to all; zeros where there are too few to halve.
        folds: (N,) fold of each image.
        ceiling_nats: H(y), the most there is to know.
    """

    items: np.ndarray
    rise: np.ndarray
    folds: np.ndarray
    ceiling_nats: float

    @property
    def nats(self) -> float:
        """The lower bound on I(v; y)."""
        return float(self.items.mean())


def label_information(
    features: Tensor, labels: np.ndarray, folds: Sequence[np.ndarray], *, classes: int
) -> LabelInformation:
    """Bound the information of one view about a label by cross-fitted classifiers.

    Ridge regression on indicators of the classes gives scores, and logistic regression on the
    scores of images that the ridge regression has not seen turns them into probabilities
    (stacking). The ridge, and the number of directions of the scores that count, are chosen by
    leaving out one more fold; no direction at all leaves the frequencies of the classes.

    Args:
        features: (D, N, F), features of D draws of the view of each image.
        labels: (N,) class numbers below ``classes``.
        folds: K index arrays that together hold each image once. With fewer than three, nothing
            can be chosen, and the answer is that of the frequencies alone.
        classes: C.

    Returns:
        The bound, image by image.

    Raises:
        ShapeError: The numbers of images differ.

    References:
        Barber and Agakov, The IM algorithm, NeurIPS 2003; Wolpert, Stacked generalization, 1992.

    Example:
        >>> y = np.arange(60) % 2
        >>> rng = torch.Generator().manual_seed(0)
        >>> told = torch.eye(2)[y] + 0.1 * torch.randn(3, 60, 2, generator=rng)
        >>> found = label_information(told, y, np.split(np.arange(60), 5), classes=2)
        >>> 0.6 < found.nats <= found.ceiling_nats  # log 2 = 0.69
        True
    """
    check_shapes("features: D N F, labels: N", features, labels)
    share = np.bincount(labels, minlength=classes) / len(labels)
    frequency = np.log(np.where(share > 0, share, 1.0))
    spread = features.std(dim=(0, 1), correction=0)
    x = (features - features.mean(dim=(0, 1))) / torch.where(spread > 1e-6, spread, 1.0)
    x, y = F.normalize(x, dim=2), torch.as_tensor(labels)
    told = _log_right(x, y, folds, classes, _RIDGES)
    place = np.zeros(len(labels), dtype=np.int64)
    for number, fold in enumerate(folds):
        place[fold] = number
    halves = [fold[::2] for fold in folds]
    half = np.sort(np.concatenate(halves))
    rise = np.zeros(len(labels))
    rise[half] = told[half] - _log_right(x, y, halves, classes, _RIDGES[1:2])[half]
    return LabelInformation(
        items=told - frequency[labels],
        rise=rise * len(labels) / len(half),
        folds=place,
        ceiling_nats=float(-(share * frequency).sum()),
    )


def _log_right(
    x: Tensor, y: Tensor, folds: Sequence[np.ndarray], classes: int, ridges: Sequence[float]
) -> np.ndarray:
    """(N,) log probability of the right class by classifiers of the other folds, mean over draws.

    Images in no fold get 0.
    """
    found = np.zeros(len(y))
    scores = _Scores(x, y, folds, classes)
    for k, fold in enumerate(folds):
        others = [other for other in range(len(folds)) if other != k]
        if len(others) < 2:
            seen_y = y[np.concatenate([folds[o] for o in others])]
            counts = torch.bincount(seen_y, minlength=classes) + 0.5
            prior = counts / counts.sum()
            found[fold] = prior.log()[y[fold]].numpy()
            continue
        ridge = min(ridges, key=lambda r: sum(scores.error(others, o, r) for o in others))
        seen = {o: scores.of(o, [j for j in others if j != o], ridge) for o in others}
        ranks = [0, *(rank for rank in _RANKS if rank < classes - 1), classes - 1]
        losses = np.zeros(len(ranks))
        for o in others if len(y) < _FEW else others[:2]:
            stack = _Stack(seen, y, folds, [j for j in others if j != o], classes)
            losses -= [stack.log_right(rank, seen[o], y[folds[o]]).sum() for rank in ranks]
        stack = _Stack(seen, y, folds, others, classes)
        rank = ranks[int(losses.argmin())]
        found[fold] = stack.log_right(rank, scores.of(k, others, ridge), y[fold])
    return found


class _Scores:
    """Ridge regressions of the classes' indicators on some folds, from sums over each fold."""

    def __init__(self, x: Tensor, y: Tensor, folds: Sequence[np.ndarray], classes: int) -> None:
        self.x = [x[:, torch.as_tensor(fold)] for fold in folds]
        self.hot = [F.one_hot(y[torch.as_tensor(f)], classes).to(x.dtype) for f in folds]
        flat = [part.flatten(0, 1) for part in self.x]
        self.square = torch.stack([one.T @ one for one in flat])
        self.cross = torch.stack(
            [p.sum(dim=0).T @ h for p, h in zip(self.x, self.hot, strict=True)]
        )
        self.sums = torch.stack([one.sum(dim=0) for one in flat])
        self.counts = torch.stack([one.sum(dim=0) for one in self.hot])
        self.kept: dict[tuple[tuple[int, ...], float], Tensor] = {}

    def of(self, told: int, fitted: Sequence[int], ridge: float) -> Tensor:
        """Scores (D, n, C) of a fold by the regression on others."""
        key = (tuple(fitted), ridge)
        if key not in self.kept:
            some = list(fitted)
            counts = self.counts[some].sum(dim=0)
            rows = counts.sum() * len(self.x[0])
            cross = self.cross[some].sum(dim=0)
            cross -= torch.outer(self.sums[some].sum(dim=0), counts / counts.sum())
            square = self.square[some].sum(dim=0) / rows
            square.diagonal().add_(ridge)
            self.kept[key] = torch.cholesky_solve(cross / rows, torch.linalg.cholesky(square))
        return self.x[told] @ self.kept[key]

    def error(self, others: Sequence[int], told: int, ridge: float) -> float:
        """Squared error on one of the ``others`` by the regression on the rest of them."""
        rest = [one for one in others if one != told]
        share = self.counts[rest].sum(dim=0) / self.counts[rest].sum()
        return float((self.of(told, rest, ridge) + share - self.hot[told]).square().sum())


class _Stack:
    """Probabilities from scores of images that no regression behind the scores has seen.

    Where a view keeps a part of the label, most directions of the scores are noise. So logistic
    regression is fitted to the directions that go furthest with the classes (canonical
    correlations), and their number is chosen like a penalty.
    """

    def __init__(
        self,
        seen: dict[int, Tensor],
        y: Tensor,
        folds: Sequence[np.ndarray],
        fitted: Sequence[int],
        classes: int,
    ) -> None:
        self.x = torch.cat([seen[o][:_STACKED].flatten(0, 1) for o in fitted])
        self.y = torch.cat([y[folds[o]].repeat(min(len(seen[o]), _STACKED)) for o in fitted])
        hot = F.one_hot(self.y, classes).to(self.x.dtype)
        self.prior = (hot.sum(dim=0) + 0.5) / (hot.sum() + 0.5 * classes)
        x = self.x - self.x.mean(dim=0)
        values, vectors = torch.linalg.eigh(x.T @ x / len(x))
        white = vectors * (values.clamp(min=0) + 1e-3 * values[-1] + 1e-12).rsqrt()
        part = hot.mean(dim=0).clamp(min=1e-6).rsqrt()
        self.directions = white @ torch.linalg.svd((white.T @ x.T @ hot) * part)[0]

    def log_right(self, rank: int, scores: Tensor, right: Tensor) -> np.ndarray:
        """(n,) log probability of the right class given scores (D, n, C), mean over the draws.

        One image in a thousand is granted to chance, so that a confident mistake costs at most
        log 1,000 C nats.
        """
        draws, count, classes = scores.shape
        if not rank:
            return self.prior.log()[right].double().numpy()
        way = self.directions[:, :rank]
        probe = fit_logistic(
            self.x @ way, self.y, classes=classes, penalty=_PENALTY, tolerance=1e-3, most=_STEPS
        )
        q = probe.log_probs(scores.flatten(0, 1) @ way).exp().view(draws, count, classes)
        own = q.gather(2, right[None, :, None].expand(draws, -1, 1))[..., 0]
        log: np.ndarray = (0.999 * own + 0.001 / classes).log().mean(dim=0).double().numpy()
        return log
