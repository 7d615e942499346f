"""What each arm scored, draw by draw, and the options that an arm may take chosen by others.

An arm with several options (how images are augmented, at what rate an encoder is trained) is given
the one that scored best in the other draws and on the other half of the reported images. Letters:
D draws, n tested images of a draw.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goodviews.jobs.study.comparison.choice import Choice
from goodviews.jobs.study.comparison.draws import Draw

Vectors = list[np.ndarray]
"""(D) of (n,), share of right answers of each tested image."""


@dataclass(frozen=True, eq=False)
class Scores:
    """All arms at one label count.

    Attributes:
        labels: Number of labels.
        draws: The draws.
        places: (D) place of the pretraining seed of each draw.
        arms: Scores by arm: ``scratch_light`` and ``scratch_view`` as they are, ``scratch`` the
            better of the two, ``probe``, ``knn``, ``tuned``.
        taken: Share of draws and halves in which the better one of ``scratch`` was the view.
    """

    labels: int
    draws: list[Draw]
    places: list[int]
    arms: dict[str, Vectors]
    taken: float


def merged(
    draws: Sequence[Draw],
    places: Sequence[int],
    choice: Choice,
    score: Callable[[Draw, str, np.ndarray], np.ndarray],
) -> Vectors:
    """Scores of an arm that depends on the view: each half is given those of its own view.

    Args:
        draws: (D).
        places: (D) place of the pretraining seed of each draw.
        choice: Views by seed and half.
        score: A draw, a view, and (n,) a selection of the tested images, to the scores of these.
    """
    found = []
    for draw, place in zip(draws, places, strict=True):
        own = choice.parts[draw.test]
        whole = np.full(len(draw.test), np.nan)
        for part in np.unique(own[own >= 0]):
            whole[own == part] = score(draw, choice.views[place, int(part)], own == part)
        found.append(whole)
    return found


def best_option(
    options: Mapping[str, Vectors], draws: Sequence[Draw], choice: Choice
) -> tuple[Vectors, dict[str, float]]:
    """An arm with the option that other draws and other images choose.

    Args:
        options: Scores by option.
        draws: (D).
        choice: Which half an image is in.

    Returns:
        Scores of the arm, and how often each option was chosen, as shares that add up to 1.
    """
    names, halves = list(options), [choice.parts[draw.test] for draw in draws]
    found, taken = [], dict.fromkeys(names, 0.0)
    for number in range(len(draws)):
        whole = np.full(len(draws[number].test), np.nan)
        parts = np.unique(halves[number][halves[number] >= 0])
        for part in parts:
            name = max(names, key=lambda one: _elsewhere(options[one], halves, number, part))
            own = halves[number] == part
            whole[own] = options[name][number][own]
            taken[name] += 1 / (len(draws) * len(parts))
        found.append(whole)
    return found, taken


def _elsewhere(scores: Vectors, halves: Vectors, number: int, part: int) -> float:
    """Mean score in other draws, on other images."""
    others = [
        float(np.mean(one[half != part]))
        for place, (one, half) in enumerate(zip(scores, halves, strict=True))
        if place != number and (half != part).any()
    ]
    if not others:  # images of one group: other draws only
        others = [float(one.mean()) for place, one in enumerate(scores) if place != number]
    return float(np.mean(others)) if others else 0.0
