"""Channels before and after a generator, and what it changed, for the page of learned views."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.text import number


def heading(found: dict[str, Any]) -> str:
    """What the first learned channel is.

    Args:
        found: The content of ``learned.json``.
    """
    names = _channel_names(found["data"]["shape"][0])
    first = found["meanings"][0]
    taken = next(one["step"] for one in found["tried"] if one["chosen"])
    if not taken:
        return "The channels are the raw ones: no generator of the game was taken"
    if first["explained"] < 0.9:
        return (
            f"The first learned channel bends the colours: a linear mix explains "
            f"{part(first['explained'])} of it"
        )
    return f"The first learned channel is about {_mix(first, names)}"


def blocks(folder: Path, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Channels before and after: a row each, an image in every column.

    Args:
        folder: With ``pictures``.
        found: The content of ``learned.json``.
    """
    channels, names = found["channels"], _channel_names(found["data"]["shape"][0])
    before: list[dict[str, Any]] = []
    if channels["whole"]:
        shown = "as it is" if len(names) == 3 else "channels 0 to 2 as colours"
        shots = _shots(folder, found, "whole", "")
        before.append({"head": "image", "note": shown, "scale": None, "shots": shots})
    for c, name in enumerate(names):
        scale, shots = _scale(channels["before"][c]), _shots(folder, found, "before", f"-{c}")
        before.append({"head": name, "note": "", "scale": scale, "shots": shots})
    after = []
    for c, meaning in enumerate(found["meanings"]):
        note = f"{_mix(meaning, names)} (R² {part(meaning['explained'])})"
        scale, shots = _scale(channels["after"][c]), _shots(folder, found, "after", f"-{c}")
        after.append({"head": _head(found, c), "note": note, "scale": scale, "shots": shots})
    return [{"name": "before", "rows": before}, {"name": "after", "rows": after}]


def changes(folder: Path, found: dict[str, Any]) -> dict[str, Any] | None:
    """What the generator did that the weights do not tell; nothing in folders without pictures.

    Args:
        folder: With ``pictures``.
        found: The content of ``learned.json``.
    """
    apart = found["channels"].get("apart")
    if not apart:
        return None
    rows = []
    for c, meaning in enumerate(found["meanings"]):
        shots = _shots(folder, found, "apart", f"-{c}")
        left = max(1 - meaning["explained"], 0.0)
        note = f"{part(left)} of its variance" if apart["bent"] else ""
        rows.append({"head": _head(found, c), "note": note, "shots": shots})
    name = "what no linear mix explains" if apart["bent"] else "what changed, channel by channel"
    text = (
        "Each learned channel less its best linear mix of raw ones: where it bends the colours."
        if apart["bent"]
        else "Each learned channel less the raw one in its place; a linear mix explains it all."
    )
    gain = f"Black means equal, white a difference of {apart['top']:.2g} or more, in every channel"
    gain += f": a gain of {1 / apart['top']:.3g} on values from 0 to 1."
    return {"name": name, "text": f"{text} {gain}", "rows": rows}


def picture(file: Path) -> str:
    """A picture as the page holds it.

    Args:
        file: WEBP.

    Raises:
        InputError: It is gone.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(
            f"Cannot read {file}: {error.strerror}; give the command of this run again."
        ) from error
    return f"data:image/webp;base64,{base64.b64encode(data).decode('ascii')}"


def part(value: float) -> str:
    """A share with two digits.

    Example:
        >>> part(0.824), part(1.0)
        ('.82', '1.00')
    """
    return f"{value:.2f}".removeprefix("0")


def _shots(folder: Path, found: dict[str, Any], stem: str, tail: str) -> list[str]:
    home = folder / "pictures"
    return [picture(home / f"{stem}-{i}{tail}.webp") for i in range(found["channels"]["count"])]


def _head(found: dict[str, Any], channel: int) -> str:
    return f"learned {channel + 1}, view {1 if channel < found['split'] else 2}"


def _channel_names(count: int) -> list[str]:
    return ["red", "green", "blue"] if count == 3 else [f"channel {k}" for k in range(count)]


def _mix(meaning: dict[str, Any], names: Sequence[str]) -> str:
    """A learned channel as a mix of raw ones, the largest three, of length 1."""
    weights = meaning["weights"]
    norm = sum(w * w for w in weights) ** 0.5 or 1.0
    order = sorted(range(len(weights)), key=lambda k: -abs(weights[k]))[:3]
    parts = [(weights[k] / norm, names[k]) for k in sorted(order)]
    told = [f"{'−' if w < 0 else '+'} {abs(w):.2f} {name}" for w, name in parts if abs(w) >= 0.05]
    text = " ".join(told).removeprefix("+ ").removeprefix("1.00 ")
    rest = norm**2 - sum(weights[k] ** 2 for k in order)
    return text + (" and others" if rest > 0.05**2 * norm**2 else "")


def _scale(ends: Sequence[float]) -> tuple[str, str]:
    return number(ends[0], 2), number(ends[1], 2)
