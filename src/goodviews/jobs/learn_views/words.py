"""The result of learned views in words: a headline, its reason and what to type next."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goodviews.core.command import command_line, label_options
from goodviews.core.text import ends, number, share
from goodviews.data.size import SizeLike
from goodviews.jobs.learn_views.compare import LEARNED, RAW
from goodviews.training.view_learning import GAME_VERDICTS

KEEPS_POINTS = 3.0
"""Points of accuracy below zero that the interval may reach when a task is called kept."""


def findings(
    rows: Sequence[dict[str, Any]], *, task: str, verdict: str, nats: float
) -> dict[str, str]:
    """Headline, reason and colour of the answer.

    Args:
        rows: Rows of the comparison; none without one.
        task: Name of the label; empty without labels.
        verdict: Verdict of the game.
        nats: Bound of new encoders for the selected generator.

    Returns:
        ``headline``, ``lead``, ``edge`` (``sweet``, ``missing``, ``excess``, ``undecided``),
        ``compare`` (the comparison in one line), ``take`` (the name of the view to use) and
        ``verdict_said`` (what the game's verdict means).
    """
    return {"take": LEARNED, **_answer(rows, task, verdict, nats), "compare": _ranks(rows)}


def _answer(
    rows: Sequence[dict[str, Any]], task: str, verdict: str, nats: float
) -> dict[str, str]:
    game = (
        "" if verdict == "fine" else f"The game ended with {verdict!r}: {GAME_VERDICTS[verdict]}"
    )
    if not rows:
        return {
            "headline": f"New encoders find {nats:.1f} nats between the learned views",
            "lead": "Nothing was compared, so it is not known whether this is little: run the "
            "same command without `--no-compare`.",
            "edge": "undecided",
            "verdict_said": game,
        }
    task = f"the {task}" if task in ("label", "class", "target") else task
    ours = next(row for row in rows if row["name"] == LEARNED)
    raw = next(row for row in rows if row["name"] == RAW)
    less, low, high = raw["less_nats"]
    if ours["at_ceiling"] and raw["at_ceiling"]:
        low = min(low, 0.0)
        moved = "shares as much as can be measured, as the raw channels do"
    elif low > 0:
        moved = f"shares {less:.1f} nats less than the raw channels"
    elif high < 0:
        moved = f"shares {-less:.1f} nats more than the raw channels"
    else:
        moved = "shares as much as the raw channels, within the error bars"
    if "more_points" not in raw:
        what = "no labels were given" if not task else f"{task} has too few labels"
        return {
            "headline": f"The learned view {moved}",
            "lead": f"Whether it keeps a task is not known: {what}. With some, type "
            "`--labels labels.csv --mode semi`; sharing less is good only while the task stays.",
            "edge": "undecided",
            "verdict_said": game,
        }
    points, worst, _ = raw["more_points"]
    ahead = [row for row in rows if "more_points" in row and row["more_points"][2] < 0]
    if ahead:
        first = max(ahead, key=lambda row: float(row["accuracy"]))
        return {
            "headline": f"Use {first['name']} instead: its readout of {task} is "
            f"{-first['more_points'][0]:.1f} points better than the learned view",
            "lead": f"{_readout(ours, first)} The learned view {moved}.",
            "edge": "excess" if first is not raw else "missing",
            "take": str(first["name"]),
            "verdict_said": game,
        }
    if worst > 0:
        end, edge = f"and its readout of {task} is {points:.1f} points better", "sweet"
    elif worst > -KEEPS_POINTS:
        end, edge = f"and keeps {task}", "sweet"
    else:
        end, edge = f"but it is not known whether it keeps {task}", "undecided"
    if low <= 0 and edge == "sweet" and worst <= 0:
        edge = "undecided"
    joined = f"{moved}, {end}" if low <= 0 else f"{moved} {end}"
    return {
        "headline": f"The learned view {joined}",
        "lead": f"{_readout(ours, raw)} {_best(rows)}",
        "edge": edge,
        "verdict_said": game,
    }


def next_command(
    data: str | None,
    spec: Path,
    fixed: Sequence[str],
    *,
    labels: str | Path | None,
    size: SizeLike = None,
    channels: str | int | None = None,
    value_range: tuple[float, float] | None = None,
) -> str:
    """The study that compares the learned views with fixed ones over several seeds.

    Args:
        data: The argument for the data, where it is one of the command line.
        spec: The file of the learned views.
        fixed: Specs of the fixed ones.
        labels: The CSV of labels.
        size: Height and width in pixels, where they were given.
        channels: Axis and number of channels, where they were given.
        value_range: Values of black and white, where they were given.

    Example:
        >>> next_command("photos", Path("run/views.txt"), [], labels=None)
        'goodviews study photos --views @run/views.txt --seeds 5'
    """
    views = [f"@{spec}", *fixed]
    given: dict[str, object] = {
        "data": data,
        "views": views,
        **label_options(labels),
        "size": size,
    }
    given |= {"channels": channels, "range": value_range, "seeds": 5}
    return command_line("study", given)


def _ranks(rows: Sequence[dict[str, Any]]) -> str:
    """Which fixed views share less, and which are more accurate, where one run is enough."""
    less = [row["name"] for row in rows if "less_nats" in row and row["less_nats"][2] < 0]
    better = [row["name"] for row in rows if "more_points" in row and row["more_points"][2] < 0]
    readable = any("more_points" in row for row in rows)
    shares = f"{' and '.join(less)} share{'s' if len(less) == 1 else ''} less" if less else ""
    if not readable:
        return (
            shares[:1].upper() + shares[1:]
        ) or "No fixed view shares less than the learned one"
    reads = f"{' and '.join(better)} {'is' if len(better) == 1 else 'are'} more accurate"
    if not less:
        return (
            f"No fixed view shares less, {reads}"
            if better
            else ("No fixed view shares less or is more accurate than the learned one")
        )
    end = reads if better else "none is more accurate than the learned one"
    return f"{shares[0].upper()}{shares[1:]}, {end}"


def _readout(ours: dict[str, Any], other: dict[str, Any]) -> str:
    points, low, high = other["more_points"]
    gap = f"{number(points, 1, signed=True)} points {ends(low, high, 1, signed=True)}"
    return (
        f"A linear readout of new encoders is right on {share(ours['accuracy'])} of the tested "
        f"images; on {other['name']} it is right on {share(other['accuracy'])}: {gap} for the "
        f"learned view, on the same images. One run each: the intervals include the "
        f"sampling of test images, not the spread over runs."
    )


def _best(rows: Sequence[dict[str, Any]]) -> str:
    fixed = [row for row in rows if row["name"] not in (LEARNED, RAW)]
    if not fixed:
        return ""
    best = max(fixed, key=lambda row: float(row["accuracy"]))
    surely = best["more_points"][1] > 0
    end = "the learned view is better" if surely else "the two do not differ significantly"
    return (
        f"Of the fixed spaces {best['name']} is the most accurate, {share(best['accuracy'])} at "
        f"{best['nats']:.1f} nats; {end}."
    )
