"""The page of a study in short, as a notebook shows it: advice, curve and a small table."""

import base64
import re

from goodviews.core.records.verdict import Ceiling, TaskVerdict, Verdict
from goodviews.core.tokens import TOKENS
from goodviews.pages import words
from goodviews.pages.chart.charts import draw, figure_svg
from goodviews.pages.chart.layout import WIDE
from goodviews.pages.shell import shell_file
from goodviews.pages.study.tables import table

MOST = 8
"""Views in the table of a task; the page has all of them."""


def short_page(verdict: Verdict, *, title: str, command: str, page: str = "") -> str:
    """The verdict of a study as HTML that needs no script and no other file.

    Args:
        verdict: The verdict.
        title: What the study is called.
        command: What to type next.
        page: Path of the whole page, if there is one.

    Returns:
        One ``<div>`` with its own style; the curve is a picture within it.
    """
    import jinja2

    env = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    env.filters["prose"] = words.prose
    text = env.from_string(shell_file("study/short.html.j2")).render(
        shared=verdict.compromise,
        tasks=[_task(task, verdict.ceiling) for task in verdict.tasks],
        ink={name: token.light for name, token in TOKENS.items()},
        title=title,
        command=command,
        page=page,
    )
    return re.sub(r"\n\s*\n+", "\n", text).strip()


def _task(task: TaskVerdict, ceiling: Ceiling) -> dict[str, object]:
    rows = table(task, None)
    views = [row for row in rows if row.id]
    svg = figure_svg(draw(task, ceiling, WIDE), task.finding)
    code = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return {
        "found": task,
        "rows": [*views[:MOST], *(row for row in rows if not row.id)],
        "more": max(len(views) - MOST, 0),
        "figure": f"data:image/svg+xml;base64,{code}",
    }
