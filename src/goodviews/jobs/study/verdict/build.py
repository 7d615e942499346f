"""From finished cells to the verdict: everything the page shows that is not a picture."""

import math

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.records.screening import Screening
from goodviews.core.records.search import Search
from goodviews.core.records.verdict import (
    Baseline,
    Ceiling,
    Curve,
    Level,
    NamedGap,
    Peak,
    Regime,
    TaskVerdict,
    Verdict,
    View,
    Worth,
)
from goodviews.core.text import share
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.comparison.outcome import Outcome
from goodviews.jobs.study.plan import Cell
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.statistics.regimes import Reading, read
from goodviews.jobs.study.statistics.table import TaskTable, tabulate
from goodviews.jobs.study.statistics.winner import by_log_probability
from goodviews.jobs.study.verdict.advice import Answer, advise
from goodviews.jobs.study.verdict.compared import (
    Compared,
    compared,
    comparison_record,
    levels,
)
from goodviews.jobs.study.verdict.entries import bounded, gap, mean, question, rounded
from goodviews.jobs.study.verdict.measured import other_scores
from goodviews.jobs.study.verdict.several import one_for_all
from goodviews.jobs.study.verdict.trust import trust
from goodviews.jobs.study.verdict.unlabelled import unlabelled
from goodviews.jobs.study.verdict.words import spec_labels
from goodviews.spec.grammar import Family

_WORDS: dict[Regime, str] = {
    "missing": "Less accurate than the best views, and shares less than they do or says less "
    "about the label.",
    "sweet_spot": "As accurate as the best; no view that measured as accurate shares measurably "
    "less.",
    "excess": "Shares more than views that are as accurate or more so.",
    "undecided": "There is not enough evidence to say on which side of the peak it lies.",
}


def make_verdict(
    plan: StudyPlan,
    results: dict[Cell, CellResult],
    *,
    family: Family | None,
    data: str,
    command: str,
    failed: dict[Cell, str],
    screening: tuple[Screening, ...] = (),
    searched: Search | None = None,
    outcomes: dict[int, Outcome] | None = None,
) -> Verdict:
    """Read the finished cells.

    Args:
        plan: The study.
        results: Finished cells.
        family: The candidates as one family, if they are one.
        data: Argument for the data.
        command: Command of this study.
        failed: Cells that could not be run, and why.
        screening: What short runs before the study found.
        searched: What a search before the study found.
        outcomes: The comparison with training from scratch, by place of the task.
    """
    tasks, readings = [], []
    for number in range(len(plan.tasks)):
        table = tabulate(plan, number, results)
        if table is not None:
            reading = read(table, family=family is not None)
            readings.append((table, reading))
            outcome = (outcomes or {}).get(number)
            tasks.append(_task(plan, table, reading, family, data, command, outcome))
    if not tasks:
        tasks = [unlabelled(plan, results, family, command)]
    return Verdict(
        ceiling=Ceiling(nats=math.log(plan.candidates), candidates=plan.candidates),
        tasks=tuple(tasks),
        trust=tuple(trust(plan, results, readings, failed, command)),
        compromise=one_for_all(plan, readings, family),
        screening=screening,
        search=searched,
    )


def _task(
    plan: StudyPlan,
    table: TaskTable,
    reading: Reading,
    family: Family | None,
    data: str,
    command: str,
    outcome: Outcome | None,
) -> TaskVerdict:
    found = compared(outcome, command)
    answer = advise(
        table, reading, data=data, command=command, train=plan.pretrain_options, found=found
    )
    labels = spec_labels(table.views, family)
    order = sorted(range(len(table.views)), key=lambda view: table.nats[view].value)
    by_accuracy = list(np.argsort([-table.level(view).value for view in table.views]))
    count = table.task.labels[table.task.items]
    sizes = np.bincount(count[count >= 0]) / len(count)
    return TaskVerdict(
        task=table.task.name,
        classes=len(table.task.classes),
        class_entropy_nats=float(-(sizes[sizes > 0] * np.log(sizes[sizes > 0])).sum()),
        wording=answer.wording,
        regime=reading.regimes[reading.winner],
        question=question(plan, table.task.name),
        advice=answer.advice,
        worth=_worth(table, answer, found),
        finding=_finding(table, reading, int(by_accuracy[0])),
        alt=_alt(table, order),
        winner=f"v-{plan.views.index(table.views[reading.winner]) + 1}",
        views=tuple(_view(plan, table, reading, view, labels, by_accuracy) for view in order),
        baselines=tuple(_baseline(plan, table, name) for name in table.baselines[::-1]),
        curve=_curve(reading),
        peak=_peak(reading),
        comparison=comparison_record(outcome, command),
        measure=table.task.measure,
    )


def _curve(reading: Reading) -> Curve | None:
    curve = reading.curve
    if curve is None:
        return None
    return Curve(
        nats=rounded(curve.nats),
        median=rounded(curve.median),
        low=rounded(curve.low),
        high=rounded(curve.high),
    )


def _peak(reading: Reading) -> Peak | None:
    peak = reading.peak
    if peak is None or reading.curve is None:
        return None
    text = {
        "inside": f"peak {peak.nats:.1f} nats [{peak.low:.1f}, {peak.high:.1f}]",
        "left": f"peak at or below {peak.high:.1f} nats",
        "right": f"peak at or above {peak.low:.1f} nats",
        "none": "not enough evidence for a peak",
    }[peak.kind]
    return Peak(kind=peak.kind, nats=Interval(peak.nats, peak.low, peak.high), text=text)


def _view(
    plan: StudyPlan,
    table: TaskTable,
    reading: Reading,
    view: int,
    labels: list[str],
    by_accuracy: list[int],
) -> View:
    name, regime = table.views[view], reading.regimes[view]
    level, nats = table.level(name), table.nats[view]
    records = table.records[name]
    usable = table.usable.level(view)
    entropy = float(np.mean([row.usable_nats or 0 for row in records])) - usable.value
    other = by_accuracy[1] if view == by_accuracy[0] and len(by_accuracy) > 1 else by_accuracy[0]
    against = None
    if other != view:
        found = table.layout.difference(view, other, among=len(table.views))
        against = NamedGap(label=labels[other], points=gap(found).points)
    return View(
        id=f"v-{plan.views.index(name) + 1}",
        view=name,
        role="candidate",
        label=labels[view],
        value=labels[view],
        in_family=reading.curve is not None,
        nats=bounded(nats),
        at_ceiling=bool(records[0].at_ceiling),
        accuracy=level.within(table.task.least, 1),
        regime=regime,
        words=_WORDS[regime],
        over_scratch=gap(table.over(name, table.baselines.scratch)),
        against=against,
        usable=usable.plus(entropy),
        about_label=None if table.task.measure == "link AUC" else table.about_label.level(view),
        knn=mean([row.knn_top1 for row in records]),
        seconds=mean([row.seconds for row in records]),
        undertrained=sum(bool(row.undertrained) for row in records),
        collapsed=sum(bool(row.collapsed) for row in records),
        notes=tuple(_notes(table, reading, view)),
        pairs=6,
        others=other_scores(records),
    )


def _notes(table: TaskTable, reading: Reading, view: int) -> list[str]:
    """What is particular about a view."""
    nats, best = table.nats[view].value, table.nats[reading.winner].value
    notes = []
    if reading.regimes[view] == "missing" and nats > best:
        known, other = table.about_label.level(view), table.about_label.level(reading.winner)
        notes.append(
            f"Shares {nats - best:.1f} nats more than the best view, but says less about the "
            f"label: {known.value:.2f} nats, the best view {other.value:.2f}."
        )
    records = table.records[table.views[view]]
    clipped = float(np.mean([row.clipped_share or 0 for row in records]))
    if clipped > 0.05:
        notes.append(f"Clips {100 * clipped:.0f} % of the values to black or white.")
    return notes


def _baseline(plan: StudyPlan, table: TaskTable, name: str) -> Baseline:
    records, (raw, random, scratch) = table.records[name], table.baselines
    over = None
    if name == raw:
        found = table.over(scratch, raw)
        over = gap(found.turned())
    elif name == random:
        over = gap(table.over(name, scratch))
    return Baseline(
        name=name,
        detail=plan.about_baseline(name, table.task),
        scratch=name == scratch,
        accuracy=_level(table, name),
        over_scratch=over,
        usable=mean([row.usable_nats for row in records]),
        knn=mean([row.knn_top1 for row in records]),
        seconds=mean([row.seconds for row in records]),
        others=other_scores(records),
    )


def _level(table: TaskTable, name: str) -> Interval:
    return (table.raw_level() if name == table.baselines.raw else table.level(name)).within(
        table.task.least, 1
    )


def _worth(table: TaskTable, answer: Answer, found: Compared | None) -> Worth:
    if found is not None:
        at = found.count
        note = f"Accuracy with {at.labels:,} labels, drawn {at.draws} times, 95 % intervals."
        return Worth(answer=answer.worth, good=answer.good, note=note, rows=levels(found))
    rows = [Level(name=name, accuracy=_level(table, name), best=False) for name in table.baselines]
    best = Level(
        name="best view, then readout",
        accuracy=answer.level.within(table.task.least, 1),
        best=True,
    )
    report = int((~table.task.choose).sum())
    seeds = table.layout.seeds
    return Worth(
        answer=answer.worth,
        good=answer.good,
        note=f"Accuracy on {report:,} test images, {seeds} seed{'s' * (seeds > 1)}, 95 % "
        f"intervals. The best view is selected by its "
        f"{'log probability' if by_log_probability(table) else 'accuracy'}; it is selected and "
        f"measured with different seeds and labels.",
        rows=(*rows, best),
    )


def _finding(table: TaskTable, reading: Reading, best: int) -> str:
    peak = reading.peak
    if peak is None or peak.kind == "none":
        if any(reading.below):
            where = table.nats[best].value
            return f"The best view shares {where:.1f} nats; the curve has no clear peak"
        return "No view is measurably worse than the best one"
    if peak.kind == "inside":
        return f"Accuracy peaks where the views share about {peak.nats:.1f} nats"
    if peak.kind == "left":
        return f"Accuracy is highest where the views share least, at {peak.high:.1f} nats or below"
    return f"Accuracy rises with shared information up to {peak.low:.1f} nats or more"


def _alt(table: TaskTable, order: list[int]) -> str:
    said = [
        f"{share(table.level(table.views[view]).value)} at {table.nats[view].value:.1f} nats"
        for view in order
    ]
    return (
        f"Readout accuracy by shared nats, fewest first: {', '.join(said)}; "
        f"from scratch {share(table.level(table.baselines.scratch).value)}."
    )
