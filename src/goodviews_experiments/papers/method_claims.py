"""What makes for good views, section 5: the methods, as tables of ImageNet accuracies."""

import numpy as np
from scipy.stats import spearmanr

from goodviews.core import intervals
from goodviews_experiments.papers.claim import Claim, Measure
from goodviews_experiments.papers.rows import Rows, contrast
from goodviews_experiments.papers.verdict import Part

AGAIN = "ImageNet, methods run again by the authors (table)"
EARLIER = "ImageNet, comparison with earlier methods (table)"
AUTHORS = {
    "instdis": ("InstDis", 59.5),
    "cmc": ("CMC, two half networks", 58.6),
    "moco": ("MoCo", 60.8),
    "pirl": ("PIRL", 61.7),
    "mocov2": ("MoCo v2", 67.5),
    "infomin": ("InfoMin", 70.1),
}
"""Method: its name, and the top-1 accuracy that the authors' code gave in 200 epochs."""

PUBLISHED = {
    "instdis": ("InstDis, 200 epochs", "56.5 (L)"),
    "cmc": ("CMC, 240 epochs", "60.0 (L)"),
    "moco": ("MoCo, 200 epochs", "60.6"),
    "pirl": ("PIRL, 800 epochs", "63.6"),
    "cpc": ("CPC v2", "63.8; ours is CPC, not v2"),
    "simclr": ("SimCLR, 1,000 epochs", "69.3"),
    "mocov2": ("MoCo v2, 800 epochs", "71.1"),
}
"""Method: its name with its epochs, and the top-1 accuracy that its paper published."""

OWN = "an image could be its own negative in the memory bank"
STALE = "short runs kept an older queue"
OLDER = {"instdis": OWN, "cmc": OWN, "pirl": OWN, "moco": STALE, "mocov2": STALE, "infomin": STALE}


def accuracy(method: str, name: str, where: str, paper: str) -> Claim:
    """A cell of a table: the linear accuracy of a method."""

    def measure(rows: Rows) -> list[Part]:
        found = contrast(learned(rows, method), {method: 1}, items=rows.run["settings"]["test"])
        return [Part("linear accuracy", found, unit="%", signed=False)]

    return Claim(
        where, f"{name}: linear accuracy", paper, "methods_learn", measure, level=True,
        older=OLDER.get(method, ""),
    )  # fmt: skip


def learned(rows: Rows, *methods: str) -> dict[str, np.ndarray]:
    """(S,) linear accuracies of some methods."""
    return {method: rows.seeds("linear_top1", method=method, role="learned") for method in methods}


def premise(*methods: str) -> Measure:
    """Gain of each method over random weights, which must be above 0."""

    def measure(rows: Rows) -> list[Part]:
        match = {"readout": "linear", "control": "random weights"}
        return [
            Part(
                f"{method} over random weights",
                rows.number("differences", "difference", method=method, **match).times(100),
            )
            for method in methods
        ]

    return measure


def better(one: str, other: str, paper: str) -> Claim:
    """An order of two methods."""

    def measure(rows: Rows) -> list[Part]:
        weights = {one: 1.0, other: -1.0}
        arms = learned(rows, *weights)
        found = contrast(arms, weights, items=rows.run["settings"]["test"])
        return [Part(f"{AUTHORS[one][0]} over {AUTHORS[other][0]}", found)]

    return Claim(
        AGAIN, f"{AUTHORS[one][0]} is better than {AUTHORS[other][0]}", paper, "methods_learn",
        measure, premise(one, other), older=OLDER[one],
    )  # fmt: skip


def ranks(rows: Rows) -> list[Part]:
    """Rank correlation with the authors' order, by seed."""
    arms = learned(rows, *AUTHORS)
    theirs = [top1 for _, top1 in AUTHORS.values()]
    each = [
        float(spearmanr([arms[method][seed] for method in AUTHORS], theirs).statistic)
        for seed in range(len(rows.run["seeds"]))
    ]
    found = intervals.student_interval(np.array(each)).within(-1, 1)
    return [Part("rank correlation", found, unit="", decimals=2)]


CLAIMS = (
    *(accuracy(key, name, AGAIN, f"{top1}") for key, (name, top1) in AUTHORS.items()),
    better("infomin", "mocov2", "70.1 − 67.5 = +2.6 points"),
    better("mocov2", "moco", "67.5 − 60.8 = +6.7 points"),
    better("pirl", "instdis", "61.7 − 59.5 = +2.2 points"),
    Claim(
        AGAIN, "The order of the six methods", "1", "methods_learn", ranks, premise(*AUTHORS),
        older="queues and memory banks, as above",
    ),
    *(accuracy(key, name, EARLIER, paper) for key, (name, paper) in PUBLISHED.items()),
)  # fmt: skip
