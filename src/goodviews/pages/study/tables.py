"""Rows of the table, and the small drawings of intervals beside the numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from goodviews.core.interval import Interval
from goodviews.core.records.run import Family
from goodviews.core.records.verdict import Baseline, Level, TaskVerdict, View
from goodviews.core.text import counted
from goodviews.core.tokens import REGIMES
from goodviews.pages import words

_WIDTH, _HEIGHT = 104, 20


def mark(regime: str | None) -> Markup:
    """The mark of a verdict as a drawing of 12 pixels; the word is beside it."""
    name = regime or "undecided"
    return Markup(
        '<svg class="m c-{}" viewBox="0 0 12 12" aria-hidden="true"><use href="#m-{}"/></svg>'
    ).format(name, name)


def _ends(intervals: Sequence[Interval | None]) -> list[float]:
    return [end for one in intervals if one and one.known for end in (one.low, one.high)]


def _scale(task: TaskVerdict, scratch: float | None) -> tuple[float, float]:
    """Range of the candidates' intervals and of training from scratch."""
    values = _ends([view.accuracy for view in task.views])
    if scratch is not None:
        values.append(scratch)
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.06 * max(high - low, 0.01)
    return low - room, high + room


def scratch_name(baselines: Sequence[Baseline]) -> str:
    """What training from scratch is called: of graphs, the name of the baseline."""
    found = next((one.name for one in baselines if one.scratch), "from scratch")
    return "from scratch" if "scratch" in found else found


def _scratch(task: TaskVerdict, rows: Sequence[Baseline | Level]) -> float | None:
    """Accuracy of training from scratch, where it is among the rows."""
    name = scratch_name(task.baselines)
    found = [row.accuracy for row in rows if name in row.name or "scratch" in row.name]
    return found[0].value if found and found[0] else None


def whisker(
    level: Interval | None, scale: tuple[float, float], scratch: float | None, regime: str | None
) -> Markup:
    """An interval on the scale all rows share; a value off the scale becomes an arrow.

    Args:
        level: Accuracy.
        scale: Accuracy at both ends of the drawing.
        scratch: Where the dashed line stands.
        regime: Verdict of a candidate, None for a baseline.
    """
    if level is None:
        return Markup("")

    def at(a: float) -> float:
        return round(4 + (a - scale[0]) / (scale[1] - scale[0]) * (_WIDTH - 8), 1)

    y = _HEIGHT / 2
    out = [f'<path class="w-base" d="M0 {y}H{_WIDTH}"/>']
    if scratch is not None:
        out.append(f'<path class="w-dash" d="M{at(scratch)} 2V{_HEIGHT - 2}"/>')
    x = at(level.value)
    if x < 0:
        out.append(f'<path class="w-fill" d="M1 {y}l6-4v8z"/>')
    elif x > _WIDTH:
        out.append(f'<path class="w-fill" d="M{_WIDTH - 1} {y}l-6-4v8z"/>')
    else:
        if level.known:
            x0, x1 = max(at(level.low), 0), min(at(level.high), _WIDTH)
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


@dataclass(frozen=True)
class Row:
    """A row of the table as the template prints it; a baseline has no ``id``.

    Attributes:
        sort: What its columns are sorted by; nothing for what is not known.
    """

    accuracy: str
    interval: str
    whisker: Markup
    over: str
    usable: str
    knn: str
    seconds: str
    sort: dict[str, float | None]
    id: str | None = None
    regime: str = ""
    word: str = ""
    view: str = ""
    winner: bool = False
    nats: str = ""
    spread: str = ""
    troubles: list[str] = field(default_factory=list)
    name: str = ""
    detail: str = ""
    others: str = ""


def table(task: TaskVerdict, family: Family | None) -> list[Row]:
    """Rows of one task as the template prints them: best first, baselines behind."""
    scratch = _scratch(task, task.baselines)
    scale = _scale(task, scratch)
    views = sorted(
        task.views,
        key=lambda v: (-(v.accuracy.value if v.accuracy else -1), v.nats.value if v.nats else 0),
    )
    rows = []
    for view in views:
        nats, spread = words.nats(view.nats, at_ceiling=view.at_ceiling)
        regime = view.regime or "undecided"
        row = _row(view, view.usable, whisker(view.accuracy, scale, scratch, regime))
        row.sort["nats"] = view.nats and view.nats.value
        rows.append(
            replace(
                row,
                id=view.id,
                regime=regime,
                word=REGIMES[regime].word,
                view=words.spec(*words.split_value(view, family)),
                winner=view.id == task.winner,
                nats=nats,
                spread=spread,
                troubles=troubles(view),
            )
        )
    for base in sorted(task.baselines, key=lambda b: -(b.accuracy.value if b.accuracy else 0)):
        usable = None if base.usable is None else Interval(base.usable, -math.inf, math.inf)
        row = _row(base, usable, whisker(base.accuracy, scale, scratch, None))
        rows.append(replace(row, name=base.name, detail=base.detail))
    return rows


def _row(one: View | Baseline, usable: Interval | None, drawing: Markup) -> Row:
    """What views and baselines show alike."""
    level, over = one.accuracy, one.over_scratch and one.over_scratch.points
    knn = None if one.knn is None or level is None else replace(level, value=one.knn)
    known = {"accuracy": level, "over": over, "usable": usable, "knn": knn}
    return Row(
        accuracy=words.accuracy(level),
        interval=words.interval(level),
        whisker=drawing,
        over=words.points(over),
        usable=words.plain(usable.value, usable.half) if usable else words.plain(None),
        knn=words.accuracy(knn),
        seconds=words.seconds(one.seconds),
        others=one.others,
        sort={name: found and found.value for name, found in known.items()}
        | {"seconds": one.seconds},
    )


def troubles(view: View) -> list[str]:
    """What went wrong in the runs of a view, in words."""
    known = ((view.collapsed, "collapsed"), (view.undertrained, "still improving"))
    return [f"{counted(count, 'run')} {word}" for count, word in known if count]


@dataclass(frozen=True)
class Bar:
    """A row of the advice box; places are in percent of its width.

    Attributes:
        name: Name of the row.
        text: Accuracy.
        interval: Its interval.
        best: Whether it is the best view.
        x: Where the value is.
        x0: Where the interval begins, if it is known.
        x1: Where it ends.
        scratch: Where the dashed line is.
    """

    name: str
    text: str
    interval: str
    best: bool
    x: float | None
    x0: float | None
    x1: float | None
    scratch: float | None


def worth(task: TaskVerdict) -> list[Bar]:
    """The intervals of the advice box."""
    rows = task.worth.rows if task.worth else ()
    scratch = _scratch(task, rows)
    values = _ends([row.accuracy for row in rows])
    values += [row.accuracy.value for row in rows if row.accuracy]
    if not values:
        return []
    low, high = min(values), max(values)
    room = 0.05 * max(high - low, 0.01)
    low, high = low - room, high + room

    def at(accuracy: float | None) -> float | None:
        if accuracy is None or not math.isfinite(accuracy):
            return None
        return round(100 * (accuracy - low) / (high - low), 2)

    return [
        Bar(
            name=row.name,
            text=words.accuracy(row.accuracy),
            interval=words.interval(row.accuracy),
            best=row.best,
            x=at(row.accuracy and row.accuracy.value),
            x0=at(row.accuracy and row.accuracy.low),
            x1=at(row.accuracy and row.accuracy.high),
            scratch=at(scratch),
        )
        for row in rows
    ]
