"""Runs the search of a test: ``python searching.py FOLDER JOBS``."""

import sys
from pathlib import Path

import numpy as np

from goodviews.core.progress import as_report
from goodviews.data import load
from goodviews.jobs.study import make_plan
from goodviews.jobs.study.search import choosing_tasks, search_views
from goodviews.spec import read_space
from goodviews.training import Settings


def run(folder, jobs):
    rng, labels = np.random.default_rng(0), np.arange(200) % 2
    pixels = rng.random((200, 8, 8)) * 0.5 + labels[:, None, None] / 4
    images = load((pixels.astype(np.float32), labels))
    settings = Settings(encoder="convnet(width=4)", batch=32, device="cpu")
    plan = make_plan(images, images, views=("identity()",), seeds=(0,), settings=settings,
                     candidates=None, per_class=5, draws=5, chosen=True)  # fmt: skip
    space = read_space("noise(std={0.0: 0.4})|flip(p={0.0: 1.0})")
    return search_views(plan, choosing_tasks(plan), space, 10, shown=256, folder=folder, jobs=jobs,
                        progress=as_report(None))  # fmt: skip


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
