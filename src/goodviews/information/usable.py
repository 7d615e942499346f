"""Usable information: label information that a family of readouts can extract.

Letters: N examples, C classes.
"""

import math

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_tensors
from goodviews.information.estimate import Estimate


def usable_information(
    log_probs: Tensor, labels: Tensor, *, entropy_nats: float | None = None
) -> Estimate:
    r"""Label information that a readout uses: entropy minus held-out cross-entropy, in nats.

    .. math:: I(z; y) \ge H(y) - \frac1N \sum_i -\log r(y_i \mid z_i)

    This is a lower bound on I(z; y) for any readout r, and tight for the true conditional
    (Barber and Agakov). A negative value means that the readout is worse than the label
    frequencies; it is not clipped.

    Args:
        log_probs: (N, C), log probabilities that a readout predicts for held-out examples;
            rows are normalised again, so logits are accepted.
        labels: (N,) integers, class of each example.
        entropy_nats: Entropy H(y) if it is known; by default from the counts of ``labels``.

    Returns:
        The bound. Its ceiling is H(y); its standard error is over examples and includes the
        error of the entropy if that is estimated from the same labels.

    Raises:
        ShapeError: The numbers of examples differ.
        InputError: A label is not a class, or a log probability is NaN.

    References:
        Barber and Agakov, 2003; Xu et al., 2020, arXiv:2002.10689.

    Example:
        >>> labels = torch.tensor([0, 1, 0, 1])
        >>> print(usable_information(torch.zeros(4, 2), labels))  # chance level
        >= 0.00 ± 0.00 nats (lower bound, n = 4), ceiling 0.69
    """
    sizes = check_tensors("log_probs: N C, labels: N", log_probs, labels)
    if not sizes["N"]:
        raise InputError("usable_information needs at least one example, but got none.")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= sizes["C"]:
        raise InputError(f"labels must be in 0..{sizes['C'] - 1}, but are from {low} to {high}.")
    if log_probs.isnan().any():
        raise InputError("log_probs holds values that are NaN.")
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
