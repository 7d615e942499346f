"""How long a piece of work still takes, learned from its parts as they finish."""

import heapq
import time
from collections.abc import Callable, Mapping, Sequence

Kind = tuple[str, str]
"""What a part does and with what, such as ``("epoch", "flip(p=0.5)")``."""


class Forecast:
    """The seconds left of pieces of work that are done side by side.

    A piece is a number of parts of several kinds, done one after another. A kind costs what its
    finished parts took, without the slowest of them, which warmed up. A kind that no part of has
    finished yet costs its expected share of what kinds of the same name took, or else of what all
    others took.

    Args:
        pieces: For each piece, in the order in which they are begun, how many parts of which kind
            it has; kinds in the order in which they are done.
        costs: Expected cost of one part of each kind, in any one unit.
        workers: How many pieces are done at the same time.
        clock: Returns the time in seconds.

    Example:
        >>> step = ("step", "")
        >>> forecast = Forecast([{step: 2}, {step: 2}], {step: 1.0}, clock=lambda: 0.0)
        >>> forecast.finished(0, "step", 3.0)
        >>> forecast.left(), forecast.share()
        (9.0, 0.25)
    """

    def __init__(
        self,
        pieces: Sequence[Mapping[Kind, int]],
        costs: Mapping[Kind, float],
        *,
        workers: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._all = [dict(piece) for piece in pieces]
        self._rest = [dict(piece) for piece in pieces]
        self._costs, self._workers, self._clock = dict(costs), max(workers, 1), clock
        self._begun: dict[int, float] = {}
        self._took: dict[Kind, list[float]] = {}
        self._earlier: dict[str, list[float]] = {}
        self._share = 0.0

    def finished(self, piece: int, name: str, seconds: float) -> None:
        """Count a part that just finished; one that was not expected counts for nothing.

        Args:
            piece: Which piece it is a part of.
            name: The name of its kind; a piece has one kind of a name.
            seconds: What it took.
        """
        self._begun[piece] = self._clock()
        kind = next((k for k, count in self._rest[piece].items() if k[0] == name and count), None)
        if kind is None:
            return
        self._rest[piece][kind] -= 1
        number, total, largest = self._took.get(kind, (0, 0.0, 0.0))
        self._took[kind] = [number + 1, total + seconds, max(largest, seconds)]

    def closed(self, piece: int, seconds: float | None = None) -> None:
        """Count the rest of a piece as done.

        Args:
            piece: Which.
            seconds: What the whole piece took, where it was done before its parts were timed.
        """
        if seconds is not None:
            expected = sum(count * self._costs[kind] for kind, count in self._all[piece].items())
            for kind, count in self._all[piece].items():
                known = self._earlier.setdefault(kind[0], [0.0, 0.0])
                cost = count * self._costs[kind]
                known[0] += cost
                known[1] += cost / max(expected, 1e-12) * seconds
        self._rest[piece] = {}

    def left(self) -> float | None:
        """Seconds until the last piece is done; None while nothing is known."""
        if not self._took and not self._earlier:
            return None
        each = self._seconds()
        now, running, waiting = self._clock(), [], []
        for piece, rest in enumerate(self._rest):
            kinds = [kind for kind, count in rest.items() if count]
            total = sum(rest[kind] * each[kind] for kind in kinds)
            if piece in self._begun and kinds:
                running.append(total - min(now - self._begun[piece], each[kinds[0]]))
            elif kinds:
                waiting.append(total)
        ends = running + [0.0] * (self._workers - len(running))
        heapq.heapify(ends)
        for total in waiting:
            heapq.heapreplace(ends, ends[0] + total)
        return max(ends)

    def share(self) -> float:
        """How much of the work is done, between 0 and 1; it never decreases."""
        each = self._seconds()
        total, rest = (
            sum(count * each[kind] for piece in pieces for kind, count in piece.items())
            for pieces in (self._all, self._rest)
        )
        self._share = max(self._share, 1 - rest / total if total else 1.0)
        return self._share

    def _seconds(self) -> dict[Kind, float]:
        """What one part of each kind is expected to take."""
        mean = {kind: _typical(*took) for kind, took in self._took.items()}
        by_name: dict[str, list[float]] = {}
        for kind, seconds in mean.items():
            sums = by_name.setdefault(kind[0], [0.0, 0.0])
            sums[0] += self._took[kind][0] * self._costs[kind]
            sums[1] += self._took[kind][0] * seconds
        by_name = {**self._earlier, **by_name}
        cost, seconds = (sum(sums[at] for sums in by_name.values()) for at in (0, 1))
        scale = seconds / cost if cost else 1.0

        def expected(kind: Kind) -> float:
            known = by_name.get(kind[0])
            return self._costs[kind] * (known[1] / known[0] if known and known[0] else scale)

        return {kind: mean[kind] if kind in mean else expected(kind) for kind in self._costs}


def _typical(number: float, total: float, largest: float) -> float:
    return (total - largest) / (number - 1) if number > 2 else total / number
