"""What a screening found, as the records that the page reads."""

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.records import screening as records
from goodviews.core.text import points
from goodviews.jobs.study.screening.design import effects
from goodviews.jobs.study.screening.kinds import Kind
from goodviews.jobs.study.screening.race import Raced
from goodviews.jobs.study.screening.stage import Screened

COLOUR = ("hue and saturation", "grey")
"""Operations that hide colour."""


def describe(screened: Screened, kind: Kind, raced: Raced) -> list[records.Screening]:
    """What was found, one record per task.

    Args:
        screened: The screening.
        kind: Kind of the images.
        raced: The race after it.
    """
    found = []
    shared = effects(screened.design, screened.shared)
    for number, task in enumerate(screened.tasks):
        right = effects(screened.design, screened.right[number])
        order = np.argsort([-one.value for one in right.alone], kind="stable")
        made = tuple(
            records.Operation(
                name=screened.found[place].name,
                spec=screened.found[place].spec,
                points=right.alone[place].times(100),
                nats=shared.alone[place],
                text=effect_words(
                    screened.found[place].name, right.alone[place], shared.alone[place]
                ),
            )
            for place in order
        )
        found.append(
            records.Screening(
                task=task,
                kind=kind.name,
                why=kind.why,
                runs=len(screened.views),
                shown=screened.shown,
                operations=made,
                together=pair_words(screened.found[0].name, screened.found[1].name, right.pair),
                entries=raced.records(number),
            )
        )
    return found


def effect_words(name: str, right: Interval, shared: Interval) -> str:
    """The effect of an operation in one sentence.

    Args:
        name: What it is called.
        right: Effect on accuracy.
        shared: Effect on the shared information, nats.

    Example:
        >>> effect_words("rotation", Interval(0.031, 0.012, 0.05), Interval(-0.4, -0.5, -0.3))
        'Rotation: +3.1 points [+1.2, +5.0], and the views share 0.4 nats less.'
    """
    less = ""
    if shared.below or shared.above:
        way = "less" if shared.below else "more"
        less = f", and the views share {abs(shared.value):.1f} nats {way}"
    doubt = "" if right.below or right.above else ", not significantly different from none"
    head = f"{name[0].upper()}{name[1:]}: {points(right, signed=True)}{doubt}{less}"
    if name in COLOUR and right.below:
        return f"{head}; these classes differ by colour."
    return f"{head}."


def pair_words(first: str, second: str, pair: Interval) -> str:
    """Whether two operations are worth more together, in one sentence.

    Example:
        >>> pair_words("stronger crops", "grey", Interval(0.01, -0.02, 0.04))
        'Whether stronger crops are worth more with grey is open: +1.0 points [−2.0, +4.0].'
    """
    said = points(pair, signed=True)
    if pair.above:
        return f"{first[0].upper()}{first[1:]} are worth more with {second}: {said}."
    if pair.below:
        return f"{first[0].upper()}{first[1:]} are worth less with {second}: {said}."
    return f"Whether {first} are worth more with {second} is open: {said}."
