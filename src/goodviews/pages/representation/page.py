"""The page of an evaluation: scores, a map of the images, and nearest neighbours as pictures."""

from typing import Any

from goodviews.core.text import counted, number
from goodviews.pages.chart.dots import Kind, dots
from goodviews.pages.shell import sibling

NAMES = {"pca": "principal components", "umap": "UMAP"}
"""How a map is made, in words."""

_LONGEST = 18
"""Letters of a class that is named on the map."""


def representation_page(content: dict[str, Any]) -> str:
    """The page of an evaluation.

    Args:
        content: ``encoder``, ``detail`` and ``data`` (names), ``features``, ``count``, ``shown``
            and ``channels`` (numbers), ``tables`` (per task its ``names``, ``rows`` and
            ``differences``), ``notes``, ``map`` (``by``, ``share`` of the variance or None,
            ``points``, and ``colourings``: a name and the rows of each kind) or None,
            ``agreement`` (share of the images whose nearest one has the same label: of the map,
            of the encoder and of its baselines), ``neighbours``, ``leakage`` (whether there is a
            page of leakage), ``made`` and ``command``.

    Returns:
        One HTML file that needs nothing else.
    """
    tables, agreement = content["tables"], content["agreement"]
    return sibling(
        "representation/template.html.j2",
        **{key: content[key] for key in ("encoder", "data", "notes", "leakage", "command")},
        answer=_answer(content),
        lead=_lead(content),
        tables=tables,
        figures=_figures(content),
        map_heading=_map_heading(agreement),
        map_note=_map_note(content),
        maps=_maps(content),
        neighbours=content["neighbours"],
        neighbours_heading=_neighbours_heading(content["neighbours"]),
        shown_channels=_channels(content["channels"]),
        number=number,
        made=content["made"],
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _answer(content: dict[str, Any]) -> str:
    if len(content["agreement"]) > 1:
        mine = content["agreement"][1]
        return (
            f"The nearest neighbour has the same label for {_percent(mine['share'])} of the "
            f"images, where a random image has it for {_percent(mine['chance'])}."
        )
    return f"{content['encoder']} represents {counted(content['count'], 'image')}."


def _lead(content: dict[str, Any]) -> list[str]:
    tables = content["tables"]
    lines = [
        f"{table['task'].partition(',')[0]}, {line}" if len(tables) > 1 else line
        for table in tables
        for line in table["differences"]
    ]
    return [*lines, *content["notes"]]


def _figures(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    features = content["features"]
    made = [("Features", f"{features:,}", content["detail"])]
    for one in content["agreement"][1:]:
        made.append(("Same label nearby", _percent(one["share"]), one["name"]))
    return made


def _map_heading(agreement: list[dict[str, Any]]) -> str:
    if not agreement:
        return "The images on a plane"
    flat, mine = agreement[:2]
    if flat["share"] >= mine["share"] - 0.05:
        return "The map separates the labels about as well as the representation"
    return "The representation separates more than the map shows"


def _map_note(content: dict[str, Any]) -> str:
    made = content["map"]
    if made is None:
        return ""
    parts = [f"Made by {NAMES[made['by']]} of the directions of the representations."]
    if made["share"] is not None:
        parts.append(f"The plane holds {_percent(made['share'])} of their variance.")
    if content["agreement"]:
        flat, mine = content["agreement"][:2]
        parts.append(
            f"The nearest image has the same label for {_percent(flat['share'])} of the images on "
            f"the map and for {_percent(mine['share'])} in all {content['features']:,} dimensions."
        )
    if content["shown"] < content["count"]:
        parts.append(f"{content['shown']:,} of {content['count']:,} images, drawn at random.")
    if made["by"] == "pca":
        parts.append("Another map: --map umap.")
    else:
        parts.append("UMAP keeps who is near; distances between groups mean little.")
    return " ".join(parts)


def _maps(content: dict[str, Any]) -> list[dict[str, Any]]:
    """One drawing for each column that colours the images; a plain one where there is none."""
    made = content["map"]
    if made is None:
        return []
    rest = [{"name": "", "rows": range(len(made["points"])), "rest": True}]
    out = []
    for colouring in made["colourings"] or [{"name": "", "kinds": rest}]:
        kinds: list[Kind] = []
        legend = []
        for place, kind in enumerate(colouring["kinds"]):
            style = "rest" if kind["rest"] else f"k{place}"
            named = not kind["rest"] and len(kind["name"]) <= _LONGEST
            kinds.append((kind["name"] if named else "", style, kind["rows"]))
            legend.append((style, kind["name"], len(kind["rows"])))
        kinds.sort(key=lambda kind: kind[1] != "rest")  # grey points lie below
        name = colouring["name"]
        label = "Map of the images" + (f", coloured by {name}" if name else "")
        svg = dots(made["points"], kinds, label=label)
        out.append({"name": name, "svg": svg, "legend": legend if name else []})
    return out


def _neighbours_heading(rows: list[dict[str, Any]]) -> str:
    near = [one["same"] for row in rows for one in row["near"] if one["same"] is not None]
    if not near:
        return "Nearest neighbours of some images"
    return f"{sum(near)} of {len(near)} neighbours of these images have their label"


def _channels(count: int) -> str:
    if count == 2:
        return "Shown: the first of two channels."
    return f"Shown: channels 1, 2 and 3 of {count}." if count > 3 else ""
