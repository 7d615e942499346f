"""One sentence of advice: what the numbers support and no more.

The cases are asked in this order; each has a name, which ``run.json`` keeps. The first word is a
verb or "Undecided".
"""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from goodviews.core.command import changed_command
from goodviews.core.interval import Interval
from goodviews.core.records.verdict import Advice
from goodviews.core.text import duration, percent, points
from goodviews.jobs.study.plan import BASELINES
from goodviews.jobs.study.statistics.regimes import Reading
from goodviews.jobs.study.statistics.table import TaskTable
from goodviews.jobs.study.statistics.winner import cross_fitted_gain, cross_fitted_level
from goodviews.jobs.study.verdict.compared import Compared
from goodviews.jobs.study.verdict.entries import mean
from goodviews.jobs.study.verdict.words import few_to_choose, more_labels
from goodviews.methods.fitting import simclr_views

_LONGER = "whether a longer pretraining would help."
_EQUAL_TO_BE = 3
"""How many views are called equally good: those indistinguishable from the winner, and itself."""


@dataclass(frozen=True)
class Answer:
    """The advice, and what it was made of.

    Attributes:
        wording: Name of the case.
        advice: What the page shows first.
        worth: The answer to "is pretraining worth it?".
        good: Whether it is.
        level: Accuracy of the winner, selected and measured with different labels.
    """

    wording: str
    advice: Advice
    worth: str
    good: bool
    level: Interval


def advise(
    table: TaskTable,
    reading: Reading,
    *,
    data: str,
    command: str,
    train: Sequence[str] = ("--backbone", "resnet18"),
    found: Compared | None = None,
) -> Answer:
    """Put a task's numbers into words.

    Args:
        table: Results.
        reading: Winner and regimes.
        data: Argument for the data.
        command: Command of this study.
        train: Options of the command that pretrains with the best view.
        found: The comparison with training from scratch, which then decides whether to
            pretrain; without it, the linear probes of the study do.

    Returns:
        The advice.
    """
    winner, (raw_name, random_name, scratch) = table.views[reading.winner], table.baselines
    level = cross_fitted_level(table, reading.winner)
    over = cross_fitted_gain(table, reading.winner, scratch)
    seeds = 3 if table.layout.seeds < 3 else 2 * table.layout.seeds
    worth, not_worth = over.above, over.below
    fewer = found is None and table.baselines == BASELINES  # graphs keep their splits
    if found is not None:
        worth, not_worth = found.decision == "worth", found.decision == "not_worth"

    def make(wording: str, head: str, lead: str, *, good: bool = True, **more: str) -> Answer:
        words = [*([data] if data else []), *train, "--views", winner]
        pretrain = shlex.join(["goodviews", "pretrain", *words])
        longer = changed_command(command, "--seeds", seeds)
        advice = Advice(
            head=head,
            spec=winner,
            lead=f"{found.lead if found else lead} {_cost(table, winner)}".strip(),
            reason=" ".join(filter(None, [more.get("reason", ""), over_simclr(table, winner)])),
            open=_open(table, more.get("open", ""), chosen=good),
            command=more.get("command", pretrain if good else longer),
            recommended=good,
        )
        answer = found.answer if found else _worth(over)
        return Answer(wording, advice, answer, good and worth, level)

    labels, said = f"With {table.task.budget:,} labels,", partial(percent, least=table.task.least)
    best = f"a linear probe on this view, the best of {len(table.views)},"
    raw, random = (
        cross_fitted_gain(table, reading.winner, other) for other in (raw_name, random_name)
    )
    if found is None and raw.below and table.over(scratch, raw_name).high < 0:
        return make(
            "baseline_wins",
            f"Use {raw_name} with logistic regression. Best view:",
            f"{labels} {raw_name} reach {said(table.raw_level())} accuracy; no encoder does "
            f"better, and {best} reaches {said(level)}.",
            good=False,
            reason="With more labels or more images, run the study again.",
        )
    if not_worth:
        return make(
            "do_not_pretrain",
            "Do not pretrain: train from scratch. Best view:",
            f"{labels} {best} reaches {said(level)} accuracy, {points(over.turned())} less "
            f"than training from scratch ({said(table.level(scratch))}).",
            good=False,
            reason="The views do help, but less than training on the labels: the best one is "
            f"{points(random)} better than random weights."
            if random.above
            else "The best view is not measurably better than random weights.",
            open=_fewer_labels(table) if fewer else _LONGER,
            command=changed_command(command, "--per-class", 2, fresh=True)
            if fewer
            else changed_command(command, "--epochs", 4 * _epochs(table, winner), fresh=True),
        )
    if not worth:
        seeds_blamed = over.known and _seeds_rule(table, winner)
        if found is not None:
            return make(
                "undecided_gain",
                "Undecided whether to pretrain. Best view so far:",
                "",
                good=False,
                open=found.open,
                command=found.command or changed_command(command, "--seeds", seeds),
            )
        return make(
            "undecided_seeds" if seeds_blamed else "undecided_gain",
            "Undecided whether to pretrain. Best view so far:",
            f"{labels} {best} reaches {said(level)} accuracy, {points(over, signed=True)} "
            f"compared with training from scratch."
            + ("" if over.known else " An interval needs more seeds: run three."),
            good=False,
            open=_what_would_decide(table, winner, scratch) if over.known else "",
            command=changed_command(command, "--seeds", seeds),
        )
    lead = (
        f"{labels} a linear probe on this view reaches {said(level)} accuracy, "
        f"{points(over)} more than training from scratch."
    )
    answer = _positive(table, reading, make, lead=lead)
    if found is not None and found.few_only:
        head = answer.advice.head.replace("Pretrain with", "Pretrain where labels are few, with")
        return replace(answer, advice=replace(answer.advice, head=head))
    return answer


def over_simclr(table: TaskTable, winner: str) -> str:
    """How much the best view gains over those of SimCLR; empty where they are not compared.

    Args:
        table: Results of a task.
        winner: The best view.
    """
    views = {simclr_views(channels) for channels in (3, 4)}
    usual = next((view for view in table.views if view in views), winner)
    if usual == winner:
        return ""
    over = cross_fitted_gain(table, table.views.index(winner), usual)
    level = (
        f"SimCLR's views reach {percent(table.level(usual), table.task.least)} with a linear probe"
    )
    if over.above:
        return f"{level}, {points(over)} less than this one."
    if over.below:
        return f"{level}, {points(over.turned())} more than this one."
    gap = points(over, signed=True)
    return f"{level}; this one's difference, {gap}, is not significant."


def _epochs(table: TaskTable, view: str) -> int:
    return max([row.epochs or 1 for row in table.records[view]], default=1)


def _cost(table: TaskTable, view: str) -> str:
    """What one run with a view took, the measurements of it as well."""
    seconds = mean([row.seconds for row in table.records[view]])
    return f"One run with it took {duration(max(seconds, 1))}." if seconds else ""


def _open(table: TaskTable, text: str, *, chosen: bool) -> str:
    """What is open, and whether too few labels were used for selection."""
    few = few_to_choose(int(table.task.choose.sum()) or len(table.task.items)) if chosen else ""
    return f"{text.rstrip('.')}. {few}" if text and few else few or text


def _positive(
    table: TaskTable, reading: Reading, make: Callable[..., Answer], *, lead: str
) -> Answer:
    """Pretraining pays: which view, and what is open."""
    winner = table.views[reading.winner]
    alike = [
        view
        for view, low in zip(table.views, reading.below, strict=True)
        if not low and view != winner
    ]
    ceiling = [table.records[view][0].at_ceiling for view in table.views]
    if sum(map(bool, ceiling)) > len(table.views) / 2:
        top = table.records[winner][0].candidates or 0
        return make(
            "at_the_ceiling",
            "Pretrain with",
            lead,
            reason=f"Views are ranked by accuracy only: {sum(map(bool, ceiling))} of "
            f"{len(ceiling)} bounds are at their ceiling.",
            open=f"how much the views share; more than {top:,} candidates would raise the "
            f"ceiling.",
        )
    if len(alike) + 1 >= _EQUAL_TO_BE:
        rows = table.records
        quick = min([winner, *alike], key=lambda view: sum(r.seconds or 0 for r in rows[view]))
        named = ", ".join(f"`{view}`" for view in [winner, *alike][:6])
        return make(
            "several_alike",
            f"Pretrain with any of the best {len(alike) + 1} views, such as",
            f"{lead} {len(alike) + 1} views are statistically indistinguishable: {named}.",
            reason=f"`{quick}` is the fastest of them.",
            open=f"which of them is best; {_what_separates(table, winner, alike[0])}.",
        )
    peak = reading.peak
    if peak is not None and peak.kind == "left" and _extreme(table, reading.winner) == "left":
        return make(
            "one_sided",
            "Try stronger views than",
            lead,
            reason="The best view is the strongest one tried; stronger ones may be better still.",
            open="where accuracy starts to fall as views share less.",
        )
    if peak is not None and peak.kind == "right" and _extreme(table, reading.winner) == "right":
        return make(
            "against_the_idea",
            "Pretrain with",
            lead,
            reason="Sharing less did not help here: accuracy keeps rising with shared information "
            "over the whole range.",
            open="whether weaker views than those tried are even better.",
        )
    reason = _reason(table, reading)
    if alike:
        hint = _what_separates(table, winner, alike[0])
        still = f"whether `{alike[0]}` is as good. Use either; {hint}."
        return make("sweet_spot", "Pretrain with", lead, reason=reason, open=still)
    return make("sweet_spot", "Pretrain with", lead, reason=reason)


def _reason(table: TaskTable, reading: Reading) -> str:
    """What is on either side of the winner; a view that shares more may be missing, too."""
    nats = [interval.value for interval in table.nats]
    sides = {
        (regime, own < nats[reading.winner])
        for regime, own in zip(reading.regimes, nats, strict=True)
    }
    missing, excess = ("missing", True) in sides, ("excess", False) in sides
    left = "Views that share less lose information that the task needs"
    right = "views that share more keep information that the task does not need"
    if missing and excess:
        return f"{left}; {right}."
    if missing:
        return f"{left}."
    return f"{right[0].upper()}{right[1:]}." if excess else ""


def _extreme(table: TaskTable, winner: int) -> str:
    nats = [interval.value for interval in table.nats]
    return "left" if nats[winner] == min(nats) else "right" if nats[winner] == max(nats) else ""


def _worth(over: Interval) -> str:
    if over.above:
        return "Yes, with these labels."
    return "No, not with these labels." if over.below else "There is not enough evidence to say."


def _seeds_rule(table: TaskTable, winner: str) -> bool:
    return table.layout.seed_share(table.row(winner), table.row(table.baselines.scratch)) > 0.5


def _what_separates(table: TaskTable, first: str, second: str) -> str:
    a, b = table.row(first), table.row(second)
    if table.layout.seeds < 2:
        return "three seeds would give an interval"
    if table.layout.seed_share(a, b) > 0.5:
        return "more seeds would separate them, more labels would not"
    items = table.layout.items_VN[a] - table.layout.items_VN[b]
    words = more_labels(float(items.std(ddof=1)), float(items.mean()), len(items))
    return words or "treat them as equal"


def _what_would_decide(table: TaskTable, first: str, second: str) -> str:
    return f"whether the difference is real; {_what_separates(table, first, second)}."


def _fewer_labels(table: TaskTable) -> str:
    each = table.task.budget // max(len(table.task.classes), 1)
    if each <= 2:
        return ""
    return (
        f"whether pretraining is worth it with fewer than {each} labels per class, where it tends "
        f"to help more."
    )
