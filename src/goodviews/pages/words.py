"""Numbers and specs as the page prints them: digits stop where the interval makes them noise."""

import re
from typing import Any

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")
_INTERVAL = re.compile(r"((?:[−+-]?\.?\d[\d.,]*(?: points| %)? )?)(\[[−+-]?\.?\d[^\]]*\])")


def _decimals(half: float | None, finest: int) -> int:
    """Decimals such that the last digit is no finer than a hundredth of the interval."""
    if half is None or half <= 0:
        return finest
    keep = finest
    while keep > 0 and half >= 10.0 ** (2 - keep):
        keep -= 1
    return keep


def _half(value: dict[str, Any], low: str, high: str) -> float | None:
    if value.get(low) is None or value.get(high) is None:
        return None
    return float(value[high] - value[low]) / 2


def _bare(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return re.sub(r"^(-?)0\.", r"\1.", text).replace("-", "−")


def _signed(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return f"{value:+.{decimals}f}".replace("-", "−")


def accuracy(value: dict[str, Any]) -> str:
    """Accuracy as a share of 1 without the leading zero.

    Example:
        >>> accuracy({"accuracy": 0.6684, "low": 0.65, "high": 0.68})
        '.668'
    """
    if value.get("accuracy") is None:
        return "–"
    return _bare(value["accuracy"], _decimals(_half(value, "low", "high"), 3))


def interval(value: dict[str, Any]) -> str:
    """The 95 % interval of an accuracy, in brackets; empty when there is none.

    Example:
        >>> interval({"accuracy": 0.6684, "low": 0.65, "high": 0.68})
        '[.650, .680]'
    """
    half = _half(value, "low", "high")
    if half is None:
        return ""
    decimals = _decimals(half, 3)
    return f"[{_bare(value['low'], decimals)}, {_bare(value['high'], decimals)}]"


def nats(view: dict[str, Any]) -> tuple[str, str]:
    """The bound on shared nats and what stands behind it.

    Example:
        >>> nats({"nats": 4.312, "nats_low": 4.21, "nats_high": 4.41, "at_ceiling": False})
        ('4.31', '± 0.10')
        >>> nats({"nats": 6.14, "nats_low": 6.1, "nats_high": 6.2, "at_ceiling": True})
        ('≥ 6.14', 'at ceiling')
    """
    if view.get("nats") is None:
        return "–", "too few pairs"
    half = _half(view, "nats_low", "nats_high")
    decimals = min(2, _decimals(half, 2))
    text = f"{view['nats']:.{decimals}f}".replace("-", "−")
    if view.get("at_ceiling"):
        return f"≥ {text}", "at ceiling"
    return text, "" if half is None else f"± {half:.{decimals}f}"


def points(value: dict[str, Any] | None, *, ends: bool = False) -> str:
    """A difference in points of accuracy, with its interval when ``ends``.

    Example:
        >>> points({"points": 4.24, "low": 2.8, "high": 5.6}, ends=True)
        '+4.2 [2.8, 5.6]'
    """
    if value is None or value.get("points") is None:
        return "–"
    decimals = _decimals(_half(value, "low", "high"), 1)
    text = _signed(value["points"], decimals)
    if not ends or value.get("low") is None:
        return text
    low, high = (f"{value[k]:.{decimals}f}".replace("-", "−") for k in ("low", "high"))
    return f"{text} [{low}, {high}]"


def plain(value: float | None, half: float | None = None) -> str:
    """A number of nats to two decimals, fewer where its interval is wide.

    Example:
        >>> plain(1.3611, 0.06)
        '1.36'
    """
    if value is None:
        return "–"
    return f"{value:.{_decimals(half, 2)}f}".replace("-", "−")


def seconds(value: float | None) -> str:
    """Wall time in whole seconds, tenths below ten.

    Example:
        >>> seconds(74.8)
        '75'
    """
    if value is None:
        return "–"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def split_value(
    view: dict[str, Any], family: dict[str, Any] | None
) -> tuple[str, str | None, str]:
    """Spec as text before, swept value, text after; the value is None outside a family."""
    text, value = str(view["view"]), view.get("value")
    if value is None or not view.get("in_family") or family is None:
        return text, None, ""
    head, _, tail = family["template"].partition("{s}")
    if text == f"{head}{value}{tail}":
        return head, str(value), tail
    found = re.search(rf"(?<![\w.]){re.escape(str(value))}(?![\w.])", text)
    if not found:
        return text, None, ""
    return text[: found.start()], str(value), text[found.end() :]


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
