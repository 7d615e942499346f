"""The page of learned views: what they share, what the channels became, and how it went."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.files import read_json, reading
from goodviews.core.interval import Interval
from goodviews.core.intervals import normal_interval
from goodviews.core.text import ends, number
from goodviews.pages import words
from goodviews.pages.chart.scatter import Point, scatter
from goodviews.pages.learned_views.channels import blocks, changes, heading, part, picture
from goodviews.pages.learned_views.drops import drops_page
from goodviews.pages.learned_views.graphs import game_heading, graphs
from goodviews.pages.shell import sibling
from goodviews.pages.study.gallery import KEEP_PIXELS

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
    file = folder / "learned.json"
    with reading(file, wrote="goodviews learn-views"):
        return _page(folder, read_json(file))


def _page(folder: Path, found: dict[str, Any]) -> str:
    if found.get("kind") == "graphs":
        return drops_page(found)
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
        "learned_views/template.html.j2",
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
        channels_heading=heading(found),
        blocks=blocks(folder, found),
        changes=changes(folder, found),
        tile=max(1, _TILE // width) * width if small else None,
        pairs=[
            [picture(folder / "pictures" / f"pair-{i}-{k}.webp") for k in (1, 2)]
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
        game_heading=game_heading(found, taken),
        graphs=graphs(found),
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
    bound = normal_interval(row["nats"], row["stderr_nats"])
    return words.nats(bound, at_ceiling=bool(row.get("at_ceiling")))


def _level(row: dict[str, Any], name: str = "accuracy") -> Interval | None:
    if row.get(name) is None:
        return None
    ends = (row["low"], row["high"]) if name == "accuracy" else (-math.inf, math.inf)
    return Interval(row[name], *ends)


def _figures(found: dict[str, Any], taken: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = {row["name"]: row for row in found["rows"]}
    raw, ours = rows.get("raw channels"), rows.get("learned")
    value, spread = _bound(ours or taken)
    beside = f"raw channels {_bound(raw)[0]}" if raw else spread
    made = [("Shared nats, by new encoders", value, beside)]
    if ours and "accuracy" in ours and raw:
        made.append(
            (
                "Readout accuracy",
                words.accuracy(_level(ours)),
                f"raw channels {words.accuracy(_level(raw))}",
            )
        )
    looks = {look["step"]: look for look in found["looks"]}
    first, at = found["looks"][0], looks[taken["step"]]
    made.append(
        (
            "Share of view 1 that is linear in view 2",
            part(at["redundancy"]),
            f"raw channels {part(first['redundancy'])}",
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


def _small(value: float | None) -> str:
    """One digit and a power of ten.

    Example:
        >>> _small(3.1e-16)
        '3 · 10⁻¹⁶'
    """
    if value is None:
        return "not a number"
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
        "accuracy": words.accuracy(_level(row)),
        "ends": words.interval(_level(row)),
        "knn": words.accuracy(_level(row, "knn")),
        "less": _signed(less, 2),
        "more": _signed(more, 1),
        "undertrained": mixed and row.get("undertrained"),
    }


def _signed(triple: Sequence[float] | None, places: int) -> str:
    if triple is None:
        return ""
    middle, low, high = triple
    return f"{number(middle, places, signed=True)} {ends(low, high, places, signed=True)}"


def _drawings(found: dict[str, Any]) -> list[Any]:
    """The chart for a laptop and for a phone; none without readouts."""
    rows = [row for row in found["rows"] if "accuracy" in row]
    if not rows:
        return []
    points = [
        Point(
            row["name"],
            (row["nats"], normal_interval(row["nats"], row["stderr_nats"]).half),
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
