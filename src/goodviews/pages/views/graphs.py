"""The page of one view of a graph: what it loses, and neighbourhoods before and after."""

from typing import Any

from goodviews.pages.shell import sibling

Row = dict[str, Any]
_ISOLATED = 0.2
"""Share of nodes without edges that is worth a warning."""


def graph_views_page(seen: Row) -> str:
    """The page that shows what a view does to a graph.

    Args:
        seen: Plain data: ``spec``, ``same`` (one spec for both views), ``data``, ``what``,
            ``graphs``, ``seed``, ``labels`` (whether nodes have colours), ``before`` (a row),
            ``sides``: per view ``rows`` (``step``, ``nodes``, ``edges``, ``kept_edges``,
            ``added``, ``isolated``, ``components``, ``kept_features``) and ``pictures`` (before
            and after, as data URIs), ``command``, and ``bound`` where it was asked for.

    Returns:
        One HTML file that needs nothing else.
    """
    lasts = [side["rows"][-1] if side["rows"] else seen["before"] for side in seen["sides"]]
    shown = [0] if seen["same"] else [0, 1]
    rows = [_row("", seen["before"])]
    for which in shown:
        rows += [
            _row("" if seen["same"] else f"v{which + 1}", row)
            for row in seen["sides"][which]["rows"]
        ]
    return sibling(
        "views/graphs.html.j2",
        spec_text=seen["spec"],
        data=seen["data"],
        answer=_answer(seen, lasts),
        lead=f"{seen['what']}. One draw with seed {seen['seed']}; training draws another one in "
        "every step.",
        command=seen["command"],
        warnings=_warnings(seen, lasts),
        rows=rows,
        pairs=[
            {"name": f"v{which + 1}", "pictures": side["pictures"]}
            for which, side in enumerate(seen["sides"])
        ],
        coloured=seen["labels"],
        bound=seen.get("bound", ""),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _row(side: str, row: Row) -> Row:
    return {
        "side": side,
        "step": row["step"],
        "cells": [
            ("nodes", f"{row['nodes']:,}"),
            ("edges", f"{row['edges']:,}"),
            ("edges kept", _percent(row["kept_edges"])),
            ("edges added", f"{row['added']:,}"),
            ("isolated nodes", f"{row['isolated']:,}"),
            ("components", f"{row['components']:,}"),
            ("features kept", _percent(row["kept_features"])),
        ],
    }


def _answer(seen: Row, lasts: list[Row]) -> str:
    parts = []
    for which, row in enumerate(lasts[:1] if seen["same"] else lasts):
        name = "This view" if seen["same"] else f"v{which + 1}"
        added = f" and adds {row['added']:,}" if row["added"] else ""
        parts.append(
            f"{name} keeps {_percent(row['kept_edges'])} of the edges{added}, and "
            f"{_percent(row['kept_features'])} of the features."
        )
    return " ".join(parts)


def _warnings(seen: Row, lasts: list[Row]) -> list[str]:
    found = []
    for which, row in enumerate(lasts):
        more = row["isolated"] - seen["before"]["isolated"]
        if more > _ISOLATED * max(row["nodes"], 1):
            found.append(
                f"v{which + 1} leaves {more:,} more nodes without an edge than the graph has: an "
                "encoder sees only their own features there. Use a smaller strength."
            )
    return found
