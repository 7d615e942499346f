"""Puts the page together: one HTML file that needs nothing else."""

import csv
import io
import json
import re
from typing import Any

from markupsafe import Markup

from goodviews.core.tokens import REGIMES
from goodviews.pages import words
from goodviews.pages.chart.canvas import Curve
from goodviews.pages.chart.charts import draw, inline_svg
from goodviews.pages.chart.layout import NARROW, WIDE
from goodviews.pages.shell import shell_file, strip_lines, tokens_css
from goodviews.pages.study.facts import facts, made
from goodviews.pages.study.folder import Study, candidates
from goodviews.pages.study.gallery import Gallery, gather
from goodviews.pages.study.tables import mark, table, worth


def page(study: Study) -> str:
    """The page of a study as HTML, the same text for the same folder.

    Args:
        study: What the folder holds.
    """
    import jinja2

    env = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    env.filters["prose"] = words.prose
    env.filters["spec"] = words.spec
    env.globals["mark"] = mark
    gallery = gather(study)
    text = env.from_string(shell_file("study/template.html.j2")).render(
        css=Markup(tokens_css() + strip_lines(shell_file("page.css"))),
        js=Markup(strip_lines(shell_file("page.js"))),
        run=study.run,
        data=study.run["data"],
        tasks=[_task(study, i) for i in range(len(study.tasks))],
        views=_rows_of_pairs(study),
        pairs=gallery,
        enlarge=_enlarge(gallery),
        family=study.run.get("family"),
        trust=study.verdict["trust"],
        made=made(study),
        island=_island(study),
    )
    return re.sub(r"\n\s*\n+", "\n", text).lstrip()


def _task(study: Study, index: int) -> dict[str, Any]:
    task, ceiling = study.tasks[index], study.verdict["ceiling"]
    family, several = study.run.get("family"), len(study.tasks) > 1
    suffix = f"-{index + 1}" if several else ""
    views = candidates(task)
    chosen = task["winner"] or max(views, key=lambda v: v["accuracy"] or 0)["id"]
    drawings: dict[str, Any] = {}
    for name, size in (("wide", WIDE), ("narrow", NARROW)):
        curve = draw(task, ceiling, size)
        drawings[name] = curve
        drawings[name + "_svg"] = Markup(
            inline_svg(
                curve,
                prefix=f"{name[0]}{index}-",
                title=task["finding"],
                alt_text=task["alt"],
                chosen=chosen,
            )
        )
    return {
        **task,
        "suffix": suffix,
        "edge": _edge(task),
        "chosen": chosen,
        "spec": words.spec(task["advice"]["spec"]) if task["advice"]["spec"] else None,
        "worth_rows": worth(task),
        "panel": [facts(task, v, i, views, family) for i, v in enumerate(views)],
        "table": table(task, family),
        "caption": _caption(task, drawings["wide"]),
        "template": _template(family) if any(v["in_family"] for v in views) else None,
        **drawings,
    }


def _edge(task: dict[str, Any]) -> str:
    regime = task["regime"] or "undecided"
    if regime == "undecided":
        return "undecided"
    return REGIMES[regime].token if task["advice"]["spec"] else "ink"


def _template(family: dict[str, Any] | None) -> tuple[Markup, str] | None:
    if family is None:
        return None
    before, _, after = family["template"].partition("{s}")
    return words.spec(before, "s", after), family["argument"]


def _caption(task: dict[str, Any], curve: Curve) -> list[str]:
    """What the drawing shows, only of what is in it."""
    views = curve.view.points
    out = ["Every bar is a 95\u00a0% interval; on nats it is the sampling error of the bound."]
    if task["curve"]:
        out.append("Grey: fitted curve with its bootstrap band.")
    if any(v["at_ceiling"] for v in views):
        out.append(
            "Arrows to the right: the bound is at its ceiling, so the true value may be larger."
        )
    if task["peak"] and task["peak"]["kind"] != "none":
        out.append("Shading: the peak's 95\u00a0% interval.")
    if any(v["regime"] == "undecided" for v in views):
        out.append("Hollow: undecided.")
    lost = len(candidates(task)) - len(views)
    if lost:
        verb = "has" if lost == 1 else "have"
        out.append(f"{lost} of {lost + len(views)} views {verb} no bound and stand in the table.")
    if curve.missing:
        out.append(
            f"{curve.missing} of {len(views)} names are left off where they would overlap; "
            "choose a point, or read the table."
        )
    return out


def _rows_of_pairs(study: Study) -> list[dict[str, Any]]:
    """One entry per view for the strip and the gallery, verdicts of all tasks beside it."""
    family, out = study.run.get("family"), []
    by_task = [{v["id"]: v for v in candidates(task)} for task in study.tasks]
    for view in study.views:
        verdicts = []
        for task, known in zip(study.tasks, by_task, strict=True):
            other = known.get(view["id"])
            if other is None or other["regime"] is None:
                continue
            word, text = REGIMES[other["regime"]].word, words.accuracy(other)
            name = task["task"] if len(study.tasks) > 1 else ""
            verdicts.append({"task": name, "regime": other["regime"], "word": word, "acc": text})
        label = str(view["label"])
        if view["in_family"] and family:
            label = f"{family['argument']} {view['value']}"
        nats, spread = words.nats(view)
        regimes = {v["regime"] for v in verdicts}
        out.append(
            {
                "id": view["id"],
                "label": label,
                "spec": words.spec(*words.split_value(view, family)),
                "nats": nats,
                "spread": spread,
                "verdicts": verdicts,
                "rule": regimes.pop() if len(regimes) == 1 else "undecided",
            }
        )
    return out


def _enlarge(gallery: Gallery) -> str:
    """Widths of small pictures as whole multiples of their pixels, per place they stand in."""
    if not gallery.width:
        return ""
    gap = 200 / (2 * gallery.width + 2)
    text = f"--gap:{gap:.3f}%;--ratio:{gallery.width}/{gallery.height}"
    if gallery.pixelated:
        pair = 2 * gallery.width + 2
        for name, room in (("panel", 142), ("row", 110), ("strip", 108)):
            text += f";--{name}:{pair * max(1, room // pair)}px"
        text += f";--half:{gallery.width * max(1, 52 // gallery.width)}px"
    return text


def _island(study: Study) -> Markup:
    """``rows.csv`` as JSON that a script element can hold."""
    text = (study.folder / "rows.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    dumped = json.dumps({"columns": rows[0], "rows": rows[1:]}, separators=(",", ":"))
    for char in "<>&'":
        dumped = dumped.replace(char, f"\\u{ord(char):04x}")
    return Markup(dumped)
