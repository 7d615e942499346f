"""The comparison in words: whether pretraining is worth it, and what would settle it.

The intervals hold for the largest of all differences that decide.
"""

from dataclasses import dataclass

from goodviews.core.command import changed_command
from goodviews.core.interval import Interval
from goodviews.core.records.comparison import Arm, Comparison, LabelCount
from goodviews.core.records.verdict import Level
from goodviews.core.text import counted, duration, percent, points, two_digits
from goodviews.jobs.study.comparison.gaps import needed
from goodviews.jobs.study.comparison.given import START
from goodviews.jobs.study.comparison.outcome import USES, Count, Decision, Outcome, decide
from goodviews.jobs.study.verdict.entries import gap

_NAMES = {
    "scratch_light": "from scratch, light augmentation",
    "scratch_view": "from scratch, the view's augmentation",
    "probe": "best view, frozen: linear probe",
    "knn": "best view, frozen: nearest neighbours",
    "tuned": "best view, fine-tuned",
}
_USED = {"probe": "frozen: linear probe", "tuned": "fine-tuned"}
_SEEDS = 3


@dataclass(frozen=True)
class Compared:
    """What the advice takes from a comparison.

    Attributes:
        decision: Whether to pretrain, at the length that was trained.
        few_only: Whether it is worth it with fewer labels than all only.
        lead: The effect with its intervals.
        answer: "Is it worth it?", for both uses.
        open: What would settle what is open; may be empty.
        command: What to type for that; may be empty.
        count: The label count that the answer is about.
    """

    decision: Decision
    few_only: bool
    lead: str
    answer: str
    open: str
    command: str
    count: Count


def compared(outcome: Outcome | None, command: str) -> Compared | None:
    """Put a comparison into words; nothing where there is none.

    Args:
        outcome: What it found.
        command: Command of the study.
    """
    if outcome is None or not outcome.counts:
        return None
    decision, full = decide(outcome), outcome.counts[-1]
    at = full
    if decision == "worth":
        good = [
            one
            for one in outcome.deciding
            if any(each.interval.above for each in one.gaps.values())
        ]
        at = full if full in good else good[-1]
    words, steps = _settle(outcome, command) if decision == "open" else ("", "")
    return Compared(
        decision=decision,
        few_only=at is not full,
        lead=_lead(outcome, at),
        answer=" ".join(
            f"{name.capitalize()}: {_verdict(at.gaps[arm].interval)}."
            for arm, name in USES.items()
        ),
        open=words,
        command=steps,
        count=at,
    )


def comparison_record(outcome: Outcome | None, command: str) -> Comparison | None:
    """The comparison as the page shows it."""
    if outcome is None:
        return None
    if not outcome.counts:
        return Comparison(
            decision="none", frozen="", tuned="", open="", note=outcome.skipped, counts=()
        )
    found = compared(outcome, command)
    assert found is not None
    return Comparison(
        decision=found.decision,
        frozen=_use(outcome, "probe"),
        tuned=_use(outcome, "tuned"),
        open=found.open,
        note=_note(outcome),
        given=_given(outcome),
        counts=tuple(
            LabelCount(
                labels=one.labels,
                text=_labels(outcome, one),
                draws=one.draws,
                arms=tuple(
                    Arm(
                        name=name,
                        accuracy=one.levels[arm].within(one.least, 1),
                        over_scratch=gap(one.gaps[arm].interval) if arm in one.gaps else None,
                    )
                    for arm, name in _NAMES.items()
                )
                + tuple(
                    Arm(
                        name=_given_name(arm),
                        accuracy=one.levels[arm].within(one.least, 1),
                        over_scratch=gap(one.given[arm]),
                    )
                    for arm in one.given
                ),
            )
            for one in outcome.counts
        ),
    )


def _given_name(arm: str) -> str:
    """Given weights and what was done with them."""
    use, _, source = arm.partition(" ")
    further = ", pretrained further" if source.startswith(START) else ""
    return f"{source.removeprefix(START)}{further}, {_USED[use]}"


def levels(found: Compared) -> tuple[Level, ...]:
    """The rows of "Is pretraining worth it?": from scratch, frozen, fine-tuned."""
    at = found.count
    best = max(USES, key=lambda arm: at.levels[arm].value)
    rows = {"scratch": "from scratch, the better"} | {arm: _NAMES[arm] for arm in USES}
    return tuple(
        Level(name=name, accuracy=at.levels[arm].within(at.least, 1), best=arm == best)
        for arm, name in rows.items()
    )


def _lead(outcome: Outcome, at: Count) -> str:
    apart = [f"{points(one.interval, signed=True)} {USES[arm]}" for arm, one in at.gaps.items()]
    text = (
        f"With {_labels(outcome, at)}, training from scratch reaches "
        f"{percent(at.levels['scratch'], at.least)} accuracy; the best view's encoder differs "
        f"from that by {' and '.join(apart)}."
    )
    full = outcome.counts[-1]
    if at is not full:
        said = [f"{_verdict(one.interval)} {USES[arm]}" for arm, one in full.gaps.items()]
        text += f" With {_labels(outcome, full)}: {', '.join(said)}."
    return text


def _verdict(found: Interval) -> str:
    return "yes" if found.above else "no" if found.below else "undecided"


def _use(outcome: Outcome, arm: str) -> str:
    """The answer for one use at every label count, most labels first."""
    said = [
        f"{_verdict(one.gaps[arm].interval)} with {_labels(outcome, one)}, "
        f"{points(one.gaps[arm].interval, signed=True)}"
        for one in reversed(outcome.counts)
    ]
    return f"{USES[arm].capitalize()}: {'; '.join(said)}."


def _labels(outcome: Outcome, one: Count) -> str:
    if one.each is not None:
        return f"{counted(one.labels, 'label')} ({one.each} per class)"
    known = "" if outcome.most is not None else "all "
    return f"{known}{counted(one.labels, 'label')}"


def _settle(outcome: Outcome, command: str) -> tuple[str, str]:
    """What would settle the open answer that is nearest to one, and what to type."""
    full = outcome.counts[-1]
    arms = [
        arm for arm, one in full.gaps.items() if not (one.interval.above or one.interval.below)
    ]
    if not all(full.gaps[arm].interval.known for arm in arms):
        return "", changed_command(command, "--seeds", _SEEDS)
    wanted = {arm: needed(full.gaps[arm]) for arm in arms}
    many = {arm: one.runs for arm, one in wanted.items() if one.runs}
    more = {arm: one.tested for arm, one in wanted.items() if one.tested}
    if not many and not more:
        largest = max(
            (abs(end) for arm in arms for end in _ends(full.gaps[arm].interval)), default=0
        )
        return (
            f"nothing that more runs or labels would settle: with {_labels(outcome, full)} the "
            f"difference is at most {100 * largest:.1f} points either way.",
            "",
        )
    ways: list[str] = []
    steps = ""
    arm = min(many, key=lambda one: many[one]) if many else min(more, key=lambda one: more[one])
    have = full.gaps[arm]
    if arm in many:
        runs = max(many[arm], have.seeds + 1)
        took = duration(max(60.0, (runs - have.seeds) * outcome.run_seconds))
        ways.append(f"{runs} seeds (about {took} more of processor time)")
        steps = changed_command(command, "--seeds", runs)
    if arm in more and more[arm] > have.tested:
        ways.append(f"about {two_digits(more[arm] - have.tested)} more labels to test with")
    text = (
        f"whether pretraining is worth it {USES[arm]}; {' or '.join(ways)} would settle it, if "
        f"the difference is as large as it looks."
    )
    return text, steps


def _ends(found: Interval) -> tuple[float, float]:
    return found.low, found.high


def _note(outcome: Outcome) -> str:
    full = outcome.counts[-1]
    rates = " or ".join(f"{one:g}" for one in outcome.shares)
    text = (
        f"The same {full.draws} label draws, seeds and tested images for all; the view was chosen "
        f"by other runs and images. From scratch and fine-tuned have one recipe; the better "
        f"augmentation, and the encoder's rate ({rates} of that from scratch), were chosen on "
        f"other draws and images."
    )
    if outcome.most is not None:
        text += f" {outcome.most:,} labels at most, for the time; --minutes compares more."
    return text


def _given(outcome: Outcome) -> str:
    """What the best of the given weights does with all labels."""
    full = outcome.counts[-1]
    best = max(full.given, key=lambda arm: full.given[arm].value, default="")
    if not best:
        return ""
    over = points(full.given[best], signed=True)
    return (
        f"Of the given weights, {_given_name(best)} does best: {over} compared with "
        f"training from scratch, with {_labels(outcome, full)}."
    )
