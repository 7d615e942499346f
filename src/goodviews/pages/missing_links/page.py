"""The page of missing links: one HTML file with its answers, curves and reliability."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.files import read_json, reading
from goodviews.core.text import ends, number
from goodviews.pages.chart.layout import ticks
from goodviews.pages.chart.lines import Dot, Line, chart
from goodviews.pages.chart.reliability import reliability
from goodviews.pages.shell import sibling

Row = dict[str, Any]

_LINES = (
    ("a", "GAE from contrastive"),
    ("b", "GAE"),
    ("c", "contrastive, frozen"),
    ("ref", "features only"),
)
_NODES = (("c", "contrastive, frozen"), ("b", "supervised GCN"), ("ref", "random encoder"))
_CHARTS = (
    ("auc", "AUC of test links", "Area under the ROC curve against uniform negatives.", _LINES),
    ("matched_auc", "AUC, degree-matched", "Negatives have ends of the same degrees.", _LINES),
    ("brier", "Brier score", "Of calibrated probabilities, one negative each: 0 is perfect, 0.25 "
     "is a coin. Less is better.", _LINES),
    ("node_accuracy", "Node accuracy", "On the test nodes of the given split.", _NODES),
)  # fmt: skip
_TEXTS = ("graph", "axis", "arm", "over", "views")


def missing_links_page(folder: Path) -> str:
    """The page of a folder that the experiment ``missing_links`` wrote.

    Args:
        folder: With ``run.json``, ``answers.json``, ``levels.csv``, ``gaps.csv`` and
            ``reliability.csv``.

    Returns:
        One HTML file that needs nothing else.

    Raises:
        InputError: One of the files is missing.
    """
    if not (folder / "answers.json").is_file():
        raise InputError(
            f"{folder} does not hold a run of missing links; type: "
            "goodviews reproduce missing_links --scale cpu"
        )
    with reading(folder / "answers.json", wrote="goodviews reproduce missing_links"):
        run, answers = read_json(folder / "run.json"), read_json(folder / "answers.json")
        levels, gaps, curves = (
            _read(folder / f"{name}.csv") for name in ("levels", "gaps", "reliability")
        )
    return sibling(
        "missing_links/template.html.j2",
        headline=_headline(answers),
        answers=answers,
        graphs=[
            {
                "name": one["graph"],
                "charts": _charts(levels, one["graph"]),
                "reliability": _reliability(curves, one["graph"]),
                "tables": _tables(gaps, one["graph"]),
            }
            for one in answers
        ],
        made=_made(run),
        command=run["command"],
        date=str(run["started"])[:10],
    )


def _headline(answers: Sequence[Row]) -> str:
    """On how many graphs pretraining pays, and at which missing shares."""
    paying = [one for one in answers if one["pays"]]
    if not paying:
        return (
            "On none of these graphs does pretraining predict links significantly better than "
            "both an autoencoder from scratch and features alone."
        )
    where = "; ".join(
        f"{one['graph']} with {', '.join(f'{100 * level:.0f} %' for level in one['pays'])} missing"
        for one in paying
    )
    return (
        f"Pretraining predicts links better than both an autoencoder from scratch and features "
        f"alone on {len(paying)} of {len(answers)} graphs: {where}."
    )


def _read(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        {k: v if k in _TEXTS else float(v) if v else None for k, v in row.items()} for row in rows
    ]


def _charts(levels: Sequence[Row], graph: str) -> list[Row]:
    """Each metric over the missing share: a line for each arm with bars of 95 %."""
    own = [row for row in levels if (row["graph"], row["axis"]) == (graph, "missing")]
    made = []
    for metric, head, text, arms in _CHARTS:
        lines, dots, values, words = [], [], [], []
        shown = []
        for kind, arm in arms:
            rows = [row for row in own if row["arm"] == arm and row.get(metric) is not None]
            if not rows:
                continue
            shown.append((kind, "dash" if kind == "ref" else "", arm))
            lines.append(Line([(row["level"], row[metric]) for row in rows], kind))
            words.append(f"{arm} from {rows[0][metric]:.3f} to {rows[-1][metric]:.3f}")
            for row in rows:
                low, high = (row[f"{metric}_{end}"] for end in ("low", "high"))
                values += [row[metric]]
                if low is not None and kind != "ref":
                    dots.append(Dot(row["level"], row[metric], low, high, kind))
                    values += [low, high]
        if not lines:
            continue
        last = max(max(row["level"] for row in own), 0.1)
        svg = chart(
            lines,
            x=(-0.03 * last, 1.03 * last),
            y=_room(values),
            x_ticks=[(row, f"{100 * row:.0f} %") for row in sorted({r["level"] for r in own})],
            y_ticks=[(v, number(v, 2)) for v in ticks(*_room(values), 4)],
            label=f"{graph}: {head} by the share of missing training links: {'; '.join(words)}.",
            dots=dots,
        )
        made.append({"head": head, "text": text, "legend": shown, "svg": svg})
    return made


def _room(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    edge = 0.06 * (high - low) or 0.05
    return low - edge, high + edge


def _reliability(curves: Sequence[Row], graph: str) -> list[Row]:
    """Share of links by probability, with all training links and with the fewest."""
    own = [row for row in curves if (row["graph"], row["axis"]) == (graph, "missing")]
    levels = sorted({row["level"] for row in own})
    made = []
    for level in dict.fromkeys((levels[0], levels[-1])):
        shown = {
            kind: [row for row in own if (row["level"], row["arm"]) == (level, arm)]
            for kind, arm in _LINES[:3]
        }
        made.append(
            {
                "head": f"{100 * level:.0f} % of the training links missing",
                "legend": [(kind, "", arm) for kind, arm in _LINES[:3] if shown[kind]],
                "svg": reliability(
                    {kind: rows for kind, rows in shown.items() if rows},
                    label=f"{graph}: share of links by probability, {100 * level:.0f} % missing.",
                ),
            }
        )
    return made


def _tables(gaps: Sequence[Row], graph: str) -> list[Row]:
    """Paired differences, a table for each axis."""
    own = [row for row in gaps if row["graph"] == graph]
    return [
        {
            "axis": axis,
            "rows": [
                {
                    "level": f"{100 * row['level']:.0f} %",
                    "what": f"{row['arm']} − {row['over']}",
                    "auc": _gap(row, "auc", 1),
                    "brier": _gap(row, "brier", 3),
                    "nodes": _gap(row, "node_accuracy", 1),
                    "sure": _decided(row, "auc"),
                }
                for row in own
                if row["axis"] == axis
            ],
        }
        for axis in dict.fromkeys(row["axis"] for row in own)
    ]


def _gap(row: Row, metric: str, digits: int) -> tuple[str, str]:
    if row.get(metric) is None:
        return "–", ""
    value = number(row[metric], digits, signed=True)
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return value, "" if low is None else ends(low, high, digits, signed=True)


def _decided(row: Row, metric: str) -> bool:
    low, high = row.get(f"{metric}_low"), row.get(f"{metric}_high")
    return low is not None and high is not None and (low > 0 or high < 0)


def _made(run: Row) -> list[tuple[str, str]]:
    settings = run["settings"]
    return [
        *[("Data", f"{one['name']}, {one['hash']}") for one in run["data"]],
        ("Splits", f"{len(run['seeds'])}: 80 % of the links for training before any is missing, "
         "5 % each choose and calibrate, 10 % are tested"),
        ("Encoder", f"{settings['encoder']}, the same for all arms"),
        ("Contrastive", f"NT-Xent, {settings['epochs']} steps, {settings['anchors']} anchors; "
         "views chosen by the AUC of validation links"),
        ("Autoencoder", f"{settings['gae_epochs']} steps on the training links; "
         "the weights with the highest AUC of validation links"),
        ("Negatives", f"{settings['count']} for each test link, the same for all arms"),
        ("Interval", "95 % over splits; differences are paired by split and simultaneous over the "
         "levels of an axis"),
        ("Versions", ", ".join(f"{name} {one}" for name, one in run["versions"].items())),
        ("Commit", str(run["commit"])),
        ("Hardware", str(run["hardware"])),
        ("Date", str(run["started"])[:10]),
    ]  # fmt: skip
