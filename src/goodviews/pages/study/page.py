"""Puts the page together: one HTML file that needs nothing else."""

import csv
import io
import json
import re
from dataclasses import dataclass

from markupsafe import Markup

from goodviews.core.records.compromise import Compromise
from goodviews.core.records.run import Family
from goodviews.core.records.verdict import TaskVerdict, View
from goodviews.core.tokens import REGIMES
from goodviews.pages import words
from goodviews.pages.chart.canvas import Curve
from goodviews.pages.chart.charts import draw, inline_svg
from goodviews.pages.chart.layout import NARROW, WIDE
from goodviews.pages.glossary import explained
from goodviews.pages.shell import shell_file, strip_lines, tokens_css
from goodviews.pages.study.compared import Compared, compared_section
from goodviews.pages.study.effects import Effects, effects
from goodviews.pages.study.facts import Panel, made, panel
from goodviews.pages.study.folder import Study
from goodviews.pages.study.gallery import Gallery, gather
from goodviews.pages.study.lengths import LengthsCard, lengths_card
from goodviews.pages.study.search import searched
from goodviews.pages.study.tables import Bar, Row, mark, table, worth


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
        data=study.run.data,
        tasks=[_section(study, i) for i in range(len(study.tasks))],
        views=[_pairs(study, view) for view in study.views],
        pairs=gallery,
        enlarge=_enlarge(gallery),
        family=study.run.family,
        trust=study.verdict.trust,
        shared=_shared(study.verdict.compromise),
        search=searched(study.verdict.search) if study.verdict.search else None,
        made=made(study.run),
        shown=_shown(study),
        island=_island(study),
    )
    return explained(re.sub(r"\n\s*\n+", "\n", text).lstrip())


@dataclass(frozen=True)
class Shown:
    """Words that differ between images and graphs.

    Attributes:
        things: What pictures are of.
        left: What the left half of a picture is.
        right: What the right half is.
        scratch: The baseline that all are compared with, in a heading.
        training: The same in a sentence.
        dashed: The same in a legend.
    """

    things: str = "images"
    left: str = "v1"
    right: str = "v2"
    scratch: str = "scratch"
    training: str = "training from scratch"
    dashed: str = "from scratch"


def _shown(study: Study) -> Shown:
    if study.run.data.noun == "images":
        return Shown()
    named = next((one.name for one in study.tasks[0].baselines if one.scratch), "scratch")
    return Shown("neighbourhoods", "before", "after", named, named, named)


@dataclass(frozen=True)
class Section:
    """One task of the page: what the study found, and how the template shows it."""

    found: TaskVerdict
    suffix: str
    edge: str
    chosen: str
    spec: Markup | None
    worth_rows: list[Bar]
    panel: list[Panel]
    table: list[Row]
    caption: list[str]
    template: tuple[Markup, str] | None
    drawings: list[tuple[str, Curve, Markup]]
    compared: Compared | None
    effects: Effects | None
    lengths: LengthsCard | None


def _section(study: Study, index: int) -> Section:
    task, family = study.tasks[index], study.run.family
    chosen = task.winner or max(task.views, key=_accuracy).id
    curves = {
        "wide": draw(task, study.verdict.ceiling, WIDE),
        "narrow": draw(task, study.verdict.ceiling, NARROW),
    }
    texts = {"title": task.finding, "alt_text": task.alt, "chosen": chosen}
    return Section(
        found=task,
        suffix=f"-{index + 1}" if len(study.tasks) > 1 else "",
        edge=_edge(task),
        chosen=chosen,
        spec=words.spec(task.advice.spec) if task.advice.spec else None,
        worth_rows=worth(task),
        panel=[panel(task, i, family) for i in range(len(task.views))],
        table=table(task, family),
        caption=_caption(task, curves["wide"], study.verdict.ceiling.estimate),
        template=_template(family) if any(v.in_family for v in task.views) else None,
        drawings=[
            (name, curve, Markup(inline_svg(curve, prefix=f"{name[0]}{index}-", **texts)))
            for name, curve in curves.items()
        ],
        compared=compared_section(task.comparison),
        effects=next(
            (effects(one) for one in study.verdict.screening if one.task == task.task), None
        ),
        lengths=lengths_card(task.lengths, task.measure) if task.lengths else None,
    )


def _accuracy(view: View) -> float:
    return view.accuracy.value if view.accuracy else 0.0


def _edge(task: TaskVerdict) -> str:
    if task.regime == "undecided":
        return "undecided"
    return REGIMES[task.regime].token if task.advice.recommended and task.winner else "ink"


@dataclass(frozen=True)
class SharedView:
    """One view for all tasks, and its spec as the page shows it."""

    found: Compromise
    spec: Markup


def _shared(found: Compromise | None) -> SharedView | None:
    return None if found is None else SharedView(found, words.spec(found.view))


def _template(family: Family | None) -> tuple[Markup, str] | None:
    if family is None:
        return None
    before, _, after = family.template.partition("{s}")
    return words.spec(before, "s", after), family.argument


def _caption(task: TaskVerdict, curve: Curve, estimate: bool) -> list[str]:
    """What the drawing shows, only of what is in it."""
    views = curve.view.points
    of = "estimate, over blocks of nodes" if estimate else "bound"
    out = [f"Every bar is a 95\u00a0% interval; on nats it is the sampling error of the {of}."]
    if task.curve:
        out.append("Grey: fitted curve with its bootstrap band.")
    if any(v.at_ceiling for v in views):
        out.append(
            "Arrows to the right: the bound is at its ceiling; the true value may be larger."
        )
    if task.peak and task.peak.kind != "none":
        out.append("Shading: the peak's 95\u00a0% interval.")
    if any(v.regime == "undecided" for v in views):
        out.append("Hollow: undecided.")
    lost = len(task.views) - len(views)
    if lost:
        verb = "has" if lost == 1 else "have"
        out.append(
            f"{lost} of {lost + len(views)} views {verb} no bound and are only in the table."
        )
    if curve.missing:
        out.append(
            f"{curve.missing} of {len(views)} names are omitted where they would overlap; "
            "choose a point, or read the table."
        )
    return out


@dataclass(frozen=True)
class Verdict:
    """The verdict of one task on a view, beside its pairs."""

    task: str
    regime: str
    word: str
    accuracy: str


@dataclass(frozen=True)
class Pairs:
    """A view in the strip and the gallery, the verdicts of all tasks beside it."""

    id: str
    label: str
    spec: Markup
    nats: str
    spread: str
    verdicts: list[Verdict]
    rule: str


def _pairs(study: Study, view: View) -> Pairs:
    family = study.run.family
    verdicts = [
        Verdict(
            task=task.task if len(study.tasks) > 1 else "",
            regime=other.regime,
            word=REGIMES[other.regime].word,
            accuracy=words.accuracy(other.accuracy),
        )
        for task in study.tasks
        for other in task.views
        if other.id == view.id and other.regime
    ]
    nats, spread = words.nats(view.nats, at_ceiling=view.at_ceiling)
    regimes = {verdict.regime for verdict in verdicts}
    return Pairs(
        id=view.id,
        label=f"{family.argument} {view.value}" if view.in_family and family else view.label,
        spec=words.spec(*words.split_value(view, family)),
        nats=nats,
        spread=spread,
        verdicts=verdicts,
        rule=regimes.pop() if len(regimes) == 1 else "undecided",
    )


def _enlarge(gallery: Gallery) -> str:
    """Widths of small pictures as whole multiples of their pixels, by the place they are in."""
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
