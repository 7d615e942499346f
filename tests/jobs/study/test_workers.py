"""Workers share their imports: what each one takes for itself is small."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor

import pytest

from goodviews.jobs.study.processes import process_context, single_threaded_workers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")


def own_megabytes(train):
    """Memory of this process that no other one shares, after what each cell imports."""
    import numpy as np

    from goodviews.data import load
    from goodviews.training import Settings
    from goodviews.training import train as trained
    from goodviews.views import parse_view

    if train:
        settings = Settings(encoder="convnet(width=2)", head="linear(dim=2)", batch=8, epochs=1)
        images, pair = load(np.zeros((8, 8, 8), np.uint8)), parse_view("noise(std=0.1)")
        trained(images, np.arange(8), pair, settings=settings, seed=0)
    with open("/proc/self/smaps_rollup") as file:
        lines = [line.split() for line in file]
    sizes = [int(words[1]) for words in lines if words[0].startswith("Private_")]
    return sum(sizes) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="needs /proc")
def test_a_worker_takes_less_than_150_megabytes_for_itself():
    with single_threaded_workers(), ProcessPoolExecutor(2, mp_context=process_context()) as pool:
        assert max(pool.map(own_megabytes, (True, True))) < 150
