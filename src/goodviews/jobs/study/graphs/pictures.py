"""Pictures of what a view of a study does to a graph."""

import io
from pathlib import Path

from PIL import Image

from goodviews.core.files import write_bytes
from goodviews.jobs.study.graphs.plan import GraphPlan
from goodviews.views.graphs import parse_graph_view
from goodviews.views.graphs.pictures import ego_pictures

_GAP = 2
"""Pixels between the pictures before and after."""


def draw_egos(plan: GraphPlan, spec: str, name: str, folder: Path, *, count: int = 6) -> None:
    """Write one WebP for each of some nodes: before, a gap of 2 pixels, after.

    Args:
        plan: The study.
        spec: A view.
        name: Prefix of the files, ``<name>-<k>.webp``.
        folder: Where they go.
        count: Number of pictures.
    """
    view, _ = parse_graph_view(spec)(plan.graph, seed=0, epoch=1)
    labels = plan.tasks[0].labels.tolist() if plan.level == "nodes" else None
    made = ego_pictures(plan.graph, view, labels=labels, count=count)
    for number, (before, after) in enumerate(made):
        picture = Image.new("RGB", (before.width + _GAP + after.width, before.height), "#ffffff")
        picture.paste(before, (0, 0))
        picture.paste(after, (before.width + _GAP, 0))
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=85, method=4)
        write_bytes(folder / f"{name}-{number}.webp", out.getvalue())
