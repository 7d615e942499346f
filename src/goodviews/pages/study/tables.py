"""Rows of the table, and the small drawings of intervals beside the numbers."""

from typing import Any

from markupsafe import Markup

from goodviews.core.tokens import REGIMES
from goodviews.pages import words
from goodviews.pages.study.folder import candidates

_WIDTH, _HEIGHT = 104, 20


def mark(regime: str | None) -> Markup:
    """The mark of a verdict as a drawing of 12 pixels; the word stands beside it."""
    name = regime or "undecided"
    return Markup(
        '<svg class="m c-{}" viewBox="0 0 12 12" aria-hidden="true"><use href="#m-{}"/></svg>'
    ).format(name, name)


def _scale(task: dict[str, Any]) -> tuple[float, float]:
    """Range of the candidates' intervals and of training from scratch."""
    values = [v[k] for v in candidates(task) for k in ("low", "high") if v[k] is not None]
    scratch = _scratch(task["baselines"])
    if scratch is not None:
        values.append(scratch)
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.06 * max(high - low, 0.01)
    return low - room, high + room


def _scratch(rows: list[dict[str, Any]]) -> float | None:
    found = [r["accuracy"] for r in rows if "scratch" in r["name"]]
    return found[0] if found else None


def whisker(
    value: dict[str, Any], scale: tuple[float, float], scratch: float | None, regime: str | None
) -> Markup:
    """An interval on the scale all rows share; a value off the scale becomes an arrow.

    Args:
        value: Holds ``accuracy``, ``low`` and ``high``.
        scale: Accuracy at both ends of the drawing.
        scratch: Where the dashed line stands.
        regime: Verdict of a candidate, None for a baseline.
    """
    if value.get("accuracy") is None:
        return Markup("")

    def at(a: float) -> float:
        return round(4 + (a - scale[0]) / (scale[1] - scale[0]) * (_WIDTH - 8), 1)

    y = _HEIGHT / 2
    out = [f'<path class="w-base" d="M0 {y}H{_WIDTH}"/>']
    if scratch is not None:
        out.append(f'<path class="w-dash" d="M{at(scratch)} 2V{_HEIGHT - 2}"/>')
    x = at(value["accuracy"])
    if x < 0:
        out.append(f'<path class="w-fill" d="M1 {y}l6-4v8z"/>')
    elif x > _WIDTH:
        out.append(f'<path class="w-fill" d="M{_WIDTH - 1} {y}l-6-4v8z"/>')
    else:
        if value.get("low") is not None:
            x0, x1 = max(at(value["low"]), 0), min(at(value["high"]), _WIDTH)
            out.append(f'<path class="w-line" d="M{x0} {y}H{x1}"/>')
        if regime is None:
            out.append(f'<path class="w-line" d="M{x} {y - 4}v8"/>')
        else:
            out.append(
                f'<use href="#m-{regime}" x="{x - 5:.1f}" y="{y - 5}" width="10" height="10"/>'
            )
    return Markup(
        f'<svg class="w c-{regime or "ink"}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'aria-hidden="true">{"".join(out)}</svg>'
    )


def table(task: dict[str, Any], family: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Rows of one task as the template prints them: best first, baselines behind.

    Args:
        task: One entry of ``tasks`` in ``verdict.json``.
        family: ``family`` of ``run.json``.
    """
    scale, scratch = _scale(task), _scratch(task["baselines"])
    views = sorted(
        candidates(task),
        key=lambda v: (-(v["accuracy"] if v["accuracy"] is not None else -1), v["nats"] or 0),
    )
    rows = []
    for view in views:
        nats, spread = words.nats(view)
        regime = view["regime"] or "undecided"
        row = _common(view, scale, scratch, regime)
        row |= {
            "id": view["id"],
            "regime": regime,
            "word": REGIMES[regime].word,
            "view": words.spec(*words.split_value(view, family)),
            "winner": view["id"] == task["winner"],
            "nats": nats,
            "spread": spread,
            "sort_nats": view["nats"],
            "troubles": troubles(view),
        }
        rows.append(row)
    for base in sorted(task["baselines"], key=lambda b: -(b["accuracy"] or 0)):
        row = _common(base, scale, scratch, None)
        row |= {"id": None, "name": base["name"], "detail": base.get("detail") or ""}
        rows.append(row)
    return rows


def troubles(view: dict[str, Any]) -> list[str]:
    """What went wrong in the runs of a view, in words."""
    out = []
    for key, word in (("collapsed", "collapsed"), ("undertrained", "still improving")):
        count = view.get(key) or 0
        if count:
            out.append(f"{count} {'run' if count == 1 else 'runs'} {word}")
    return out


def _common(
    value: dict[str, Any], scale: tuple[float, float], scratch: float | None, regime: str | None
) -> dict[str, Any]:
    usable, half = value.get("usable"), None
    if value.get("usable_low") is not None:
        half = (value["usable_high"] - value["usable_low"]) / 2
    knn = {"accuracy": value.get("knn"), "low": value.get("low"), "high": value.get("high")}
    over = value.get("over_scratch")
    return {
        "accuracy": words.accuracy(value),
        "interval": words.interval(value),
        "whisker": whisker(value, scale, scratch, regime),
        "over": words.points(over),
        "usable": words.plain(usable, half),
        "knn": words.accuracy(knn),
        "seconds": words.seconds(value.get("seconds")),
        "sort": {
            "accuracy": value.get("accuracy"),
            "over": over["points"] if over else None,
            "usable": usable,
            "knn": value.get("knn"),
            "seconds": value.get("seconds"),
        },
    }


def worth(task: dict[str, Any]) -> list[dict[str, Any]]:
    """The intervals of the advice box, in percent of its width.

    Returns:
        One entry per row: name, text, whether it is the best view, ``x``, ``x0``, ``x1``
        and the place of the dashed line.
    """
    rows = task["worth"]["rows"] if task["worth"] else []
    values = [r[k] for r in rows for k in ("low", "high", "accuracy") if r[k] is not None]
    if not values:
        return []
    low, high = min(values), max(values)
    room = 0.05 * max(high - low, 0.01)
    low, high = low - room, high + room

    def at(a: float | None) -> float | None:
        return None if a is None else round(100 * (a - low) / (high - low), 2)

    scratch = at(_scratch(rows))
    return [
        {
            "name": r["name"],
            "text": words.accuracy(r),
            "interval": words.interval(r),
            "best": bool(r["best"]),
            "x": at(r["accuracy"]),
            "x0": at(r["low"]),
            "x1": at(r["high"]),
            "scratch": scratch,
        }
        for r in rows
    ]
