"""Puts the page together: one HTML file that needs nothing else."""

import csv
import io
import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from goodviews.core.tokens import REGIMES, TOKENS
from goodviews.report import words
from goodviews.report.charts import Curve, draw, inline_svg
from goodviews.report.folder import Study, candidates
from goodviews.report.gallery import Gallery, gather
from goodviews.report.layout import NARROW, WIDE
from goodviews.report.tables import mark, table, troubles, worth

__all__ = ["page"]


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
    text = env.from_string(_file("page.html.j2")).render(
        css=Markup(_tokens_css() + _strip(_file("page.css"))),
        js=Markup(_strip(_file("page.js"))),
        run=study.run,
        data=study.run["data"],
        tasks=[_task(study, i) for i in range(len(study.tasks))],
        views=_rows_of_pairs(study),
        pairs=gallery,
        enlarge=_enlarge(gallery),
        family=study.run.get("family"),
        trust=study.verdict["trust"],
        made=_made(study),
        island=_island(study),
    )
    return re.sub(r"\n\s*\n+", "\n", text).lstrip()


@cache
def _file(name: str) -> str:
    return (files("goodviews.report") / name).read_text(encoding="utf-8")


def _strip(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def _tokens_css() -> str:
    light = "".join(f"--{name}:{token.light};" for name, token in TOKENS.items())
    dark = "".join(f"--{name}:{token.dark};" for name, token in TOKENS.items())
    return (
        f":root{{color-scheme:light;{light}}}\n"
        "@media screen and (prefers-color-scheme:dark){"
        f":root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}\n"
    )


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
        "panel": [_facts(task, v, i, views, family) for i, v in enumerate(views)],
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


def _facts(
    task: dict[str, Any],
    view: dict[str, Any],
    index: int,
    views: list[dict[str, Any]],
    family: dict[str, Any] | None,
) -> dict[str, Any]:
    """What the panel says about a view."""
    regime = view["regime"] or "undecided"
    nats, spread = words.nats(view)
    facts = []
    if view["against"]:
        label = f"against {view['against']['label']}"
        facts.append((label, _points(view["against"])))
    if view["over_scratch"]:
        facts.append(("against scratch", _points(view["over_scratch"])))
    if view["usable"] is not None:
        of = task["class_entropy_nats"]
        text = words.plain(view["usable"], _half(view, "usable"))
        facts.append(("usable information", f"{text} of {of:.2f} nats" if of else f"{text} nats"))
    if view["kept"] is not None:
        half = _half(view, "kept")
        ends = [words.plain(view[f"kept_{k}"], half) for k in ("low", "high")]
        text = words.plain(view["kept"], half)
        if view["kept"] > 0:
            text = f"+{text}"
        facts.append(("against whole image", f"{text} nats [{ends[0]}, {ends[1]}]"))
    return {
        "id": view["id"],
        "regime": regime,
        "word": REGIMES[regime].word if view["regime"] else "not judged: no labels",
        "place": f"{index + 1} of {len(views)}",
        "spec": words.spec(*words.split_value(view, family)),
        "nats": nats,
        "spread": f"{spread} nats" if spread.startswith("±") else spread,
        "accuracy": words.accuracy(view) if view["accuracy"] is not None else None,
        "interval": words.interval(view),
        "words": view["words"] or "",
        "facts": facts,
        "notes": [*(view.get("notes") or []), *troubles(view)],
        "pairs": view["pairs"] or 0,
    }


def _points(value: dict[str, Any]) -> str:
    return words.points(value, ends=True).replace(" [", " points [", 1)


def _half(view: dict[str, Any], name: str) -> float | None:
    if view.get(f"{name}_low") is None:
        return None
    return float(view[f"{name}_high"] - view[f"{name}_low"]) / 2


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


def _made(study: Study) -> list[tuple[str, str]]:
    """How the study was made, as name and value."""
    run, data, splits, cells = (study.run, *(study.run[k] for k in ("data", "splits", "cells")))
    size = f"{data['height']} x {data['width']} pixels, {data['channels']} "
    size += "channel" if data["channels"] == 1 else "channels"
    skipped = data.get("skipped") or []
    lost = "; ".join(f"{s['file']} ({s['why']})" for s in skipped[:5])
    if len(skipped) > 5:
        lost += f"; and {len(skipped) - 5} more"
    classes = []
    for task, names in (data.get("classes") or {}).items():
        shown = ", ".join(map(str, names[:12])) + (", …" if len(names) > 12 else "")
        classes.append(f"{task}: {len(names)} ({shown})")
    split = f"{splits['pretrain']:,} to pretrain, {splits['held_out']:,} held out"
    if splits.get("test"):
        split += f", {splits['test']:,} to test, {splits['labels']:,} labels"
        split += f" drawn {splits['label_draws']} times"
    runs = f"{cells['done']} done, {cells['failed']} failed, {cells['resumed']} resumed"
    runs += f", {cells['undertrained']} still improving, {cells['collapsed']} collapsed"
    items = [
        ("data", f"{data['name']}, {data['count']:,} images, {size}"),
        ("source", data.get("source")),
        ("values", data.get("range")),
        ("hash of the data", data.get("hash")),
        ("files skipped", lost if skipped else "none"),
        ("classes", "; ".join(classes)),
        ("splits", split),
        ("protocol", splits.get("protocol")),
        ("hash of the splits", splits.get("hash")),
        ("encoder", run.get("encoder")),
        ("objective", run.get("objective")),
        ("training", f"{run['epochs']} epochs, batches of {run['batch']}"),
        ("candidates K", f"{run['candidates']:,}" if run.get("candidates") else None),
        ("seeds", ", ".join(map(str, run["seeds"]))),
        ("runs", runs),
        ("versions", ", ".join(f"{k} {v}" for k, v in run["versions"].items())),
        ("commit", run.get("commit")),
        ("hardware", run.get("hardware")),
        ("wall time", _duration(run.get("wall_seconds"))),
        ("date", run.get("date")),
    ]
    return [(name, str(text)) for name, text in items if text]


def _duration(value: float | None) -> str | None:
    if value is None:
        return None
    if value < 120:
        return f"{value:.0f} s"
    minutes = round(value / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _island(study: Study) -> Markup:
    """``rows.csv`` as JSON that a script element can hold."""
    text = (study.folder / "rows.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    dumped = json.dumps({"columns": rows[0], "rows": rows[1:]}, separators=(",", ":"))
    for char in "<>&'":
        dumped = dumped.replace(char, f"\\u{ord(char):04x}")
    return Markup(dumped)
