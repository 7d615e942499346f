"""A representation drawn on a plane, and the nearest neighbours in it.

Directions are compared, as :func:`goodviews.evaluation.knn_votes` does: rows have norm 1.

Letters: N images, n of them asked for, F representation, k neighbours.
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from goodviews.core.errors import InputError, check_shapes, unknown
from goodviews.core.extras import need

PLANES = ("pca", "umap")
"""How N points of F dimensions become N points of a plane; the second needs the extra ``map``."""

_ROWS = 16_384
"""Representations that are read from a file together."""


def plane(features: np.ndarray, *, by: str = "pca", seed: int = 0) -> tuple[np.ndarray, float]:
    """Project the directions of representations to a plane.

    Principal components keep distances between far groups and mix what a third dimension would
    separate; UMAP keeps who is near to whom, and neither distances nor densities.

    Args:
        features: (N, F), any norm.
        by: One of :data:`PLANES`.
        seed: Random seed of UMAP.

    Returns:
        (N, 2), and the share of the variance that the plane holds (NaN for UMAP).

    Raises:
        InputError: ``by`` is not known, or there are fewer than three images.
        MissingExtra: UMAP is not installed.

    References:
        McInnes et al., 2018 (UMAP), arXiv:1802.03426.

    Example:
        >>> points, share = plane(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]]))
        >>> points.shape, round(share, 6)
        ((3, 2), 1.0)
    """
    check_shapes("features: N F", features)
    if by not in PLANES:
        raise unknown("map", by, PLANES)
    if len(features) < 3:
        raise InputError(f"A map needs at least 3 images, but got {len(features)}.")
    unit = F.normalize(torch.as_tensor(features).double(), dim=1, eps=1e-12).numpy()
    if by == "umap":
        return _umap(unit, seed), float("nan")
    left = unit - unit.mean(axis=0)
    wide = left.shape[1] > left.shape[0]
    values, vectors = np.linalg.eigh(left @ left.T if wide else left.T @ left)
    values = values.clip(0)
    axes = left.T @ vectors[:, :-3:-1] if wide else vectors[:, :-3:-1]
    axes = axes / np.linalg.norm(axes, axis=0).clip(1e-12)
    largest = np.abs(axes).argmax(axis=0)
    points = left @ (axes * np.sign(axes[largest, np.arange(axes.shape[1])]))
    points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    return points, float(values[-2:].sum() / max(values.sum(), 1e-300))


def _umap(unit: np.ndarray, seed: int) -> np.ndarray:
    umap: Any = need("umap", "map")
    near = min(15, len(unit) - 1)
    start = "random" if len(unit) < 16 else "spectral"  # the spectral start needs more points
    made = umap.UMAP(n_neighbors=near, random_state=seed, n_jobs=1, init=start)
    points: np.ndarray = made.fit_transform(unit.astype(np.float32)).astype(np.float64)
    return points


@torch.no_grad()
def nearest_rows(
    features: np.ndarray, rows: np.ndarray, *, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Nearest other images of some images, by cosine.

    Args:
        features: (N, F); may be a memory map, which is read once, in blocks.
        rows: (n,) which images.
        count: k, the number of neighbours, at most N - 1.

    Returns:
        (n, k) images, nearest first, and (n, k) their cosines.

    Example:
        >>> near, cosines = nearest_rows(np.array([[1.0, 0], [2, 0.1], [0, 1]]), [0], count=1)
        >>> near.tolist(), cosines.round(2).tolist()
        ([[1]], [[1.0]])
    """
    asked = torch.as_tensor(np.asarray(rows))
    count = min(count, len(features) - 1)
    own = F.normalize(torch.as_tensor(features[np.asarray(rows)]).float(), dim=1, eps=1e-12)
    best = torch.full((len(asked), 0), -torch.inf)
    place = torch.zeros((len(asked), 0), dtype=torch.int64)
    for start in range(0, len(features), _ROWS):
        some = torch.as_tensor(np.asarray(features[start : start + _ROWS])).float()
        cosines = own @ F.normalize(some, dim=1, eps=1e-12).T
        numbers = torch.arange(start, start + len(some)).expand(len(asked), -1)
        cosines = cosines.masked_fill(numbers == asked[:, None], -torch.inf)
        best, place = torch.cat([best, cosines], 1), torch.cat([place, numbers], 1)
        best, order = best.topk(min(count, best.shape[1]), dim=1)
        place = place.gather(1, order)
    return place.numpy(), best.numpy()


def nearest_agreement(
    points: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None
) -> tuple[float, float]:
    """Share of the images whose nearest other image has the same label.

    Args:
        points: (n, F), compared by Euclidean distance; rows of norm 1 compare directions.
        labels: (n,) class numbers.
        groups: (n,) group of each image; the nearest one of another group counts.

    Returns:
        The share, and the share that a random other image would have.

    Example:
        >>> points, labels = np.array([[0.0], [0.1], [5.0], [5.1]]), np.array([0, 0, 1, 1])
        >>> own, chance = nearest_agreement(points, labels)
        >>> own, round(chance, 3)
        (1.0, 0.333)
    """
    x = torch.as_tensor(points).float()
    apart = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")
    own = np.arange(len(x)) if groups is None else groups
    barred = torch.from_numpy(own[:, None] == own)
    keep = ~barred.all(dim=1).numpy()
    near = apart.masked_fill(barred, torch.inf).argmin(dim=1).numpy()
    same = torch.from_numpy(labels[:, None] == labels) & ~barred
    chance = same.sum(dim=1) / (~barred).sum(dim=1).clamp(min=1)
    return float((labels[near] == labels)[keep].mean()), float(chance.double()[keep].mean())
