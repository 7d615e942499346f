"""The page of a transfer: one HTML file with its differences, scores and predictions."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from goodviews.core.text import number
from goodviews.pages.shell import sibling

_WIDE, _LINE, _LEFT = 720, 34, 330

_FROZEN = {"all": "frozen", "stem": "stem frozen", "none": "fine-tuned"}

Row = Mapping[str, Any]


def transfer_page(
    run: Row, rows: Sequence[Row], gaps: Sequence[Row], pictures: Sequence[Row] = ()
) -> str:
    """The page of a transfer.

    Args:
        run: Content of ``run.json``.
        rows: Rows of ``rows.csv``.
        gaps: Rows of ``differences.csv``, each with its sentence in ``text``.
        pictures: ``name`` and ``tiles``, a list of ``caption`` and ``url``, for each image shown.

    Returns:
        One HTML file that needs nothing else.
    """
    metric = "abs_rel" if run["target"] == "depth" else "ap" if "ap" in rows[0] else "miou"
    unit = {"miou": "mIoU", "ap": "AP", "abs_rel": "Absolute relative error"}[metric]
    return sibling(
        "transfer/template.html.j2",
        data=run["data"]["name"],
        question=f"Is {run['encoder']} worth using for {run['target']} on {run['data']['name']}?",
        answer=run["finding"],
        more=[one["text"] for one in gaps if one["text"] != run["finding"]],
        edge="fit" if gaps and _decided(gaps[-1]) else "undecided",
        chart=Markup(_chart(gaps, metric)) if gaps else "",
        unit=unit,
        scores=_scores(rows, metric),
        pictures=pictures,
        made=_made(run),
        command=run["command"],
    )


def _decided(gap: Row) -> bool:
    return gap["low"] is not None and (gap["low"] > 0 or gap["high"] < 0)


def _scale(metric: str) -> float:
    return 1.0 if metric == "abs_rel" else 100.0


def _scores(rows: Sequence[Row], metric: str) -> list[dict[str, str]]:
    groups: dict[tuple[Any, ...], dict[int, float]] = {}
    for row in rows:
        key = (row["encoder"], row.get("frozen", row["freeze"]), row["labelled"])
        groups.setdefault(key, {})[row["seed"]] = _scale(metric) * row[metric]
    digits = 3 if metric == "abs_rel" else 1
    return [
        {
            "encoder": name,
            "freeze": _FROZEN[freeze],
            "labelled": f"{count:,}",
            "mean": number(sum(values.values()) / len(values), digits),
            "each": ", ".join(number(one, digits) for one in values.values()),
        }
        for (name, freeze, count), values in groups.items()
    ]


def _chart(gaps: Sequence[Row], metric: str) -> str:
    """Differences as points with their intervals, about a line at zero."""
    scale, digits = _scale(metric), 3 if metric == "abs_rel" else 1
    ends = [
        scale * one
        for gap in gaps
        for one in (gap["difference"], gap["low"], gap["high"])
        if one is not None
    ]
    most = max([abs(one) for one in ends] + [10**-digits])
    middle, half = (_LEFT + _WIDE - 20) / 2, (_WIDE - 20 - _LEFT) / 2

    def at(value: float) -> str:
        return f"{middle + half * scale * value / most:.1f}"

    tall = _LINE * len(gaps) + 30
    out = [
        f'<svg class="s-chart" viewBox="0 0 {_WIDE} {tall}" role="img" aria-label="Differences '
        f'with 95 % intervals"><line class="s-ceiling" x1="{middle}" x2="{middle}" y1="0" '
        f'y2="{tall - 22}"/>'
    ]
    for k, gap in enumerate(gaps):
        y = _LINE * k + 18
        label = f"{gap['labelled']:,} labelled, {_FROZEN[gap['freeze']]}"
        out.append(
            str(
                Markup(
                    '<g class="s-point"><text x="0" y="{}">{} <tspan dx="6">− {}</tspan></text>'
                ).format(y + 4, label, gap["against"][:24])
            )
        )
        if gap["low"] is not None:
            out.append(f'<path class="s-bar" d="M{at(gap["low"])} {y}H{at(gap["high"])}"/>')
        out.append(f'<circle cx="{at(gap["difference"])}" cy="{y}" r="5"/></g>')
    for value, anchor in ((-most, "start"), (0, "middle"), (most, "end")):
        text = number(value, digits, signed=bool(value))
        out.append(
            f'<text x="{middle + half * value / most:.1f}" y="{tall - 6}" '
            f'text-anchor="{anchor}">{text}</text>'
        )
    return "".join(out) + "</svg>"


def _head(run: Row) -> str:
    """What is trained on the encoder."""
    if "detector" not in run:
        return "A linear head"
    return f"{run['detector']} with neck {run['settings']['neck']}"


def _made(run: Row) -> list[tuple[str, str]]:
    parts, settings = run["parts"], run["settings"]
    return [
        ("Data", f"{run['data']['name']}, {run['data']['count']:,} images, {run['data']['hash']}"),
        (
            "Images",
            f"labels drawn from {parts['train']:,}, learning rate chosen on {parts['choose']:,}, "
            f"{parts['test']:,} tested",
        ),
        *[(f"Encoder: {name}", detail) for name, detail in run["arms"].items()],
        (
            "Training",
            f"{_head(run)}, {settings['steps']:,} steps of AdamW, batch {settings['batch']}, "
            f"images of {settings['shape'][0]} × {settings['shape'][1]}; warm-up, cosine and "
            f"clipping are the same for each encoder",
        ),
        ("Normalisation", f"{run['normalisation']}, for each encoder"),
        ("Interval", "95 %, over seeds and tested images; differences are paired by both"),
        *[("Data note", note) for note in run["notes"]],
        ("Versions", ", ".join(f"{name} {one}" for name, one in run["versions"].items())),
        ("Commit", str(run["commit"])),
        ("Hardware", str(run["hardware"])),
        ("Date", str(run["started"])[:10]),
    ]
