"""Scores of test links and of their negatives, and what they amount to.

Letters: m test links, K negatives of each, c calibration links.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_whole, unknown
from goodviews.core.interval import Interval
from goodviews.data.graphs.features import made_from_links, with_features
from goodviews.evaluation.links import metrics
from goodviews.evaluation.links.negatives import drawn_negatives, hard_negatives, matched_negatives
from goodviews.evaluation.links.predictor import LinkPredictor
from goodviews.evaluation.links.probabilities import (
    LEAST,
    Calibration,
    Sharpness,
    fit_calibration,
    sharpness,
)
from goodviews.evaluation.links.split import LinkSplit
from goodviews.graphs import Graph

NEGATIVES = ("uniform", "degree", "hard")
_DRAWN: WeakKeyDictionary[LinkSplit, dict[tuple[str, str, int], Tensor]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False, repr=False)
class LinkScores:
    """Scores of test links and of their own negatives, and probabilities of both.

    Attributes:
        predictor: Name of the predictor.
        negatives: Kind of the negatives: ``uniform``, ``degree`` or ``hard``.
        links: (m,) scores of test links.
        others: (m, K) scores of the negatives of each.
        isolated: (m,) whether an end of the link has no training link.
        calibration: How scores become probabilities; ``None`` with fewer than 10 calibration
            links.
        logit: Whether a score is already the log odds of a link.
        ratio: Number of negatives for each link in ``ap`` and in the scores of probabilities.

    Example:
        >>> one = LinkScores("near", "uniform", np.array([2.0, 1.0]), np.array([[0.0], [1.5]]),
        ...                  np.zeros(2, bool), None, False)
        >>> one.auc.value, one.row()["mrr@1"]
        (0.75, 0.75)
    """

    predictor: str
    negatives: str
    links: np.ndarray
    others: np.ndarray
    isolated: np.ndarray
    calibration: Calibration | None
    logit: bool
    ratio: int = 1

    @property
    def auc(self) -> Interval:
        """Area under the ROC curve over all negatives, with its 95 % interval."""
        return metrics.link_auc(self.links, self.others)

    def over(self, other: "LinkScores") -> Interval:
        """Difference of the areas of two predictors on the same pairs, with its interval."""
        if self.others.shape != other.others.shape or self.negatives != other.negatives:
            raise InputError("Two predictors are compared on the same links and negatives only.")
        return metrics.auc_gap(self.links, self.others, other.links, other.others)

    def probabilities(self, *, calibrated: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities of the links, (m,), and of ``ratio`` negatives of each, (m, ratio).

        Raises:
            InputError: There is no calibration, or the scores are not log odds.
        """
        map_to = self.calibration if calibrated else Calibration(1.0, 0.0, 0)
        if map_to is None:
            raise InputError(
                "Probabilities need calibration links: split_links(calibration=0.05)."
            )
        if not calibrated and not self.logit:
            raise InputError(f"Scores of {self.predictor} are not log odds; calibrate them.")
        return map_to.probability(self.links), map_to.probability(self.others[:, : self.ratio])

    def sharpness(self, *, calibrated: bool = True) -> Sharpness:
        """Log loss, Brier score and reliability curve of the probabilities."""
        links, others = self.probabilities(calibrated=calibrated)
        return sharpness(links, others.ravel())

    def part(self, mask: np.ndarray) -> "LinkScores":
        """The scores of some of the test links.

        Args:
            mask: (m,) boolean.
        """
        return replace(
            self,
            links=self.links[mask],
            others=self.others[mask],
            isolated=self.isolated[mask],
        )

    def row(self, *, first: Sequence[int] = (10,)) -> dict[str, float]:
        """Every metric under a name with its ratio or count: ``ap@1:1``, ``mrr@100``.

        Args:
            first: The K of ``hits@K``, the share of links among the first K of their own
                negatives and themselves; those above the number of negatives are left out.
        """
        count = self.others.shape[1]
        rank = metrics.ranks(self.links, self.others)
        area = self.auc
        found = {
            f"auc@1:{count}": area.value,
            "auc_low": area.low,
            "auc_high": area.high,
            f"ap@1:{self.ratio}": metrics.average_precision(
                self.links, self.others[:, : self.ratio]
            ),
            f"mrr@{count}": metrics.mean_reciprocal_rank(rank),
        }
        for top in first:
            if top <= count:
                found[f"hits@{top}/{count}"] = metrics.hits(rank, top, negatives=count)
        kinds = [("", True)] if self.calibration else []
        for mark, calibrated in [*kinds, *([("raw_", False)] if self.logit else [])]:
            worth = self.sharpness(calibrated=calibrated)
            found[f"{mark}nll_nats@1:{self.ratio}"] = worth.nll_nats
            found[f"{mark}brier@1:{self.ratio}"] = worth.brier
            found[f"{mark}calibration_error@1:{self.ratio}"] = worth.error
        found["isolated_share"] = float(self.isolated.mean())
        for mark, mask in (("isolated", self.isolated), ("connected", ~self.isolated)):
            if 0 < mask.sum() < len(mask):
                found[f"{mark}_auc@1:{count}"] = self.part(mask).auc.value
        return found


def link_scores(
    predictor: LinkPredictor, *, negatives: str = "uniform", count: int = 100
) -> LinkScores:
    """Score the test links of a split and negatives of each.

    Args:
        predictor: What :func:`link_predictor` made.
        negatives: ``uniform``; ``degree``, whose ends have the degrees of the ends of links; or
            ``hard``, the likeliest pairs that share an end with the link.
        count: Number K of negatives of each link; every predictor of a split has the same ones.

    Returns:
        The scores. Probabilities are calibrated on the calibration links of the split and as
        many negatives, drawn as those of the test.

    Raises:
        InputError: The kind is unknown, or there are too few negatives of it.

    Example:
        >>> from goodviews.evaluation import link_predictor, split_links
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(50)), [*range(1, 50), 0]], nodes=50)
        >>> found = link_scores(link_predictor("common_neighbours", split_links(ring)), count=20)
        >>> found.auc.value < 0.51  # a ring has no triangles
        True
    """
    split = predictor.split
    pairs = negatives_of(split, negatives, "test", count)
    links = predictor(split.test).numpy()
    others = predictor(pairs).numpy()
    calibration = None
    if split.calibration.shape[1] >= LEAST:
        apart = negatives_of(split, negatives, "calibration", count)[:, :, 0]
        calibration = fit_calibration(
            predictor(split.calibration).numpy(), predictor(apart).numpy()
        )
    isolated = (split.graph.degree[split.test] == 0).any(0).numpy()
    return LinkScores(
        predictor.name, negatives, links, others, isolated, calibration, predictor.logit,
        min(split.ratio, count),
    )  # fmt: skip


def negatives_of(split: LinkSplit, kind: str, part: str, count: int) -> Tensor:
    """Negatives of each link of a part, the same for every caller.

    They do not depend on what is missing: degrees are those of all links, and hard negatives are
    ranked by the training links before any was removed or added. The first uniform ones are those
    of the split.

    Args:
        split: The split.
        kind: ``uniform``, ``degree`` or ``hard``.
        part: ``test`` or ``calibration``.
        count: Number K of negatives of each link.

    Returns:
        (2, m, K) with u < v, none of them a link.

    Raises:
        InputError: The kind is unknown, or there are too few.

    Example:
        >>> from goodviews.evaluation import split_links
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(50)), [*range(1, 50), 0]], nodes=50)
        >>> negatives_of(split_links(ring), "degree", "test", 4).shape
        torch.Size([2, 5, 4])
    """
    if kind not in NEGATIVES:
        raise unknown("kind of negatives", kind, NEGATIVES)
    check_whole("count", count, 1, 10_000)
    known = _DRAWN.setdefault(split, {})
    if (kind, part, count) not in known:
        known[kind, part, count] = _make(split, kind, part, count)
    return known[kind, part, count]


def _make(split: LinkSplit, kind: str, part: str, count: int) -> Tensor:
    links: Tensor = getattr(split, part)
    size, seed = links.shape[1], 2 * split.seed + (part == "test")
    whole = Graph(split.graph.features, split.true_links)
    if kind != "uniform":
        nodes = whole.nodes
        held = torch.cat([split.test, split.val, split.calibration], 1)
        codes = whole.edges[0] * nodes + whole.edges[1]
        seen = replace(whole, edges=whole.edges[:, ~torch.isin(codes, held[0] * nodes + held[1])])
        choice = made_from_links(split.graph)
        if choice is not None:
            seen = with_features(seen, choice)
        make = matched_negatives if kind == "degree" else hard_negatives
        return make(whole, seen, links, count, seed)
    own: Tensor = getattr(split, f"{part}_negatives").view(2, size, split.ratio)
    if count <= split.ratio:
        return own[:, :, :count]
    return torch.cat([own, drawn_negatives(whole, (size, count - split.ratio), seed)], 2)
