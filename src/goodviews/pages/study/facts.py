"""What the panel says about one view, and how the study was made, in words."""

from dataclasses import dataclass

from markupsafe import Markup

from goodviews.core.interval import Interval
from goodviews.core.records.run import Family, Run
from goodviews.core.records.verdict import TaskVerdict, View
from goodviews.core.text import ONE_SEED, counted, duration, points
from goodviews.core.tokens import REGIMES
from goodviews.pages import words
from goodviews.pages.study.tables import scratch_name, troubles

_PRECISION = {"bf16-mixed": "bfloat16 products", "32-true": "float32"}


@dataclass(frozen=True)
class Panel:
    """What the panel says about a view; ``facts`` are name and value."""

    id: str
    regime: str
    word: str
    place: str
    spec: Markup
    nats: str
    spread: str
    accuracy: str | None
    interval: str
    words: str
    facts: list[tuple[str, str]]
    notes: list[str]
    pairs: int


def panel(task: TaskVerdict, index: int, family: Family | None) -> Panel:
    """What the panel says about a view of a task."""
    view = task.views[index]
    nats, spread = words.nats(view.nats, at_ceiling=view.at_ceiling)
    regime = view.regime or "undecided"
    return Panel(
        id=view.id,
        regime=regime,
        word=REGIMES[regime].word if view.regime else "not judged: no labels",
        place=f"{index + 1} of {len(task.views)}",
        spec=words.spec(*words.split_value(view, family)),
        nats=nats,
        spread=f"{spread} nats" if spread.startswith("±") else spread,
        accuracy=words.accuracy(view.accuracy) if view.accuracy else None,
        interval=words.interval(view.accuracy),
        words=view.words,
        facts=_facts(task, view),
        notes=[*view.notes, *troubles(view)],
        pairs=view.pairs,
    )


def _facts(task: TaskVerdict, view: View) -> list[tuple[str, str]]:
    known = []
    if view.against:
        gap = points(view.against.points, signed=True, scale=1)
        known.append((f"vs. {view.against.label}", gap))
    if view.over_scratch:
        gap = points(view.over_scratch.points, signed=True, scale=1)
        known.append((f"vs. {scratch_name(task.baselines)}", gap))
    if view.usable:
        of = task.class_entropy_nats
        text = words.plain(view.usable.value, view.usable.half)
        known.append(("usable information", f"{text} of {of:.2f} nats" if of else f"{text} nats"))
    if view.about_label:
        own, of = view.about_label, task.class_entropy_nats
        text = f"at least {words.plain(own.value, own.half)} nats {_ends(own)}"
        known.append(("label in one view", f"{text} of {of:.2f}" if of else text))
    return known


def _ends(found: Interval) -> str:
    """An interval in brackets, or why there is none."""
    if not found.known:
        return ONE_SEED
    return f"[{words.plain(found.low, found.half)}, {words.plain(found.high, found.half)}]"


def made(run: Run) -> list[tuple[str, str]]:
    """How the study was made, as name and value."""
    data, splits, cells = run.data, run.splits, run.cells
    size = data.extent
    if not size:
        size = f"{data.height} x {data.width} pixels, {counted(data.channels, 'channel')}"
    lost = "; ".join(f"{one.file} ({one.why})" for one in data.skipped[:5])
    if len(data.skipped) > 5:
        lost += f"; and {len(data.skipped) - 5} more"
    classes = []
    for task, names in data.classes.items():
        shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
        classes.append(f"{task}: {len(names)} ({shown})")
    split = f"{splits.pretrain:,} to pretrain, {splits.held_out:,} held out"
    if splits.test:
        split += f", {splits.test:,} to test, {splits.labels:,} labels"
        split += f" drawn {splits.label_draws} times"
    runs = f"{cells.done} done, {cells.failed} failed, {cells.resumed} resumed"
    runs += f", {cells.undertrained} still improving, {cells.collapsed} collapsed"
    training = (
        f"{run.epochs} epochs",
        f"batches of {run.batch}",
        run.optimiser,
        _PRECISION.get(run.precision, run.precision),
    )
    items = [
        ("data", f"{data.name}, {data.count:,} {data.noun}, {size}"),
        ("source", data.source),
        ("values", data.range),
        ("hash of the data", data.hash),
        ("files skipped", lost or "none"),
        ("classes", "; ".join(classes)),
        ("splits", split),
        ("protocol", splits.protocol),
        ("hash of the splits", splits.hash),
        ("encoder", run.encoder),
        ("objective", run.objective),
        ("training", ", ".join(filter(None, training))),
        ("candidates K", f"{run.candidates:,}"),
        ("seeds", ", ".join(map(str, run.seeds))),
        ("runs", runs),
        ("versions", ", ".join(f"{k} {v}" for k, v in run.versions.items())),
        ("commit", run.commit),
        ("hardware", run.hardware),
        ("wall time", duration(run.wall_seconds)),
        ("date", run.date),
    ]
    return [(name, text) for name, text in items if text]
