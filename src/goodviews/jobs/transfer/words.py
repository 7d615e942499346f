"""What a transfer found, in sentences and a small table."""

from collections.abc import Sequence

from goodviews.core.text import counted, number
from goodviews.jobs.transfer.statistics import Difference

SHOWN = {"miou": "mIoU", "abs_rel": "absolute relative error", "ap": "AP"}
"""Scores as they are written; the first and the last in points of 100."""

FROZEN = {"all": "frozen", "stem": "fine-tuned but for its stem", "none": "fine-tuned"}


def other_name(name: str, freeze: str) -> str:
    """What the other arm is called: trained random weights are training from scratch.

    Example:
        >>> other_name("random weights", "none")
        'training from scratch'
    """
    scratch = name == "random weights" and freeze == "none"
    return "training from scratch" if scratch else name


def sentence(found: Difference) -> str:
    """One difference as a sentence."""
    less = found.metric == "abs_rel"
    scale = 1 if less else 100
    gap = found.gap.times(scale)
    better = (gap.value < 0) if less else (gap.value > 0)
    unit = SHOWN[found.metric] if less else f"points of {SHOWN[found.metric]}"
    head = f"With {found.labelled:,} labelled {'image' if found.labelled == 1 else 'images'}, "
    head += f"{FROZEN[found.freeze]}, {found.encoder} is "
    against = other_name(found.against, found.freeze)
    size = number(abs(gap.value), 3 if less else 1)
    if not gap.known and gap.value == 0:
        return f"{head}as good as {against}, on one seed, which gives no interval: use --seeds 3."
    if not gap.known:
        return (
            f"{head}{size} {unit} {'better' if better else 'worse'} than {against}, on one seed, "
            f"which gives no interval: use --seeds 3."
        )
    ends = f"95 % interval {number(gap.low, 3 if less else 1, signed=True)} to "
    ends += number(gap.high, 3 if less else 1, signed=True)
    if not (gap.above or gap.below):
        return f"{head}not measurably different from {against} ({ends} {unit})."
    word = "better" if better else "worse"
    return f"{head}{size} {unit} {word} than {against} ({ends})."


def headline(found: Sequence[Difference]) -> str:
    """The finding: the difference with the most labels to the first other encoder."""
    if not found:
        return "Nothing was compared: name other encoders with --against random."
    return sentence(max(found, key=lambda one: (one.against == found[0].against, one.labelled)))


def summary(
    found: Sequence[Difference], rows: Sequence[dict[str, object]], notes: Sequence[str]
) -> list[str]:
    """Lines to print: the sentences, the mean score of each arm, and the notes."""
    lines = [sentence(one) for one in found] or [headline(found)]
    groups: dict[tuple[object, ...], dict[object, float]] = {}
    for row in rows:
        metric = next(name for name in SHOWN if name in row)
        key = (row["encoder"], row.get("frozen", row["freeze"]), row["labelled"], metric)
        groups.setdefault(key, {})[row["seed"]] = float(row[metric])  # type: ignore[arg-type]
    lines.append("")
    for (name, mode, count, score), scores in groups.items():
        mean = sum(scores.values()) / len(scores)
        shown = number(mean, 3) if score == "abs_rel" else number(100 * mean, 1)
        named = other_name(str(name), str(mode))
        lines.append(
            f"  {named:<28} {FROZEN[str(mode)]:<10} {count:>6} labelled   "
            f"{SHOWN[str(score)]} {shown} ({counted(len(scores), 'seed')})"
        )
    return [*lines, *notes]
