"""How long the runs of a study may be in a number of minutes."""

from dataclasses import dataclass

import numpy as np

MINUTES = 10.0
"""Time of a study that chooses its views, on two processors, unless another is given."""
WORKING = 32
"""Smaller side, in pixels, at which a study finds views for larger images."""
OWN = 48
"""Smaller side up to which images keep their size."""
_SCREEN, _FINAL = (2_000, 10_000), (10_000, 80_000)
"""Fewest and most images shown in a run that screens, and in one of the study itself."""
_SCREENING, _FINALS = 0.25, 0.35
"""Shares of the time; the rest is for baselines and for what follows the study."""
RACE = 24
"""Lengths of one screening run that a race takes, by its views, rungs and continued runs."""
_READING = 1.5
"""Seconds of evaluation after a short run."""


@dataclass(frozen=True)
class Lengths:
    """How many images are shown.

    Attributes:
        screened: In each run that screens.
        shown: In each run of the study.
        seconds: Processor seconds that both stages are expected to take.
    """

    screened: int
    shown: int
    seconds: float

    def words(self, asked: float, workers: int, *, what: str = "The study") -> str:
        """What is going to happen, in one sentence.

        Args:
            asked: Processor seconds that the study may take.
            workers: Number of runs at the same time.
            what: What takes the time.
        """
        minutes = max(round(self.seconds / 60 / workers), 1)
        told = (
            f"{what} is expected to take about {minutes} minutes with {workers} "
            f"run{'s' * (workers > 1)} at a time: {self.screened:,} images in each short run, "
            f"{self.shown:,} in each long one"
        )
        if self.seconds > 1.2 * asked:
            return f"{told}; a smaller --size is faster."
        return f"{told}; --minutes changes that."


def lengths(
    each: float, *, seconds: float, runs: int = 32, finals: int = 15, race: int = RACE
) -> Lengths:
    """Lengths that fit a number of processor seconds, within a range.

    Args:
        each: Seconds per image, with the slowest view.
        seconds: What the study may take, on all processors together.
        runs: Number of runs of the screening.
        finals: Number of runs of the study.
        race: What follows the screening, in lengths of one of its runs.

    Example:
        >>> lengths(0.0004, seconds=1200, runs=32, finals=15).shown
        70000
    """
    screened = (_SCREENING * seconds - _READING * (runs + race)) / each / (runs + race)
    shown = _FINALS * seconds / each / finals
    short = int(np.clip(screened, *_SCREEN))
    long = int(np.clip(shown, *_FINAL))
    took = each * (short * (runs + race) + long * finals) + _READING * (runs + race)
    return Lengths(short, long, took / (_SCREENING + _FINALS))
