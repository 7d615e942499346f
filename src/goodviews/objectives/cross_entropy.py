"""Cross-entropy of a supervised classifier.

Letters: B anchors, K classes.
"""

import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import InputError, check_tensors
from goodviews.objectives.catalogue import OUTSIDE, register
from goodviews.objectives.precision import full_precision, lift


@register("classes", ranks="rows", side="outside", reason=OUTSIDE)
def cross_entropy(logits: Tensor, labels: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    r"""Cross-entropy between the logits and the label of each anchor, in nats.

    .. math::
        \ell_i = -\sum_k q_{ik} \log \mathrm{softmax}_k(z_i), \quad
        q_{ik} = (1 - \epsilon) 1[k = y_i] + \frac{\epsilon}{K}

    Args:
        logits: (B, K), one per class.
        labels: (B,), classes as integers from 0 to K - 1.
        label_smoothing: Share epsilon of the target that is spread over all classes, in [0, 1].

    Returns:
        (B,), one loss per anchor in nats, not averaged.

    Raises:
        ShapeError: The sizes of B differ.
        InputError: ``label_smoothing`` is outside [0, 1].

    References:
        Szegedy et al., 2016, section 7 (label smoothing), arXiv:1512.00567.

    Example:
        >>> import torch
        >>> cross_entropy(torch.zeros(2, 4), torch.tensor([0, 3]))  # log 4 nats
        tensor([1.3863, 1.3863])
    """
    check_tensors("logits: B K, labels: B", logits, labels)
    if not 0 <= label_smoothing <= 1:
        raise InputError(f"label_smoothing must be from 0 to 1, but got {label_smoothing}.")
    with full_precision(logits):
        return F.cross_entropy(
            lift(logits), labels, reduction="none", label_smoothing=label_smoothing
        )
