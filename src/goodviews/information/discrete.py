"""Information of discrete variables, from tables of probabilities or of counts; in nats.

Letters: A, B, C values of the variables; N examples.
"""

import math

import torch
from torch import Tensor

from goodviews.core.errors import InputError, ShapeError, check_tensor, check_tensors
from goodviews.information.estimate import Estimate


def entropy(p: Tensor) -> Tensor:
    r"""Entropy of a table of probabilities, in nats.

    .. math:: H(X) = -\sum_x p(x) \log p(x)

    Args:
        p: Probabilities of any shape that sum to 1; a joint table gives the joint entropy.

    Returns:
        (), within [0, log of the number of cells].

    Raises:
        InputError: ``p`` has a negative entry or does not sum to 1.

    References:
        Shannon, 1948.

    Example:
        >>> entropy(torch.full((8,), 0.125))  # log 8
        tensor(2.0794)
    """
    _check(p, "p")
    nats: Tensor = torch.special.entr(p).sum()
    return nats


def cross_entropy(p: Tensor, q: Tensor) -> Tensor:
    r"""Cross-entropy, in nats: H(p) + KL(p || q).

    .. math:: H(p, q) = -\sum_x p(x) \log q(x)

    Args:
        p: True probabilities.
        q: Probabilities of the model, same shape.

    Returns:
        (), at least the entropy of p; infinite where q = 0 < p.

    Raises:
        ShapeError: The shapes differ.
        InputError: A table has a negative entry or does not sum to 1.

    References:
        Cover and Thomas, 2006, section 2.3.

    Example:
        >>> cross_entropy(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))
        tensor(0.6931)
    """
    _check(p, "p")
    _check(q, "q")
    if p.shape != q.shape:
        raise ShapeError(f"p has shape {tuple(p.shape)}, but q has shape {tuple(q.shape)}.")
    nats: Tensor = -torch.special.xlogy(p, q).sum()
    return nats


def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    r"""Kullback-Leibler divergence, in nats.

    .. math:: KL(p \| q) = \sum_x p(x) \log \frac{p(x)}{q(x)}

    Args:
        p: True probabilities.
        q: Probabilities of the model, same shape.

    Returns:
        (), at least 0, and 0 only when p = q; infinite where q = 0 < p.

    Raises:
        ShapeError: The shapes differ.
        InputError: A table has a negative entry or does not sum to 1.

    References:
        Kullback and Leibler, 1951.

    Example:
        >>> kl_divergence(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))
        tensor(0.6931)
    """
    return cross_entropy(p, q) - entropy(p)


def mutual_information(joint: Tensor) -> Tensor:
    r"""Mutual information of a joint table, in nats.

    .. math:: I(X; Y) = \sum_{xy} p(x, y) \log \frac{p(x, y)}{p(x) p(y)}

    Args:
        joint: (A, B), probabilities that sum to 1.

    Returns:
        (), within [0, min(H(X), H(Y))] up to rounding.

    Raises:
        ShapeError: ``joint`` does not have two axes.
        InputError: ``joint`` has a negative entry or does not sum to 1.

    References:
        Cover and Thomas, 2006, section 2.4.

    Example:
        >>> mutual_information(torch.eye(4) / 4)  # y determines x: log 4
        tensor(1.3863)
    """
    check_tensors("joint: A B", joint)
    return entropy(joint.sum(1)) + entropy(joint.sum(0)) - entropy(joint)


def conditional_mutual_information(joint: Tensor) -> Tensor:
    r"""Conditional mutual information of X and Y given Z, in nats.

    .. math:: I(X; Y | Z) = H(X, Z) + H(Y, Z) - H(X, Y, Z) - H(Z)

    Args:
        joint: (A, B, C), probabilities of (x, y, z) that sum to 1.

    Returns:
        (), at least 0 up to rounding; it obeys the chain rule
        I(X; Y, Z) = I(X; Z) + I(X; Y | Z).

    Raises:
        ShapeError: ``joint`` does not have three axes.
        InputError: ``joint`` has a negative entry or does not sum to 1.

    References:
        Cover and Thomas, 2006, section 2.5.

    Example:
        >>> xor = torch.tensor([[[0.25, 0.0], [0.0, 0.25]], [[0.0, 0.25], [0.25, 0.0]]])
        >>> conditional_mutual_information(xor)  # log 2, though x and y are independent
        tensor(0.6931)
    """
    check_tensors("joint: A B C", joint)
    with_z = entropy(joint.sum(1)) + entropy(joint.sum(0))
    return with_z - entropy(joint) - entropy(joint.sum((0, 1)))


def mutual_information_from_counts(counts: Tensor, *, correct: bool = True) -> Estimate:
    r"""Mutual information from a table of counts, in nats.

    .. math:: \hat I - \frac{(m_{xy} - m_x - m_y + 1)}{2N}

    where m are the numbers of cells with non-zero counts. The plug-in estimate is too high by
    about the second term, which Miller and Madow's correction subtracts. A negative result is
    not clipped.

    Args:
        counts: (A, B), number of observations of each pair of values.
        correct: Whether to subtract the bias.

    Returns:
        An estimate without a side; its standard error is from the delta method.

    Raises:
        ShapeError: ``counts`` does not have two axes.
        InputError: A count is negative, or all are zero.

    References:
        Miller, 1955; Paninski, 2003. Standard error: delta method.

    Example:
        >>> print(mutual_information_from_counts(torch.full((2, 2), 100)))  # independent
        ≈ 0.00 ± 0.00 nats (no bound, n = 400), ceiling 0.69
    """
    check_tensors("counts: A B", counts)
    table = counts.double()
    total = float(table.sum())
    if total <= 0 or bool((table < 0).any()):
        raise InputError("counts must be non-negative, with at least one above zero.")
    joint = table / total
    p_x, p_y = joint.sum(1), joint.sum(0)
    seen = joint > 0
    ratio = torch.where(seen, joint / (p_x[:, None] * p_y[None, :]), 1.0).log()
    nats = float((joint * ratio).sum())
    variance = max(float((joint * ratio.square()).sum()) - nats**2, 0.0)
    if correct:
        cells = int(seen.sum()) - int((p_x > 0).sum()) - int((p_y > 0).sum()) + 1
        nats -= cells / (2 * total)
    ceiling = min(float(entropy(p_x)), float(entropy(p_y)))
    return Estimate(
        nats, math.sqrt(variance / total), "none", ceiling_nats=ceiling, pairs=round(total)
    )


def _check(p: Tensor, name: str) -> None:
    check_tensor(name, p)
    total = float(p.sum())
    if bool((p < 0).any()) or not math.isclose(total, 1.0, abs_tol=1e-5):
        raise InputError(
            f"Expected {name} to hold non-negative probabilities that sum to 1, but got a "
            f"minimum of {float(p.min()):.6g} and a sum of {total:.6g}."
        )
