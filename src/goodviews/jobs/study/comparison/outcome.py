"""What a comparison found: accuracies, differences from scratch, and the decision."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from goodviews.core.interval import Interval
from goodviews.jobs.study.comparison.choice import Choice
from goodviews.jobs.study.comparison.gaps import Gap, gap
from goodviews.jobs.study.comparison.scores import Scores
from goodviews.jobs.study.plan import Task

Decision = Literal["worth", "not_worth", "open"]
USES = {"probe": "frozen", "tuned": "fine-tuned"}
"""Arms that decide, and what a user does with the encoder."""


@dataclass(frozen=True)
class Count:
    """All arms at one label count.

    Attributes:
        labels: Number of labels.
        each: Labels per class; ``None`` for all labels.
        levels: Accuracy by arm.
        gaps: Difference from training from scratch by arm that decides.
        draws: Number of draws.
        view_share: How often the view's augmentation was the better one from scratch.
        rows: Accuracy of every arm and draw, for ``comparison.csv``.
        given: Difference of given weights from training from scratch, by arm.
        least: Smallest value that a level can have.
    """

    labels: int
    each: int | None
    levels: dict[str, Interval]
    gaps: dict[str, Gap]
    draws: int
    view_share: float
    rows: tuple[dict[str, Any], ...] = ()
    given: dict[str, Interval] = field(default_factory=dict)
    least: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """The comparison of one task.

    Attributes:
        counts: Fewest labels first; none where it was left out.
        most: Labels of the largest count where not all of them were used; ``None`` for all.
        seconds: CPU seconds, as forecast.
        run_seconds: CPU seconds of one more run: pretraining with every view, and a draw.
        few: Whether fewer labels than all decide as well, as where nearly all images are
            labelled and the study asks what few labels would give.
        shares: Rates of the pretrained encoder that were tried.
        skipped: Why it was left out, a sentence; empty where it was not.
    """

    counts: tuple[Count, ...] = ()
    most: int | None = None
    seconds: float = 0.0
    run_seconds: float = 0.0
    few: bool = False
    shares: tuple[float, ...] = field(default=())
    skipped: str = ""

    @property
    def deciding(self) -> tuple[Count, ...]:
        """The label counts that decide: the full one, and the smallest where that is asked."""
        ends = self.counts[:1] + self.counts[-1:]
        return ends if self.few and len(self.counts) > 1 else self.counts[-1:]


def count_of(
    task: Task,
    each: int | None,
    found: Scores,
    choice: Choice,
    seeds: Sequence[int],
    *,
    tests: int = len(USES),
) -> Count:
    """Accuracies and differences at one label count.

    Args:
        task: The task.
        each: Labels per class; ``None`` for all labels.
        found: What each arm scored.
        choice: Views by seed and half.
        seeds: Pretraining seeds of the study.
        tests: Number of differences that decide, whose intervals hold together.
    """
    blank = [np.zeros(len(draw.test)) for draw in found.draws]
    given = [arm for arm in found.arms if " " in arm and not arm.startswith("knn")]

    def apart(first: str, second: str, tests: int = 1) -> Gap:
        return gap(
            found.arms[first],
            found.arms[second] if second else blank,
            found.draws,
            range(len(found.draws)) if first.startswith("scratch") else found.places,
            crossed=task.crossed,
            groups=task.groups,
            tests=tests,
        )

    return Count(
        labels=found.labels,
        each=each,
        levels={arm: apart(arm, "").interval for arm in found.arms},
        gaps={arm: apart(arm, "scratch", tests) for arm in USES},
        given={arm: apart(arm, "scratch", len(given)).interval for arm in given},
        draws=len(found.draws),
        view_share=found.taken,
        least=task.least,
        rows=tuple(
            {
                "task": task.name,
                "labels": len(draw.fit),
                "per_class": each,
                "draw": draw.number,
                "seed": seeds[place],
                "arm": arm,
                "views": " + ".join(choice.of_seed(place)),
                "accuracy": float(score.mean()),
                **({} if task.measure == "accuracy" else {"measure": task.measure}),
                "tested": len(draw.test),
            }
            for arm, scores in found.arms.items()
            for draw, place, score in zip(found.draws, found.places, scores, strict=True)
        ),
    )


def decide(outcome: Outcome) -> Decision:
    """Whether pretraining is worth it at the length that was trained.

    Worth it: frozen or fine-tuned, the encoder is better than training from scratch, by an
    interval that holds for both uses together; with all labels, or with the fewest where that is
    asked as well. Not worth it: with all labels both are worse, by an interval.

    Args:
        outcome: What was found.
    """
    asked = outcome.deciding
    if any(one.gaps[arm].interval.above for one in asked for arm in USES):
        return "worth"
    if asked and all(one.gaps[arm].interval.below for one in asked[-1:] for arm in USES):
        return "not_worth"
    return "open"
