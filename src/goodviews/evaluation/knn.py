"""Nearest neighbours on a frozen representation.

Letters: N known examples, M tested examples, F representation, C classes.
"""

import numpy as np

__all__ = ["knn_predict"]


def knn_predict(
    known: np.ndarray,
    labels: np.ndarray,
    tested: np.ndarray,
    *,
    classes: int,
    neighbours: int = 10,
    temperature: float = 0.1,
) -> np.ndarray:
    """Class with the largest vote of the nearest known examples, by cosine.

    A neighbour votes with exp(cosine / temperature) (Wu et al., 2018, arXiv:1805.01978).

    Args:
        known: (N, F).
        labels: (N,) integers below ``classes``.
        tested: (M, F).
        classes: C.
        neighbours: k; at most N are used.
        temperature: Dimensionless.

    Returns:
        (M,) classes.

    Example:
        >>> knn_predict(np.eye(2), np.array([0, 1]), np.array([[2.0, 1.0]]), classes=2)
        array([0])
    """
    near = min(neighbours, len(known))
    cosines = _unit(tested) @ _unit(known).T
    place = np.argpartition(-cosines, near - 1, axis=1)[:, :near]
    votes = np.exp((np.take_along_axis(cosines, place, axis=1) - 1) / temperature)
    totals = np.zeros((len(tested), classes))
    for column in range(near):
        np.add.at(totals, (np.arange(len(tested)), labels[place[:, column]]), votes[:, column])
    return totals.argmax(axis=1)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
