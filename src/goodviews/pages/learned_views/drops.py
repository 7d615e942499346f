"""The page of learned views of a graph: what they share, which edges they drop, how it went."""

from typing import Any

from goodviews.core.text import ends, number
from goodviews.pages.chart.layout import ticks
from goodviews.pages.chart.lines import Line, chart
from goodviews.pages.shell import sibling

Row = dict[str, Any]


def drops_page(found: Row) -> str:
    """The page of learned views of graphs.

    Args:
        found: The content of ``learned.json``.

    Returns:
        One HTML file that needs nothing else.
    """
    taken = next(one for one in found["tried"] if one["chosen"])
    made = {
        "data": found["data"]["what"].strip("<>"),
        "mode": found["mode"],
        "items": found["summary"],
        "generator": found["settings"]["generator"],
        "step of the game": f"{taken['step']} of {found['settings']['steps']}",
        "seed": found["seed"],
    }
    estimate = (
        "An estimate about this graph, no bound: nodes of one graph are not independent."
        if found["estimate"]
        else "A lower bound."
    )
    return sibling(
        "learned_views/drops.html.j2",
        data=found["data"]["name"],
        question=f"Which edges and features of {found['data']['name']} should views drop?",
        answer=found["headline"],
        edge="fit" if found["verdict"] == "fine" else "undecided",
        sentences=[one for one in (found["verdict_said"], found["stopped"]) if one],
        spec=found["spec"],
        next=found["next"],
        metric=found["metric"],
        estimate=estimate,
        rows=[_row(row) for row in found["rows"]],
        rates=_rates(found["rates"], taken),
        game=_game(found),
        made=list(made.items()),
        command=found["command"],
    )


def _row(row: Row) -> Row:
    nats = ("", "")
    if "nats" in row:
        nats = (number(row["nats"], 2), f"± {number(row['stderr_nats'], 2)}")
    gaps = {}
    for name in ("less_nats", "more_points"):
        gaps[name] = ("", "")
        if row.get(name):
            middle, low, high = row[name]
            gaps[name] = (number(middle, 2, signed=True), ends(low, high, 2))
    score = (number(100 * row["score"], 1), ends(100 * row["low"], 100 * row["high"], 1))
    return {"name": row["name"], "view": row["view"], "nats": nats, "score": score, **gaps}


def _rates(rates: Row, taken: Row) -> list[tuple[str, str]]:
    def percent(share: float) -> str:
        return f"{100 * share:.0f} %"

    def spread(found: Row) -> str:
        low, middle, high = (percent(found[name]) for name in ("low", "middle", "high"))
        return f"median {middle}; one in ten at most {low}, one in ten at least {high}"

    rows = [
        ("edges kept", percent(taken["kept_edges"])),
        ("values of features kept", percent(taken["kept_features"])),
        ("rate of an edge", spread(rates["edges"])),
    ]
    if rates.get("columns"):
        rows.append(("rate of a feature", spread(rates["columns"])))
    for name, said in (("same_class", "same class"), ("other_class", "different classes")):
        if rates.get(name) is not None:
            rows.append((f"mean rate, ends of {said}", percent(rates[name])))
    if rates.get("degree_correlation") is not None:
        value = number(rates["degree_correlation"], 2)
        rows.append(("rank correlation of rate and degree", value))
    return rows


def _game(found: Row) -> Any:
    looks, tried = found["looks"], found["tried"]
    end, top = max(looks[-1]["step"], 1), found["ceiling_nats"]
    shown = [(step, f"{step:g}") for step in ticks(0, end, 5)]
    levels = [(value, f"{value:g}") for value in ticks(0, top, 4)]
    return chart(
        [
            Line([(0, top), (end, top)], "ref"),
            Line([(look["step"], max(look["shared_nats"], 0.0)) for look in looks], "b"),
            Line([(one["step"], one["nats"]) for one in tried], "a"),
        ],
        x=(0, end),
        y=(0, top),
        x_ticks=shown,
        y_ticks=levels,
        label="Shared nats by step of the game.",
        height=200,
    )
