"""The duality paper: accuracies by method, projector and normalisation."""

import math

from goodviews.core import Interval
from goodviews_experiments.papers.claim import Claim, Measure
from goodviews_experiments.papers.rows import Rows, contrast, exact
from goodviews_experiments.papers.verdict import Part

SMALL, LARGE = "128-128-128", "1024-1024-128"
TABLE = "ImageNet accuracy by projector and dimension (table)"
TUNED = "63.42 / 65.35 / 66.36 / 67.62 / 68.68 for d = 256 to 8192 (L)"


def level(name: str, method: str, head: str, paper: str) -> Claim:
    """A row of the table of accuracies, at one dimension."""

    def measure(rows: Rows) -> list[Part]:
        found = rows.number("methods", "points", method=method, head=head)
        return [Part(f"{method} {head}", found, unit="%", signed=False)]

    return Claim(TABLE, name, paper, "duality", measure, level=True)


def compared(kind: str, *, low: float, high: float) -> Measure:
    """Comparisons of a kind, and the paper's side of each."""

    def measure(rows: Rows) -> list[Part]:
        parts = []
        for line in rows.table("comparisons"):
            if line["kind"] != kind:
                continue
            found = Interval(*(float(line[key]) for key in ("points", "low", "high")))
            name = line["first"] if kind == "head" else f"{line['first']} over {line['second']}"
            parts.append(Part(f"{name}, {line['head']}", found, low, high))
        return parts

    return measure


def variant(method: str, name: str, paper: str) -> Claim:
    """A variant of SimCLR's repulsion beside SimCLR."""

    def measure(rows: Rows) -> list[Part]:
        arms = {
            key: rows.seeds("linear_top1", method=key, role="learned")
            for key in ("simclr", method)
        }
        found = contrast(arms, {method: 1, "simclr": -1}, items=rows.run["settings"]["test"])
        return [Part(f"{name} over SimCLR", found, -1, 1)]

    return Claim(
        "SimCLR-sq, SimCLR-abs, DCL", f"{name} is within a point of SimCLR", paper,
        "methods_learn", measure,
    )  # fmt: skip


def tuned(rows: Rows) -> list[Part]:
    """SimCLR at the chosen temperature over SimCLR at the original one, in the runs that chose."""
    chosen = rows.run["chosen"]["SimCLR"]
    arms = {
        objective: rows.seeds("linear_top1", "tuning", method="SimCLR", objective=objective)
        for objective in (chosen, "ntxent(temperature=0.1)")
    }
    items = int(rows.table("tuning")[0]["items"])
    weights = dict(zip(arms, (1.0, -1.0), strict=True))
    return [Part(f"{chosen} over temperature 0.1", contrast(arms, weights, items=items))]


def original(rows: Rows) -> list[Part]:
    """SimCLR at its original temperature, in the runs that chose."""
    objective = "ntxent(temperature=0.1)"
    found = rows.seeds("linear_top1", "tuning", method="SimCLR", objective=objective)
    name = f"SimCLR at temperature 0.1, {SMALL}, one seed, 3 epochs"
    return [Part(name, exact(100 * found.mean()), unit="%", signed=False)]


CLAIMS = (
    level("VICReg, d-d-d", "VICReg", SMALL, "61.36 / 63.50 (L) / 65.35 (L) / 66.74 (L) / 68.13"),
    level("VICReg, 8192-8192-d", "VICReg", LARGE, "65.01 / 66.72 (L) / 68.06 (L) / 68.07 (L) / "
          "68.13"),
    level("VICReg-exp, 8192-8192-d", "VICReg-exp", LARGE, "65.24 (L) / 66.71 (L) / 67.86 (L) / "
          "68.00 / 67.93 (L)"),
    level("VICReg-ctr, 8192-8192-d", "VICReg-ctr", LARGE, "67.72 (L) / 67.86 (L) / 67.84 (L) / "
          "67.92 / 67.73 (L)"),
    level("SimCLR tuned, 8192-8192-d", "SimCLR", LARGE, "68.45 (L) / 68.61 / 68.49 (L) / 68.48 "
          "(L) / 68.68 (L)"),
    level("SimCLR tuned, d-d-d", "SimCLR", SMALL, TUNED),
    Claim(
        TABLE, "SimCLR, original settings, 8192-8192-d", "66.11 (L) / 66.33 / 66.00 (L) / "
        "66.02 (L) / 66.08 (L)", "duality", original, level=True,
    ),
    Claim(
        TABLE, "Methods between SimCLR and VICReg differ by less than a point", "68.61, 68.13, "
        "68.00, 67.92: spread 0.7", "duality", compared("spread", low=0, high=1),
    ),
    Claim(
        TABLE, "SimCLR, tuned, is within a point of VICReg", "68.61 − 68.13 = +0.5 points",
        "duality", lambda rows: [
            part for part in compared("method", low=-1, high=1)(rows)
            if part.name.startswith("SimCLR over VICReg,")
        ],
    ),
    Claim(
        TABLE, "A larger projector is better, for every method", "VICReg, d = 256: +3.65 points; "
        "SimCLR: +5.0 (L)", "duality", compared("head", low=0, high=math.inf),
    ),
    Claim(
        TABLE, "SimCLR, tuned, is better than with its original settings",
        "68.61 − 66.33 = +2.3 points; best of earlier works 66.8, first published 64.7",
        "duality", tuned, departs="temperature alone, one seed",
    ),
    Claim(
        "Normalisation (table)", "Centring or standardising dimensions does not change SimCLR",
        "same peak accuracy", "duality", compared("normalisation", low=-1, high=1),
        departs="the paper's 2048-d projector, where it is slightly worse, was not run",
    ),
    variant("simclr_abs", "SimCLR-abs", "68.71 − 68.61 = +0.1 points"),
    variant("simclr_sq", "SimCLR-sq", "(NE)"),
    variant("dcl", "DCL", "(NE)"),
)  # fmt: skip
