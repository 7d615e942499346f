"""Linear evaluation of papers by stochastic gradient descent, on features in memory.

The papers train the classifier on augmented crops, encoded again in each epoch; here each image
has one representation. The schedules are those of the papers; the learning rate is that of the
paper or lower by a power of ten, selected on validation items.

Letters: N fitted examples, M evaluated examples, F representation, C classes, L learning rates.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from goodviews.core.errors import unknown

RATES = (1.0, 0.1, 0.01, 0.001)
"""Tried factors of the learning rate of the paper."""


@dataclass(frozen=True)
class Protocol:
    """A schedule of stochastic gradient descent for a linear classifier.

    Attributes:
        name: Name of the protocol.
        epochs: Number of passes over the fitted examples.
        drops: Epochs before which the learning rate is reduced.
        factor: Factor of each reduction.
        rate: Learning rate of the paper.
        batch: Examples per step.
        momentum: Momentum of the gradient.
        source: Paper with these numbers.
    """

    name: str
    epochs: int
    drops: tuple[int, ...]
    factor: float
    rate: float = 30.0
    batch: int = 256
    momentum: float = 0.9
    source: str = ""


PROTOCOLS = {
    one.name: one
    for one in (
        Protocol("infomin", 60, (30, 40, 50), 0.2, source="Tian et al., 2020, arXiv:2005.10243"),
        Protocol("cmc", 60, (30, 40, 50), 0.2, batch=128, source="Tian et al., arXiv:1906.05849"),
        Protocol("moco", 100, (60, 80), 0.1, source="He et al., 2020, arXiv:1911.05722"),
    )
}
"""Schedules by name; weight decay is 0 in all of them."""


def find_protocol(name: str) -> Protocol:
    """Find a schedule by its name.

    Raises:
        InputError: There is no schedule of that name.

    Example:
        >>> find_protocol("moco").epochs
        100
    """
    if name not in PROTOCOLS:
        raise unknown("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]


def train_sgd(
    features: Tensor,
    labels: Tensor,
    judged: Tensor,
    *,
    classes: int,
    protocol: Protocol,
    rates: tuple[float, ...] = RATES,
    seed: int = 0,
) -> Tensor:
    """Train one classifier per learning rate, on the same batches, and evaluate other examples.

    Args:
        features: (N, F), outputs of the encoder, neither centred nor scaled.
        labels: (N,) integers below ``classes``.
        judged: (M, F), features of the evaluated examples.
        classes: C.
        protocol: The schedule.
        rates: Factors of the learning rate of the protocol.
        seed: Random seed of the order of examples.

    Returns:
        (L, M, C) log probabilities; not finite where a learning rate diverged.

    Example:
        >>> x, y = torch.tensor([[-1.0], [1.0]]), torch.tensor([0, 1])
        >>> brief = Protocol("brief", 20, (10,), 0.1, rate=1.0, batch=2)
        >>> train_sgd(x, y, x, classes=2, protocol=brief, rates=(1.0,)).argmax(dim=2)
        tensor([[0, 1]])
    """
    share = torch.tensor(rates).to(features).repeat_interleave(classes)
    weight = features.new_zeros(features.shape[1], len(share))
    bias, speed_bias = features.new_zeros(2, len(share))
    speed = torch.zeros_like(weight)
    rng = torch.Generator().manual_seed(seed)
    labels = labels.to(features.device, torch.int64)
    for epoch in range(protocol.epochs):
        fallen = sum(epoch >= drop for drop in protocol.drops)
        rate = protocol.rate * protocol.factor**fallen * share
        order = torch.randperm(len(features), generator=rng).to(features.device)
        for rows in order.split(protocol.batch):
            x, y = features[rows], labels[rows]
            wrong = torch.addmm(bias, x, weight).view(len(x), -1, classes).softmax(dim=2)
            wrong[torch.arange(len(x), device=x.device), :, y] -= 1
            slope = wrong.flatten(1) / len(x)
            speed.mul_(protocol.momentum).addmm_(x.T, slope)
            speed_bias.mul_(protocol.momentum).add_(slope.sum(dim=0))
            weight -= rate * speed
            bias -= rate * speed_bias
    logits = torch.addmm(bias, judged, weight).view(len(judged), -1, classes)
    return logits.log_softmax(dim=2).transpose(0, 1)
