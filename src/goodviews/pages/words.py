"""Numbers and specs as the page prints them: digits stop where the interval makes them noise."""

import math
import re

from markupsafe import Markup, escape

from goodviews.core.interval import Interval
from goodviews.core.records.run import Family
from goodviews.core.records.verdict import View
from goodviews.core.text import decimals, ends, number, share

_CODE = re.compile(r"`([^`]+)`")
_INTERVAL = re.compile(r"((?:[−+-]?\.?\d[\d.,]*(?: points| %)? )?)(\[[−+-]?\.?\d[^\]]*\])")


def accuracy(level: Interval | None) -> str:
    """Accuracy as a share of 1 without the leading zero.

    Example:
        >>> accuracy(Interval(0.6684, 0.65, 0.68))
        '.668'
    """
    return "–" if level is None else share(level.value, decimals(level.half, 3))


def interval(level: Interval | None) -> str:
    """The 95 % interval of an accuracy, in brackets; empty when there is none.

    Example:
        >>> interval(Interval(0.6684, 0.65, 0.68))
        '[.650, .680]'
    """
    if level is None or not level.known:
        return ""
    return ends(level.low, level.high, decimals(level.half, 3), bare=True)


def nats(bound: Interval | None, *, at_ceiling: bool = False) -> tuple[str, str]:
    """The bound on shared nats and its uncertainty.

    Example:
        >>> nats(Interval(4.312, 4.21, 4.41))
        ('4.31', '± 0.10')
        >>> nats(Interval(6.14, 6.1, 6.2), at_ceiling=True)
        ('≥ 6.14', 'at ceiling')
    """
    if bound is None:
        return "–", "too few pairs"
    places = decimals(bound.half, 2)
    text = number(bound.value, places)
    if at_ceiling:
        return f"≥ {text}", "at ceiling"
    return text, f"± {bound.half:.{places}f}" if bound.known else ""


def points(gap: Interval | None, *, interval: bool = False) -> str:
    """A difference in points of accuracy, with its interval when ``interval``.

    Example:
        >>> points(Interval(4.24, 2.8, 5.6), interval=True)
        '+4.2 [2.8, 5.6]'
    """
    if gap is None:
        return "–"
    places = decimals(gap.half, 1)
    text = number(gap.value, places, signed=True)
    return f"{text} {ends(gap.low, gap.high, places)}" if interval and gap.known else text


def plain(value: float | None, half: float = math.inf) -> str:
    """A number of nats to two decimals, fewer where its interval is wide.

    Example:
        >>> plain(1.3611, 0.06)
        '1.36'
    """
    return "–" if value is None else number(value, decimals(half, 2))


def seconds(value: float | None) -> str:
    """Wall time in whole seconds, tenths below ten.

    Example:
        >>> seconds(74.8)
        '75'
    """
    if value is None:
        return "–"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def split_value(view: View, family: Family | None) -> tuple[str, str | None, str]:
    """Spec as text before, swept value, text after; the value is None outside a family."""
    text, value = view.view, view.value
    if value is None or not view.in_family or family is None:
        return text, None, ""
    head, _, tail = family.template.partition("{s}")
    if text == f"{head}{value}{tail}":
        return head, value, tail
    found = re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.])", text)
    if not found:
        return text, None, ""
    return text[: found.start()], value, text[found.end() :]


def spec(before: str, value: str | None = None, after: str = "") -> Markup:
    """A view spec that breaks only before ``|``, its swept value bold."""
    marked = f"{before}\0{value}\0{after}" if value is not None else before
    parts = re.split(r"(?=\|)", marked)
    out = []
    for part in parts:
        pieces = part.split("\0")
        inner = [
            Markup("<b>%s</b>") % piece if i % 2 else escape(piece)
            for i, piece in enumerate(pieces)
        ]
        out.append(Markup("<span>%s</span>") % Markup("").join(inner))
    return Markup('<code class="spec">%s</code>') % Markup("").join(out)


def prose(text: str | None) -> Markup:
    """A sentence with `specs` as code, and intervals kept on one line behind a bold value."""
    if not text:
        return Markup("")
    out = []
    for i, piece in enumerate(_CODE.split(text)):
        if i % 2:
            out.append(spec(piece))
            continue
        at = 0
        for found in _INTERVAL.finditer(piece):
            out.append(escape(piece[at : found.start()]))
            if found[1]:
                out.append(Markup("<b>%s</b> ") % found[1].rstrip())
            out.append(Markup('<span class="iv">%s</span>') % found[2])
            at = found.end()
        out.append(escape(piece[at:]))
    return Markup("").join(out)
