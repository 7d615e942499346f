"""The loop over neighbours that sampling compiles.

Letters: N nodes, n receivers, E' messages, m chosen ones.
"""

from typing import Any

import numpy as np
from numba import njit

_DRAW = 5
"""Number of the draw among those of a seed and an epoch, whose views have 0 to 3."""
_GOLDEN, _FIRST, _SECOND = (
    np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB),
)  # fmt: skip


@njit(nogil=True, cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _mix(word: Any) -> Any:
    word = (word ^ (word >> np.uint64(30))) * _FIRST
    word = (word ^ (word >> np.uint64(27))) * _SECOND
    return word ^ (word >> np.uint64(31))


@njit(nogil=True, cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _number(sender: Any, receiver: Any, seed: Any, epoch: Any) -> Any:
    """64 random bits of a message: those of :class:`goodviews.core.rng.Key` for this arrow."""
    code = receiver * receiver + sender
    if sender >= receiver:
        code = sender * sender + sender + receiver
    word = _mix(np.uint64(code) * _GOLDEN + _GOLDEN)
    word = _mix(word + np.uint64(seed + 1) * _GOLDEN)
    word = _mix(word + np.uint64(epoch + 1) * _GOLDEN)
    word = _mix(word + np.uint64(_DRAW + 1) * _GOLDEN)
    return _mix(word + _GOLDEN)


@njit(nogil=True, cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def lowest_numbers(
    starts: Any, sources: Any, names: Any, front: Any, count: int, seed: int, epoch: int
) -> Any:
    """Places of the messages with the lowest numbers, at most ``count`` for each receiver.

    Args:
        starts: (N + 1,) where the messages to each node begin, int64.
        sources: (E',) positions of the senders, by receiver, int64.
        names: (N,) numbers of the nodes in the dataset, int64.
        front: (n,) positions of the receivers, int64.
        count: Most messages of a receiver.
        seed: Random seed of the run.
        epoch: Number of the pass.

    Returns:
        (m,) places in ``sources``.
    """
    most = 0
    for node in front:
        most += min(count, starts[node + 1] - starts[node])
    chosen = np.empty(most, np.int64)
    lowest = np.empty(count, np.uint64)
    where = np.empty(count, np.int64)
    done = 0
    for node in front:
        held = 0
        for place in range(starts[node], starts[node + 1]):
            number = _number(names[sources[place]], names[node], seed, epoch)
            if held == count and number >= lowest[count - 1]:
                continue
            at = held if held < count else count - 1
            while at > 0 and lowest[at - 1] > number:
                lowest[at], where[at] = lowest[at - 1], where[at - 1]
                at -= 1
            lowest[at], where[at] = number, place
            held = min(held + 1, count)
        chosen[done : done + held] = where[:held]
        done += held
    return chosen[:done]
