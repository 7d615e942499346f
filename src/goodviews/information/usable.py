"""Usable information: what a family of readouts can say about a label.

Letters: N examples, C classes.
"""

import math

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_shapes
from goodviews.information.estimate import Estimate


def usable_information(
    log_probs: Tensor, labels: Tensor, *, entropy_nats: float | None = None
) -> Estimate:
    r"""Label information that a readout uses: entropy less held-out cross-entropy, in nats.

    .. math:: I(z; y) \ge H(y) - \frac1N \sum_i -\log r(y_i \mid z_i)

    A lower bound on I(z; y) for any readout r, reached by the true conditional
    (Barber and Agakov). Below zero, the readout is worse than the label counts:
    it stays below zero.

    Args:
        log_probs: (N, C), log probabilities a readout gives to held-out examples; rows
            are normalised again, so logits will do.
        labels: (N,) integers, the class of each example.
        entropy_nats: H(y) where it is known; by default from the counts of ``labels``.

    Returns:
        The bound. Its ceiling is H(y); its standard error is over examples and counts
        the entropy's own error when that comes from the same labels.

    Raises:
        ShapeError: The number of examples disagrees.
        InputError: A label is no class, or a log probability is not a number.

    References:
        Barber and Agakov, 2003; Xu et al., 2020, arXiv:2002.10689.

    Example:
        >>> labels = torch.tensor([0, 1, 0, 1])
        >>> print(usable_information(torch.zeros(4, 2), labels))  # knows nothing
        >= 0.00 ± 0.00 nats (lower bound, n = 4), ceiling 0.69
    """
    sizes = check_shapes("log_probs: N C, labels: N", log_probs, labels)
    if not sizes["N"]:
        raise InputError("usable_information has no examples to average over.")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= sizes["C"]:
        raise InputError(f"labels run from {low} to {high}, but classes are 0..{sizes['C'] - 1}.")
    if log_probs.isnan().any():
        raise InputError("log_probs holds values that are not numbers.")
    logs = log_probs.detach().double().log_softmax(dim=1)
    terms = logs.gather(1, labels.long()[:, None])[:, 0]
    if entropy_nats is None:
        share = torch.bincount(labels.long(), minlength=sizes["C"]).double() / sizes["N"]
        surprise = -share[labels.long()].log()
        terms = terms + surprise
        entropy_nats, value = float(surprise.mean()), float(terms.mean())
    else:
        value = float(terms.mean()) + entropy_nats
    stderr = float(terms.std()) / math.sqrt(sizes["N"]) if sizes["N"] > 1 else math.nan
    return Estimate(value, stderr, "lower", ceiling_nats=entropy_nats, pairs=sizes["N"])
