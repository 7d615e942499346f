"""The figures of moving digits: errors beside the paper's, and the heat-map of leakage."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import write_table, write_text
from goodviews.evaluation import leakage, leakage_board
from goodviews.pages.leakage import leakage_page
from goodviews_experiments.moving_digits.readout import MovingItems
from goodviews_experiments.moving_digits.table import MEASURES
from goodviews_experiments.shared.figures import INK, read_table, write_figure

UNTRAINED = "nothing"
_UNITS = {
    "digit": ("digit error, %", 90.0),
    "background": ("background error, %", 90.0),
    "position": ("localisation error, pixels of 64", 13.77),
}


def moving_heat(
    folder: Path,
    items: MovingItems,
    run: Mapping[str, Any],
    features: Mapping[str, np.ndarray],
    *,
    permutations: int,
) -> None:
    """Read every factor from every row's encoder; write ``leakage.csv`` and ``leakage.html``.

    Args:
        folder: Where they go.
        items: What the encoders saw.
        run: What the run was.
        features: Row to representations (N, F) of the items, of one seed.
        permutations: Shuffles behind the p values.
    """
    found = leakage.leakage(
        features, items.factors, fit=items.fit, test=items.test, permutations=permutations
    )
    rows = [name for name in features if name != UNTRAINED]
    board = leakage_board(
        found,
        encoders=rows,
        reference=UNTRAINED,
        details={UNTRAINED: "weights as drawn"},
        data="moving digits",
    )
    made = [("Data", str(run["data"])), ("Commit", str(run["commit"]))]
    page = leakage_page({**board, "command": run["command"], "made": made})
    write_text(folder / "leakage.html", page)
    write_table(folder, [asdict(cell) for cell in found.cells], run, name="leakage")


def moving_figure(folder: Path) -> Path:
    """Draw the table: each row's errors with intervals, the paper's, and the constant guess.

    Args:
        folder: Where ``table.csv`` is, and ``figure.svg`` and ``figure.png`` go.

    Returns:
        Path of the SVG.
    """
    import altair as alt

    table = read_table(folder / "table.csv")
    names = [row["shared"].replace("+", " + ") for row in table]
    panels = []
    for number, (factor, column) in enumerate(MEASURES.items()):
        title, level = _UNITS[factor]
        rows: list[dict[str, Any]] = []
        for row, name in zip(table, names, strict=True):
            shown = {"row": name, "value": float(row[column]), "whose": "here"}
            ends = [float(row[f"{column}_{end}"] or row[column]) for end in ("low", "high")]
            shared = factor in row["shared"].split("+")
            rows.append({**shown, "low": ends[0], "high": ends[1], "shared": shared})
            if row[f"{factor}_paper"]:
                paper = {"row": name, "value": float(row[f"{factor}_paper"]), "whose": "paper"}
                rows.append({**paper, "shared": shared})
        if factor == "position":
            level = float(table[0]["constant_px"])
        axis = alt.Axis(title=None, labels=number == 0, ticks=False, labelLimit=220)
        y = alt.Y("row:N", sort=names, axis=axis)
        x_scale = alt.Scale(domain=[0, 100 if number < 2 else 18], clamp=True)
        x = alt.X("value:Q", title=title, scale=x_scale)
        ink = alt.condition(
            alt.datum.shared,
            alt.value(INK["sweet"]),
            alt.value(INK["undecided"]),
        )
        base = alt.Chart(alt.Data(values=rows))
        ours = base.transform_filter(alt.datum.whose == "here")
        marks: list[Any] = [
            alt.Chart(alt.Data(values=[{"value": level}]))
            .mark_rule(strokeDash=[4, 3], color=INK["excess"])
            .encode(x=x),
            ours.mark_rule(strokeWidth=2).encode(
                x=alt.X("low:Q", scale=x_scale), x2="high:Q", y=y, color=ink
            ),
            ours.mark_point(filled=True, size=60, opacity=1).encode(x=x, y=y, color=ink),
            base.transform_filter(alt.datum.whose == "paper")
            .mark_point(shape="diamond", size=50, strokeWidth=1.5)
            .encode(x=x, y=y, color=alt.value(INK["missing"])),
        ]
        panels.append(alt.layer(*marks).properties(width=210, height=26 * len(names)))
    return write_figure(
        alt.hconcat(*panels, spacing=14),
        folder,
        "Errors of readouts of the frozen image encoder, by what the two views shared",
        [
            "Filled: here, mean and 95 % interval over seeds, green where the factor was "
            "shared. Diamonds: the paper.",
            "Dashed: the constant guess. Lower is better.",
        ],
    )
