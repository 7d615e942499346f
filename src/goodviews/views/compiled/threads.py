"""Threads that share the work on a batch; each process, also a forked one, has its own."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import torch

_WORTH = 60_000
"""Minimum number of values per thread, so that the overhead is small."""

_POOLS: dict[int, tuple[int, ThreadPoolExecutor]] = {}


def shared_out(work: Callable[[int, int], None], count: int, values: int) -> None:
    """Call ``work(first, last)`` for parts of a batch, on as many threads as torch uses.

    Args:
        work: Function of the first and last index that releases the interpreter lock.
        count: Number of examples B.
        values: Number of values per example.
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
    """Thread pool of this process: a forked child does not inherit the threads of its parent."""
    size, pool = _POOLS.get(os.getpid(), (0, None))
    if pool is None or size < threads:
        pool = ThreadPoolExecutor(threads, thread_name_prefix="views")
        _POOLS[os.getpid()] = (threads, pool)
    return pool
