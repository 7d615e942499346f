"""The page of an evaluation on links: one HTML file with its table and reliability curves."""

from collections.abc import Mapping, Sequence
from typing import Any

from goodviews.core.text import ends, number, share
from goodviews.pages.chart.reliability import reliability
from goodviews.pages.shell import sibling

Row = Mapping[str, Any]

_MEANT = {
    "uniform": "pairs without a link, at random",
    "degree": "pairs whose ends have as many links as those of the test link",
    "hard": "the likeliest pairs that share an end with the test link",
}
_KINDS = {"degree": "degree-matched"}
_SHOWN = ("auc@", "ap@", "mrr@", "hits@", "brier@", "nll_nats@", "calibration_error@")
_NAMES = {
    "auc": "AUC",
    "ap": "AP",
    "mrr": "MRR",
    "hits": "hits",
    "brier": "Brier score",
    "nll_nats": "log loss, nats",
    "calibration_error": "calibration error",
}


def links_page(run: Row, rows: Sequence[Row], gaps: Sequence[Row], curves: Sequence[Row]) -> str:
    """The page of an evaluation on links.

    Args:
        run: Content of ``run.json``, with ``sentences`` and ``sizes``.
        rows: Rows of ``rows.csv``.
        gaps: Rows of ``differences.csv``.
        curves: Rows of ``reliability.csv``.

    Returns:
        One HTML file that needs nothing else.
    """
    name, kinds = run["encoder"], list(dict.fromkeys(row["negatives"] for row in rows))
    return sibling(
        "links/template.html.j2",
        data=run["data"]["name"],
        question=f"How well does {name} predict missing links of {run['data']['name']}?",
        answer=_answer(rows, gaps, name),
        edge="fit" if any(gap["low"] > 0 for gap in gaps) else "undecided",
        sentences=run["sentences"],
        sizes=run["sizes"],
        tables=[_table(rows, gaps, kind) for kind in kinds],
        charts=[one for kind in kinds if (one := _curve(curves, name, kind))],
        made=_made(run),
        command=run["command"],
    )


def _answer(rows: Sequence[Row], gaps: Sequence[Row], name: str) -> str:
    """The AUC, and the controls that are as good, by the intervals of the differences."""
    first = rows[0]
    area = next(value for key, value in first.items() if key.startswith("auc@"))
    mine = [gap for gap in gaps if gap["negatives"] == first["negatives"]]
    close = dict.fromkeys(gap["predictor"] for gap in mine if gap["low"] <= 0)
    tail = (
        f"It is not significantly better than: {', '.join(close)}."
        if close
        else "It is significantly better than every control."
    )
    return f"{name}: AUC {share(area)} against {first['negatives']} negatives. {tail}"


def _table(rows: Sequence[Row], gaps: Sequence[Row], kind: str) -> dict[str, Any]:
    own = [row for row in rows if row["negatives"] == kind]
    columns = [next((key for key in own[0] if key.startswith(start)), None) for start in _SHOWN]
    shown = [column for column in columns if column]
    lines = []
    for row in own:
        gap = next(
            (
                one
                for one in gaps
                if (one["predictor"], one["negatives"], one["seed"])
                == (row["predictor"], kind, row["seed"])
            ),
            None,
        )
        lines.append(
            {
                "name": row["predictor"],
                "seed": row["seed"] if row["predictor"] == "random encoder" else None,
                "cells": [
                    (
                        _head(column),
                        share(row[column]) if row.get(column) is not None else "–",
                        ends(row["auc_low"], row["auc_high"], 3, bare=True)
                        if column.startswith("auc@")
                        else "",
                    )
                    for column in shown
                ],
                "gap": _points(gap),
                "star": gap is None,
            }
        )
    return {
        "kind": kind,
        "name": _KINDS.get(kind, kind),
        "meant": _MEANT[kind],
        "heads": [_head(column) for column in shown],
        "rows": lines,
    }


def _head(column: str) -> str:
    """A column for people: ``AUC, 1:100``."""
    name, _, count = column.partition("@")
    return f"{_NAMES[name]}, {count}" if name != "hits" else f"hits@{count.replace('/', ' of ')}"


def _points(gap: Row | None) -> tuple[str, str]:
    if gap is None:
        return "", ""
    value, low, high = (100 * gap[key] for key in ("auc", "low", "high"))
    return number(value, 1, signed=True), ends(low, high, 1, signed=True)


def _curve(curves: Sequence[Row], name: str, kind: str) -> dict[str, Any] | None:
    """Reliability of the encoder and of the autoencoder, for one kind of negatives."""
    shown = {
        mark: [
            row
            for row in curves
            if (row["predictor"], row["negatives"], row["seed"]) == (arm, kind, 0)
        ]
        for mark, arm in (("a", name), ("b", "GAE"))
    }
    lines = {mark: bins for mark, bins in shown.items() if bins}
    if not lines:
        return None
    return {
        "head": f"Against {_KINDS.get(kind, kind)} negatives",
        "legend": [(mark, arm) for mark, arm in (("a", name), ("b", "GAE")) if mark in lines],
        "svg": reliability(lines, label=f"Share of links by probability, {kind} negatives."),
    }


def _made(run: Row) -> list[tuple[str, str]]:
    return [
        ("Data", f"{run['data']['name']}, {run['data']['hash']}"),
        ("Links", run["sizes"]),
        ("Messages", "training links only: no link that is scored is in the graph"),
        ("Interval", "95 %, over test links and negatives of one split; differences are paired"),
        ("Probabilities", "Platt's scaling, fitted on calibration links and as many negatives of "
         "the same kind"),
        ("Versions", ", ".join(f"{name} {one}" for name, one in run["versions"].items())),
        ("Commit", str(run["commit"])),
        ("Hardware", str(run["hardware"])),
        ("Date", str(run["started"])[:10]),
    ]  # fmt: skip
