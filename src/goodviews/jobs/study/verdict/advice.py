"""One plain sentence of advice, from what the numbers carry and no more.

The cases stand in the order in which they are asked; each is a name that ``run.json``
keeps. The first word is a verb or "Undecided".
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.text import points, shares
from goodviews.core.verdict import Advice
from goodviews.jobs.study.statistics.regimes import Reading, honest
from goodviews.jobs.study.statistics.table import RANDOM, RAW, SCRATCH, TaskTable
from goodviews.jobs.study.verdict.words import again, few_to_choose, more_labels

_EQUAL_TO_BE = 3
"""Views that cannot be told from the winner, the winner included, that make "any of these"."""


@dataclass(frozen=True)
class Answer:
    """The advice, and what it was made of.

    Attributes:
        wording: Name of the case.
        advice: What the page says.
        worth: The answer to "is pretraining worth it?".
        good: Whether it is.
        level: Accuracy of the winner, chosen and measured on different labels.
    """

    wording: str
    advice: Advice
    worth: str
    good: bool
    level: Interval


def advise(table: TaskTable, reading: Reading, *, data: str, command: str) -> Answer:
    """Put a task's numbers into words.

    Args:
        table: Results.
        reading: Winner and regimes.
        data: What to type for the data.
        command: What was typed for this study.

    Returns:
        The advice.
    """
    winner = table.views[reading.winner]
    value = honest(table, reading.winner)
    level = table.level(winner).shifted(value)
    over = _shifted(table, winner, SCRATCH, value)
    on_labels = f"the same {table.task.budget:,} labels"
    known = np.isfinite(over.low)
    seeds = 3 if table.layout.seeds < 3 else 2 * table.layout.seeds
    wins = f"{points(over)} more than training from scratch on {on_labels}"

    def make(wording: str, head: str, spec: str | None, lead: str, **more: str) -> Answer:
        words = [*([data] if data else []), "--backbone", "resnet18", "--views", spec or ""]
        train = shlex.join(["goodviews", "pretrain", *words])
        advice = Advice(
            head=head,
            spec=spec,
            lead=lead,
            reason=more.get("reason", ""),
            open=_open(table, more.get("open", ""), chosen=spec is not None),
            command=more.get("command", train if spec else again(command, "--seeds", seeds)),
        )
        return Answer(wording, advice, _worth(over), spec is not None and over.above, level)

    raw, random = _shifted(table, winner, RAW, value), _shifted(table, winner, RANDOM, value)
    over_raw = table.over(SCRATCH, RAW)
    if raw.below and over_raw.high < 0:
        return make(
            "baseline_wins",
            "Use raw pixels with logistic regression",
            None,
            f"No encoder did better on {table.task.budget:,} labels: raw pixels read out "
            f"{shares(table.raw_level())}, "
            f"the best view {shares(level)}.",
            reason="With more labels or more images, run the study again.",
        )
    if over.below:
        return make(
            "do_not_pretrain",
            "Do not pretrain: train from scratch",
            None,
            f"The best of {len(table.views)} views reads out {shares(level)}, from scratch "
            f"{shares(table.level(SCRATCH))} on {on_labels}.",
            reason=(
                "The views do help: the best is "
                f"{points(random)} above random weights. The labels alone say more."
                if random.above
                else "Nor can the best view be told from random weights."
            ),
            open=_fewer_labels(table),
            command=again(command, "--per-class", 2, fresh=True),
        )
    if not over.above:
        return make(
            "undecided_seeds" if known and _seeds_rule(table, winner) else "undecided_gain",
            "Undecided",
            None,
            f"The best view reads out {shares(level)}, {points(over, signed=True)} against from "
            f"scratch on {on_labels}." + ("" if known else " One seed cannot tell: run three."),
            reason=f"Best so far is `{winner}`.",
            open=_what_would_tell(table, winner, SCRATCH) if known else "",
            command=again(command, "--seeds", seeds),
        )
    return _positive(table, reading, make, lead=f"It reads out {shares(level)}, {wins}.")


def _open(table: TaskTable, text: str, *, chosen: bool) -> str:
    """What is open, and whether the labels that chose were too few to choose."""
    few = few_to_choose(int(table.task.choose.sum()) or len(table.task.items)) if chosen else ""
    return f"{text.rstrip('.')}. {few}." if text and few else f"{few}." if few else text


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
            winner,
            lead,
            reason=f"Views are ranked by accuracy only: {sum(map(bool, ceiling))} of "
            f"{len(ceiling)} bounds are at their ceiling.",
            open=f"how much the views share; more than {top:,} candidates would lift the ceiling.",
        )
    if len(alike) + 1 >= _EQUAL_TO_BE:
        rows = table.records
        quick = min([winner, *alike], key=lambda view: sum(r.seconds or 0 for r in rows[view]))
        named = ", ".join(f"`{view}`" for view in [winner, *alike][:6])
        return make(
            "several_alike",
            "Pretrain with any of these, such as",
            winner,
            f"{lead} {len(alike) + 1} views cannot be told apart: {named}.",
            reason=f"`{quick}` is the quickest.",
            open=_what_would_tell(table, winner, alike[0]),
        )
    peak = reading.peak
    if peak is not None and peak.kind == "left" and _extreme(table, reading.winner) == "left":
        return make(
            "one_sided",
            "Try stronger views than",
            winner,
            lead,
            reason="The best view is the strongest one tried, so the peak may lie further left.",
            open="where accuracy starts to fall on the side of fewer nats.",
        )
    if peak is not None and peak.kind == "right" and _extreme(table, reading.winner) == "right":
        return make(
            "against_the_idea",
            "Pretrain with",
            winner,
            lead,
            reason="Sharing less did not help here: accuracy rises with shared nats to the end.",
            open="whether weaker views than those tried read out better still.",
        )
    reason = _reason(reading)
    if alike:
        still = f"whether `{alike[0]}` is as good. Take either; {_tell(table, winner, alike[0])}."
        return make("sweet_spot", "Pretrain with", winner, lead, reason=reason, open=still)
    return make("sweet_spot", "Pretrain with", winner, lead, reason=reason)


def _reason(reading: Reading) -> str:
    missing, excess = "missing" in reading.regimes, "excess" in reading.regimes
    left = "Views that share less lose what the task needs"
    right = "views that share more let the two agree on what it does not need"
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
        return "Yes, on these labels."
    return "No, not on these labels." if over.below else "It cannot be told from these runs."


def _shifted(table: TaskTable, view: str, other: str, value: float) -> Interval:
    """A difference, with the winner's own score taken from other labels than chose it."""
    found = table.over(view, other)
    return found.shifted(found.value + value - table.level(view).value)


def _seeds_rule(table: TaskTable, winner: str) -> bool:
    return table.layout.seed_share(table.row(winner), table.row(SCRATCH)) > 0.5


def _tell(table: TaskTable, first: str, second: str) -> str:
    a, b = table.row(first), table.row(second)
    if table.layout.seeds < 2:
        return "three seeds would say more"
    if table.layout.seed_share(a, b) > 0.5:
        return "more seeds would tell them apart, more labels would not"
    items = table.layout.items_VN[a] - table.layout.items_VN[b]
    words = more_labels(float(items.std(ddof=1)), float(items.mean()), len(items))
    return words or "treat them as equal"


def _what_would_tell(table: TaskTable, first: str, second: str) -> str:
    words = _tell(table, first, second)
    return f"whether the difference is real; {words}." if words else ""


def _fewer_labels(table: TaskTable) -> str:
    each = table.task.budget // max(len(table.task.classes), 1)
    if each <= 2:
        return ""
    return (
        f"what holds with fewer than {each} labels per class, where pretraining tends to pay more."
    )
