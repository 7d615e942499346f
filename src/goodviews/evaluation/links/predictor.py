"""Predictors of links: a score for any pair of nodes, made from the training graph alone.

Letters: N nodes, F representation, n pairs.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from goodviews.core.errors import InputError, unknown
from goodviews.evaluation.links.decoders import DECODERS
from goodviews.evaluation.links.heuristics import HEURISTICS, heuristic_scores
from goodviews.evaluation.links.split import LinkSplit
from goodviews.graphs import Graph

Encode = Callable[[Graph], Tensor]
"""A function from a graph to representations of its nodes, (N, F)."""

_PAIRS = 1 << 13
"""Pairs that are scored at once."""


@dataclass(frozen=True, eq=False, repr=False)
class LinkPredictor:
    """A score for every pair of nodes.

    Attributes:
        name: Name of the heuristic or of the decoder.
        split: The split whose training graph it was made from.
        score: From (2, n) pairs to (n,) scores, higher for likelier links.
        logit: Whether a score is already the log odds of a link among as many negatives.

    Example:
        >>> from goodviews.evaluation import split_links
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(20)), [*range(1, 20), 0]], nodes=20)
        >>> near = LinkPredictor("near", split_links(ring), lambda pairs: pairs[0] - pairs[1])
        >>> near(torch.tensor([[0, 3], [1, 9]])).tolist()
        [-1.0, -6.0]
    """

    name: str
    split: LinkSplit
    score: Callable[[Tensor], Tensor]
    logit: bool = False

    def __call__(self, pairs: Tensor) -> Tensor:
        """Scores of pairs.

        Args:
            pairs: (2, ...) pairs of nodes.

        Returns:
            (...) float64.
        """
        flat = pairs.reshape(2, -1)
        with torch.no_grad():
            found = [
                self.score(flat[:, start : start + _PAIRS]).double()
                for start in range(0, flat.shape[1], _PAIRS)
            ]
        return torch.cat(found).view(pairs.shape[1:]) if found else torch.zeros(pairs.shape[1:])


def link_predictor(
    encode: Encode | str, split: LinkSplit, *, decoder: str = "cosine"
) -> LinkPredictor:
    """Make a predictor of links from the training graph.

    The encoder is called here, and on ``split.graph`` only: there is no argument through which
    links of the test could carry messages.

    Args:
        encode: From a graph to (N, F) representations, or the name of a heuristic
            (:data:`goodviews.evaluation.links.HEURISTICS`).
        split: The split.
        decoder: ``cosine``, ``dot`` (the inner product of a graph autoencoder), or ``logistic``:
            a logistic regression on the product of both representations, fitted on training
            links; its penalty is chosen on validation links.

    Returns:
        The predictor.

    Raises:
        InputError: A pair that is scored is in the training graph, a name is unknown, or the
            representations are not (N, F) finite numbers.

    Example:
        >>> from goodviews.evaluation import split_links
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(20)), [*range(1, 20), 0]], nodes=20)
        >>> one = link_predictor("degree_product", split_links(ring))
        >>> bool((one(torch.tensor([[0, 1], [5, 6]])) <= 4).all())
        True
    """
    _check_no_leak(split)
    graph = split.graph
    if isinstance(encode, str):
        if encode not in HEURISTICS:
            raise unknown("heuristic", encode, HEURISTICS)
        name = encode
        return LinkPredictor(name, split, lambda pairs: heuristic_scores(graph, pairs, name))
    if decoder not in DECODERS:
        raise unknown("decoder", decoder, DECODERS)
    with torch.no_grad():
        found = encode(graph)
    if not isinstance(found, Tensor) or found.ndim != 2 or len(found) != graph.nodes:
        what = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise InputError(
            f"The encoder must return one row for each of {graph.nodes:,} nodes, but returned "
            f"{what}."
        )
    table = found.detach().to("cpu", torch.float32)
    wrong = (~table.isfinite()).any(1).nonzero()
    if len(wrong):
        raise InputError(
            f"The representations of {len(wrong):,} of {graph.nodes:,} nodes are NaN or infinite, "
            f"first that of node {int(wrong[0])}."
        )
    made = DECODERS[decoder]
    return LinkPredictor(decoder, split, made.fit(table, split), made.logit)


def _check_no_leak(split: LinkSplit) -> None:
    """No link or negative that is scored is in the training graph."""
    nodes = split.graph.nodes
    known = split.train[0] * nodes + split.train[1]
    for part in ("test", "val", "calibration", "test_negatives", "calibration_negatives"):
        pairs = getattr(split, part)
        seen = int(torch.isin(pairs[0] * nodes + pairs[1], known).sum())
        if seen:
            what = part.replace("_", " ").replace("val", "validation")
            raise InputError(
                f"{seen:,} of {pairs.shape[1]:,} pairs of the {what} are links of the training "
                "graph, where they would carry messages; use a split of split_links unchanged."
            )
