"""The page of learned views: what they share, what the channels became, and how it went."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goodviews.core.checks import InputError
from goodviews.core.files import read_json
from goodviews.report import words
from goodviews.report.gallery import KEEP_PIXELS
from goodviews.report.layout import ticks
from goodviews.report.lines import Line, Tick, chart
from goodviews.report.scatter import Point, scatter
from goodviews.report.shell import sibling

__all__ = ["learned_page"]

Z = 1.96
_TILE, _PAIR, _PAIR_NARROW = 76, 168, 74
"""Pixels that a channel, and one image of a pair, may take."""


def learned_page(folder: Path) -> str:
    """The page of a folder that ``goodviews learn-views`` wrote.

    Args:
        folder: With ``learned.json`` and ``pictures``.

    Returns:
        One HTML file that needs nothing else.

    Raises:
        InputError: A file is missing or broken.
    """
    found = read_json(folder / "learned.json")
    if found.get("format") != 1:
        raise InputError(
            f"{folder} was written by another version of goodviews; run learn-views again there."
        )
    rows = found["rows"]
    taken = next(one for one in found["tried"] if one["chosen"])
    mixed = len({bool(row.get("undertrained")) for row in rows}) > 1
    height, width = found["channels"]["size"]
    small = max(height, width) <= KEEP_PIXELS
    return sibling(
        "learned.html.j2",
        data=found["data"]["name"],
        question=_question(found),
        answer=found["headline"],
        edge=found["edge"],
        lead=found["lead"],
        looks=[found[key] for key in ("dodged", "verdict_said", "stopped", "short") if found[key]],
        spec=found["advise"],
        next=found["next"],
        figures=_figures(found, taken),
        compare=found["compare"],
        drawings=_drawings(found),
        rows=[_row(row, mixed=mixed) for row in sorted(rows, key=_order)],
        readable=any("accuracy" in row for row in rows),
        tested=f"{found['roles']['test']:,}",
        judge_steps=found["judge_steps"],
        channels_heading=_channels_heading(found),
        blocks=_blocks(folder, found),
        tile=max(1, _TILE // width) * width if small else None,
        pairs=[
            [_picture(folder / "pictures" / f"pair-{i}-{k}.webp") for k in (1, 2)]
            for i in range(found["pairs"])
        ],
        shape=(width, height),
        enlarge={
            "pair": max(1, _PAIR // width) * width,
            "narrow": max(1, _PAIR_NARROW // width) * width,
        }
        if small
        else None,
        split=found["split"],
        game_heading=_game_heading(found, taken),
        graphs=_graphs(found),
        reason=found["reason"],
        tried=[_tried(one) for one in found["tried"]],
        made=_made(found),
        command=found["command"],
        date=found["origin"]["started"][:10],
    )


def _question(found: dict[str, Any]) -> str:
    name = found["data"]["name"]
    if found["task"]:
        return f"Can views of {name} be learned that share less and keep {found['task']}?"
    return f"Can views of {name} be learned that share less?"


def _bound(row: dict[str, Any]) -> tuple[str, str]:
    half = Z * row["stderr_nats"]
    ends = {"nats_low": row["nats"] - half, "nats_high": row["nats"] + half}
    return words.nats({**row, **ends})


def _figures(found: dict[str, Any], taken: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = {row["name"]: row for row in found["rows"]}
    raw, ours = rows.get("raw channels"), rows.get("learned")
    value, spread = _bound(ours or taken)
    beside = f"raw channels {_bound(raw)[0]}" if raw else spread
    made = [("Shared nats, by new encoders", value, beside)]
    if ours and "accuracy" in ours and raw:
        made.append(
            ("Readout accuracy", words.accuracy(ours), f"raw channels {words.accuracy(raw)}")
        )
    looks = {look["step"]: look for look in found["looks"]}
    first, at = found["looks"][0], looks[taken["step"]]
    made.append(
        (
            "Share of view 1 that is linear in view 2",
            _part(at["redundancy"]),
            f"raw channels {_part(first['redundancy'])}",
        )
    )
    made.append(
        (
            "Largest error of the way back",
            _small(at["inverse_error"]),
            "nothing is lost, values from 0 to 1",
        )
    )
    return made


def _part(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def _small(value: float) -> str:
    """One digit and a power of ten.

    Example:
        >>> _small(3.1e-16)
        '3 · 10⁻¹⁶'
    """
    if value == 0:
        return "0"
    mantissa, _, power = f"{value:.0e}".partition("e")
    return f"{mantissa} · 10{str(int(power)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _order(row: dict[str, Any]) -> tuple[float, float]:
    return -row.get("accuracy", 0.0), row["nats"]


def _row(row: dict[str, Any], *, mixed: bool) -> dict[str, Any]:
    value, spread = _bound(row)
    more, less = row.get("more_points"), row.get("less_nats")
    return {
        "name": row["name"],
        "star": row["name"] == "learned",
        "view": row["view"],
        "nats": value,
        "spread": spread,
        "accuracy": words.accuracy(row),
        "ends": words.interval(row),
        "knn": words.accuracy({"accuracy": row.get("knn")}),
        "less": _signed(less, 2),
        "more": _signed(more, 1),
        "undertrained": mixed and row.get("undertrained"),
    }


def _signed(ends: Sequence[float] | None, places: int) -> str:
    if ends is None:
        return ""
    middle, low, high = (f"{value:+.{places}f}" for value in ends)
    return f"{middle} [{low}, {high}]".replace("-", "−")


def _drawings(found: dict[str, Any]) -> list[Any]:
    """The chart for a laptop and for a phone; none without readouts."""
    rows = [row for row in found["rows"] if "accuracy" in row]
    if not rows:
        return []
    points = [
        Point(
            row["name"],
            (row["nats"], Z * row["stderr_nats"]),
            (row["accuracy"], row["low"], row["high"]),
            row["name"] == "learned",
        )
        for row in rows
    ]
    told = "; ".join(
        f"{p.name}: accuracy {p.accuracy[0]:.3f} at {p.nats[0]:.2f} nats" for p in points
    )
    return [
        scatter(points, ceiling=found["ceiling_nats"], label=told, narrow=narrow)
        for narrow in (False, True)
    ]


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


def _channels_heading(found: dict[str, Any]) -> str:
    names = _channel_names(found["data"]["shape"][0])
    first = found["meanings"][0]
    taken = next(one["step"] for one in found["tried"] if one["chosen"])
    if not taken:
        return "The channels are the raw ones: no generator of the game was taken"
    if first["explained"] < 0.9:
        return (
            f"The first learned channel bends the colours: a linear mix explains "
            f"{_part(first['explained'])} of it"
        )
    return f"The first learned channel is about {_mix(first, names)}"


def _blocks(folder: Path, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Channels before and after: a row each, an image in every column."""
    channels, names = found["channels"], _channel_names(found["data"]["shape"][0])
    count, home = channels["count"], folder / "pictures"

    def shots(stem: str, tail: str) -> list[str]:
        return [_picture(home / f"{stem}-{i}{tail}.webp") for i in range(count)]

    before: list[dict[str, Any]] = []
    if channels["whole"]:
        shown = "as it is" if len(names) == 3 else "channels 0 to 2 as colours"
        before.append({"head": "image", "note": shown, "scale": None, "shots": shots("whole", "")})
    for c, name in enumerate(names):
        scale = _scale(channels["before"][c])
        before.append(
            {"head": name, "note": "", "scale": scale, "shots": shots("before", f"-{c}")}
        )
    after = []
    for c, meaning in enumerate(found["meanings"]):
        view = 1 if c < found["split"] else 2
        note = f"{_mix(meaning, names)} (R² {_part(meaning['explained'])})"
        head = f"learned {c + 1}, view {view}"
        scale = _scale(channels["after"][c])
        after.append(
            {"head": head, "note": note, "scale": scale, "shots": shots("after", f"-{c}")}
        )
    return [{"name": "before", "rows": before}, {"name": "after", "rows": after}]


def _scale(ends: Sequence[float]) -> tuple[str, str]:
    low, high = (f"{end:.2f}".replace("-", "−") for end in ends)
    return low, high


def _picture(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(
            f"Cannot read {file}: {error.strerror}; give the command of this run again."
        ) from error
    return f"data:image/webp;base64,{base64.b64encode(data).decode('ascii')}"


def _game_heading(found: dict[str, Any], taken: dict[str, Any]) -> str:
    bounds = [max(look["shared_nats"], 0.0) for look in found["looks"]]
    said = f"In the game the bound ended at {bounds[-1]:.1f} nats"
    if bounds[-1] < max(bounds) - 0.2:
        said = f"In the game the bound fell from {max(bounds):.1f} to {bounds[-1]:.1f} nats"
    return f"{said}; new encoders find {max(taken['nats'], 0.0):.1f}"


def _graphs(found: dict[str, Any]) -> list[dict[str, Any]]:
    looks = found["looks"]
    end = max(looks[-1]["step"], 1)

    def line(name: str, kind: str = "a") -> Line:
        return Line([(look["step"], look[name]) for look in looks], kind)

    game = line("shared_nats", "b")
    new = Line([(one["step"], one["nats"]) for one in found["tried"]], "a")
    top = found["ceiling_nats"]
    ceiling = Line([(0, top), (end, top)], "ref")
    made = [
        {
            "head": "What the views share",
            "text": "The game's own bound is not a result: the generator plays against these very "
            "encoders. Those who judge are new.",
            "legend": [
                ("b", "", "encoders of the game"),
                ("a", "", "new encoders"),
                ("ref", "dash", f"ceiling {top:.1f}"),
            ],
            "svg": _graph([ceiling, game, new], end, "nats", "Shared nats"),
            "axis": "step of the game; nats",
        }
    ]
    if looks[0]["image_nats"] is not None:
        made.append(
            {
                "head": f"What each view tells of {found['task']}",
                "text": "Nats about the label, by the game's classifiers on labelled images that "
                "only watch. Good views tell as much as the image.",
                "legend": [
                    ("a", "", "view 1"),
                    ("b", "", "view 2"),
                    ("ref", "dash", "image"),
                ],
                "svg": _graph(
                    [line("image_nats", "ref"), line("first_nats"), line("second_nats", "b")],
                    end, "nats", "Nats about the label",
                ),
                "axis": "step of the game; nats",
            }
        )  # fmt: skip
    made.append(
        {
            "head": "How much of view 1 is linear in view 2",
            "text": "Pixel by pixel: 1 is a copy, 0 nothing. It needs no training, and cannot see "
            "what is not linear.",
            "legend": [],
            "svg": _graph([line("redundancy")], end, "share", "Redundancy", top=1.0),
            "axis": "step of the game; share of variance",
        }
    )
    return made


def _graph(
    lines: Sequence[Line], end: int, unit: str, label: str, *, top: float | None = None
) -> Any:
    values = [y for one in lines for _, y in one.points]
    low = min(0.0, *values)
    low = low if low < -0.05 else 0.0
    high = max(*values, 0.2) if top is None else top
    y = (low, high + 0.04 * (high - low))
    marks: list[Tick] = [(v, f"{v:g}".replace("-", "−")) for v in ticks(*y, 4)]
    steps: list[Tick] = [(v, f"{v:g}") for v in ticks(0, end, 4)]
    told = "; ".join(f"from {one.points[0][1]:.2f} to {one.points[-1][1]:.2f}" for one in lines)
    return chart(
        lines, x=(0, end), y=y, x_ticks=steps, y_ticks=marks, label=f"{label}, {unit}: {told}",
        height=190,
    )  # fmt: skip


def _tried(one: dict[str, Any]) -> dict[str, Any]:
    value, spread = _bound(one)
    return {
        "step": one["step"],
        "chosen": one["chosen"],
        "nats": value,
        "spread": spread,
        "game": words.plain(max(one["in_game_nats"], 0.0)),
        "keeps": {True: "kept", False: "lost", None: "not watched"}[one["keeps"]],
    }


def _made(found: dict[str, Any]) -> list[tuple[str, str]]:
    data, game, origin = found["data"], found["game"], found["origin"]
    shape = " × ".join(map(str, data["shape"]))
    rates = f"{game['generator_rate']:g}, {game['encoder_rate']:g}, {game['classifier_rate']:g}"
    return [
        ("Data", f"{data['name']}, {data['count']:,} images of {shape}, {data['hash']}"),
        ("Roles", found["said"][0]),
        *[("Fitted", said) for said in found["said"][1:]],
        ("Game", f"{found['mode']}, {found['steps']:,} steps of {game['batch']}, {game['bound']}"),
        ("Generator", game["generator"]),
        ("Before it", found["views"] or "nothing"),
        ("Players", f"{game['encoder']}, {game['head']}; critic {game['critic']}"),
        ("Rates", f"{rates} (generator, encoders, classifiers)"),
        (
            "Judges",
            f"new encoders, {found['judge_steps']:,} steps each, K = {found['candidates']}",
        ),
        ("Seed", str(found["seed"])),
        ("Versions", ", ".join(f"{k} {v}" for k, v in origin["versions"].items())),
        ("Commit", str(origin["commit"])),
        ("Hardware", str(origin["hardware"])),
    ]
