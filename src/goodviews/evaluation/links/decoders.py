"""From representations of two nodes to the score of a link between them.

Letters: N nodes, F representation, n pairs.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from goodviews.evaluation.links.negatives import drawn_negatives
from goodviews.evaluation.links.split import LinkSplit
from goodviews.evaluation.logistic import fit_logistic

_MOST = 20_000
"""Training links of a fitted decoder."""

WIDEST = 256
"""Dimensions of a fitted decoder; wider representations are reduced to principal components."""

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)

Score = Callable[[Tensor], Tensor]


class Decoder(NamedTuple):
    """A kind of decoder.

    Attributes:
        fit: From (N, F) representations and a split to a score of (2, n) pairs.
        logit: Whether a score is the log odds of a link.
    """

    fit: Callable[[Tensor, LinkSplit], Score]
    logit: bool


def _dot(table: Tensor, _: LinkSplit) -> Score:
    return lambda pairs: (table[pairs[0]] * table[pairs[1]]).sum(1)


def _cosine(table: Tensor, split: LinkSplit) -> Score:
    return _dot(F.normalize(table, dim=1), split)


def _logistic(table: Tensor, split: LinkSplit) -> Score:
    """Logistic regression on products, penalty by the loss of validation links."""
    graph = split.graph
    draw = torch.Generator().manual_seed(split.seed)
    some = torch.randperm(split.train.shape[1], generator=draw)[:_MOST]
    links = split.train[:, some]
    others = drawn_negatives(graph, (len(some), 1), split.seed + 1)[:, :, 0]
    scaled = table - table.mean(0)
    if scaled.shape[1] > WIDEST:
        scaled = principal(scaled)
    scaled = scaled / scaled.std(0).clamp(min=1e-6)

    def product(pairs: Tensor) -> Tensor:
        return scaled[pairs[0]] * scaled[pairs[1]]

    x = product(torch.cat([links, others], 1))
    y = torch.cat([torch.ones(len(some)), torch.zeros(len(some))]).long()
    watched = torch.cat([split.val, split.val_negatives], 1)
    truth = (torch.arange(watched.shape[1]) < split.val.shape[1]).long()
    weight = torch.where(truth == 1, float(split.ratio), 1.0)
    best = None
    probe = None
    for penalty in PENALTIES:
        probe = fit_logistic(x, y, classes=2, penalty=penalty, start=probe)
        logs = probe.log_probs(product(watched))
        loss = float(-(weight * logs.gather(1, truth[:, None])[:, 0]).mean()) if len(truth) else 0
        if best is None or loss < best[0]:
            best = (loss, probe)
    assert best is not None
    chosen = best[1]

    def score(pairs: Tensor) -> Tensor:
        logs = chosen.log_probs(product(pairs))
        return logs[:, 1] - logs[:, 0]

    return score


def principal(table: Tensor) -> Tensor:
    """The first principal components of rows that have mean 0.

    Args:
        table: (N, F).

    Returns:
        (N, 256).
    """
    _, vectors = torch.linalg.eigh(table.T @ table)
    return torch.mm(table, vectors[:, -WIDEST:])


DECODERS = {
    "cosine": Decoder(_cosine, False),
    "dot": Decoder(_dot, True),
    "logistic": Decoder(_logistic, True),
}
