"""A few threads that share a batch; each process has its own, whatever it was forked from."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import torch

_WORTH = 60_000
"""Values that a thread must get, so that handing them over costs little."""

_POOLS: dict[int, tuple[int, ThreadPoolExecutor]] = {}


def shared_out(work: Callable[[int, int], None], count: int, values: int) -> None:
    """Call ``work(first, last)`` for parts of a batch, on as many threads as torch uses.

    Args:
        work: Must let go of the interpreter's lock.
        count: B.
        values: Values made per example.
    """
    threads = min(torch.get_num_threads(), count, max(count * values // _WORTH, 1))
    if threads <= 1:
        work(0, count)
        return
    edges = [count * part // threads for part in range(threads + 1)]
    waiting = [_pool(threads - 1).submit(work, first, last) for first, last in pairwise(edges[1:])]
    work(edges[0], edges[1])
    for one in waiting:
        one.result()


def _pool(threads: int) -> ThreadPoolExecutor:
    """This process's pool: a forked child has its parent's memory but none of its threads."""
    size, pool = _POOLS.get(os.getpid(), (0, None))
    if pool is None or size < threads:
        pool = ThreadPoolExecutor(threads, thread_name_prefix="views")
        _POOLS[os.getpid()] = (threads, pool)
    return pool
