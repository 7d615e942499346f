"""What makes for good views: learned views."""

import numpy as np

from goodviews.core import Interval, intervals
from goodviews_experiments.papers.claim import Claim
from goodviews_experiments.papers.rows import Rows, contrast, spread_ratio
from goodviews_experiments.papers.verdict import Part

LEARNED = "Learned views (table)"
TESTED = 2000
"""Images of imagenette96 on which learned views are compared."""


def accuracies(rows: Rows, *arms: str) -> dict[str, np.ndarray]:
    """(S,) accuracies of some arms."""
    return {arm: rows.seeds("linear_top1", arm=arm) for arm in arms}


def learned_level(kind: str, space: str, paper: str) -> Claim:
    """A cell of the table of learned views."""

    def measure(rows: Rows) -> list[Part]:
        found = rows.number("table", "top1", arm=f"{kind} {space}")
        return [Part("accuracy", found, unit="%", signed=False)]

    return Claim(
        LEARNED, f"{kind} {space}: linear accuracy", f"{paper} (L)", "learned_views", measure,
        level=True,
    )  # fmt: skip


def order(better: str, worse: str, paper: str) -> Claim:
    """An order of two cells, paired by seed."""

    def measure(rows: Rows) -> list[Part]:
        weights = {better: 1.0, worse: -1.0}
        found = contrast(accuracies(rows, *weights), weights, items=TESTED)
        for line in rows.table("orders"):  # paired by image as well
            if (line["arm"], line["over"]) == (better, worse):
                found = Interval(*(float(line[key]) for key in ("points", "low", "high")))
        return [Part(f"{better} over {worse}", found)]

    return Claim(
        LEARNED,
        f"{better} is better than {worse}",
        f"{paper} points (L)",
        "learned_views",
        measure,
    )


def rgb_gains_more(rows: Rows) -> list[Part]:
    """What learning adds to RGB less what it adds to YDbDr."""
    weights = {"semi RGB": 1.0, "raw RGB": -1.0, "semi YDbDr": -1.0, "raw YDbDr": 1.0}
    found = contrast(accuracies(rows, *weights), weights, items=TESTED)
    return [Part("gain on RGB less gain on YDbDr", found)]


def unstable(rows: Rows) -> list[Part]:
    """Spread over runs of unsupervised views, as multiples of the others'."""
    arms = accuracies(rows, "unsupervised RGB", "semi RGB", "raw RGB")
    return [
        Part(
            f"spread, times that of {other}",
            spread_ratio(list(arms["unsupervised RGB"]), list(arms[other])),
            low=1, unit="", signed=False,
        )
        for other in ("semi RGB", "raw RGB")
    ]  # fmt: skip


def generators_peak(rows: Rows) -> list[Part]:
    """Best unsupervised generator of RGB over those that share least and most.

    Arms of one run have the spread over runs of the others.
    """
    names = sorted(
        {
            line["arm"]
            for line in rows.table()
            if line["arm"].startswith("unsupervised") and line["space"] == "rgb"
        }
    )
    seen = accuracies(rows, *names)
    nats = {name: rows.seeds("shared_nats", arm=name).mean() for name in names}
    many = [runs for runs in seen.values() if len(runs) > 1]
    dof = sum(len(runs) - 1 for runs in many)
    spread = sum(float(((runs - runs.mean()) ** 2).sum()) for runs in many) / dof
    best = max(names, key=lambda name: seen[name].mean())
    parts = []
    for what, pick in (("least", min), ("most", max)):
        end = pick(names, key=nats.__getitem__)
        own = [float(seen[name].mean()) for name in (best, end)]
        runs = spread * sum(1 / len(seen[name]) for name in (best, end))
        items = sum(share * (1 - share) for share in own) / TESTED
        half = intervals.half_width((runs, dof), (items, TESTED - 1), among=len(names))
        gap = own[0] - own[1]
        found = Interval(gap, gap - half, gap + half).times(100)
        parts.append(Part(f"best generator over the one that shares {what}", found))
    return parts


def over_reduced(rows: Rows) -> list[Part]:
    """Nats of raw RGB less those of the unsupervised views."""
    raw, left = (rows.seeds("shared_nats", arm=f"{kind} RGB") for kind in ("raw", "unsupervised"))
    found = intervals.student_interval(raw - left)
    return [Part("raw RGB less unsupervised", found, unit="nats", decimals=2)]


CLAIMS = (
    learned_level("unsupervised", "RGB", "82.4 ± 3.2"),
    learned_level("unsupervised", "YDbDr", "84.3 ± 0.5"),
    learned_level("supervised", "RGB", "79.9 ± 1.5"),
    learned_level("supervised", "YDbDr", "78.5 ± 2.3"),
    learned_level("semi", "RGB", "86.0 ± 0.6"),
    learned_level("semi", "YDbDr", "87.0 ± 0.3"),
    learned_level("raw", "RGB", "81.5 ± 0.2"),
    learned_level("raw", "YDbDr", "86.6 ± 0.2"),
    order("semi RGB", "raw RGB", "+4.5"),
    order("semi RGB", "supervised RGB", "+6.1"),
    order("semi RGB", "unsupervised RGB", "+3.6"),
    order("semi YDbDr", "raw YDbDr", "+0.4"),
    order("semi YDbDr", "supervised YDbDr", "+8.5"),
    order("semi YDbDr", "unsupervised YDbDr", "+2.7"),
    order("unsupervised RGB", "raw RGB", "+0.9"),
    order("raw YDbDr", "unsupervised YDbDr", "+2.3"),
    Claim(
        LEARNED, "RGB gains more from learning than YDbDr", "4.5 − 0.4 = +4.1 points (L)",
        "learned_views", rgb_gains_more,
    ),
    Claim(
        LEARNED, "Unsupervised views vary most from run to run", "3.2 against 0.6 and 0.2 (L)",
        "learned_views", unstable,
    ),
    Claim(
        "Learned views (figure)", "The adversary lowers the shared information", "below raw (NE)",
        "learned_views", over_reduced,
    ),
    Claim(
        "Learned views (figure)", "Unsupervised generators form an inverted U", "inside peak (NE)",
        "learned_views", generators_peak,
    ),
)  # fmt: skip
