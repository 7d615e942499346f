"""Pretrain over two processes, and write down what came out.

Called as ``process_worker.py FOLDER PORT``: one start of Python, then one fork per rank, each
with the environment that torchrun gives.
"""

import multiprocessing
import os
import runpy
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from goodviews.data import Images
from goodviews.training import Interrupted, Settings, change, launch, load_state, train
from goodviews.training.sources import ImageSource
from goodviews.views import parse_view

BASE = Settings(
    encoder="convnet(width=4)",
    head="projector(dim=8)",
    objective="infonce(temperature=0.5)",
    optimiser="sgd(lr=0.1, momentum=0.9, weight_decay=0.0001)",
    epochs=2,
    batch=16,
    device="cpu",
    precision="64-true",
    sync_batchnorm=True,
)
"""Ten calm steps in double precision. In single precision processors round one sum differently,
and a pixel within that of the kink of a rectifier then gets another gradient. SGD, for Adam
divides rounding by rounding where a gradient is nearly nothing."""
QUEUE = ["memory=queue(size=40)", "momentum=0.9"]
CASES = {
    "pairs": [],
    "jigsaw": [*QUEUE, "jigsaw=jigsaw(grid=3, crop=4)", "head=linear(dim=8)"],
    "bank": ["memory=bank(negatives=20)"],
}
STOP = 3
FABRIC = Path(__file__).parents[2] / "docs" / "howto" / "many_processes" / "fabric_pretrain.py"
RECIPE = ["encoder=convnet(width=4)", "epochs=1", "batch=20", "device=cpu", "views=crop()"]


def images():
    """Noise: flat pictures have ties, and which of two equal pixels a max-pool takes is chance."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (80, 1, 16, 16), dtype=np.uint8)
    return Images(
        name="noise", pixels=pixels, scale=(0.0, 255.0), labels={}, classes={}, skipped=(),
        source="", range_note="", hash="0" * 16,
    )  # fmt: skip


def train_case(name, *, folder=None, stop=None, fabric=None):
    """The run of a case; ``stop`` asks this process alone to end after that step."""

    def watch(_, history):
        if history.steps == stop:
            os.kill(os.getpid(), signal.SIGTERM)

    settings = change(BASE, CASES[name])
    return train(
        images(), np.arange(80), parse_view("crop(scale=(0.5, 1))"),
        settings=settings, seed=3, folder=folder, watch=watch, fabric=fabric,
    )  # fmt: skip


class Recorder:
    """Remembers the views that each example got in each step."""

    def __init__(self):
        self.seen, self.made = {}, ImageSource.batch

    def __call__(self, *args, **options):
        batch = self.made(*args, **options)
        for place, v1, v2 in zip(batch.places.tolist(), batch.v1, batch.v2, strict=True):
            self.seen[batch.step, place] = torch.stack([v1, v2]).clone()
        return batch


def outcome(trained):
    """Losses and gradient norms of all steps, and the weights at the end."""
    history, weights = trained.history, trained.encoders.state_dict()
    return {"losses": history.losses, "gradients": history.gradients, "weights": weights}


def work(rank, port, folder):
    """What one rank does."""
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2",
        GROUP_RANK="0", TORCHELASTIC_RUN_ID="test", MASTER_ADDR="127.0.0.1", MASTER_PORT=port,
    )  # fmt: skip
    fabric = launch(replace(BASE))
    recorder = Recorder()
    ImageSource.batch = lambda *args, **options: recorder(*args, **options)
    out = {"world": fabric.world_size}
    for name in CASES:
        trained = train_case(name, folder=folder / name, fabric=fabric)
        out[name] = outcome(trained)
        if name == "pairs":
            out["views"] = dict(recorder.seen)
    stopped = folder / "stopped"
    try:
        train_case("jigsaw", folder=stopped, stop=STOP if rank == 1 else None, fabric=fabric)
    except Interrupted as error:
        out["said"], out["saved"] = str(error), load_state(stopped)["step"]
    fabric.barrier()  # the file is read above, and written anew below
    if rank == 0:
        shutil.copytree(stopped, folder / "halfway")
    fabric.barrier()
    again = train_case("jigsaw", folder=stopped, fabric=fabric)
    out["resumed"] = outcome(again)
    recipe = runpy.run_path(str(FABRIC))["main"]
    out["recipe"] = recipe(folder / "recipe", devices=2, changes=RECIPE).encoders.state_dict()
    torch.save(out, folder / f"rank{rank}.pt")
    torch.distributed.destroy_process_group()


def main():
    """Fork the ranks, and wait for them."""
    folder, port = Path(sys.argv[1]), sys.argv[2]
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=work, args=(rank, port, folder)) for rank in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    return max(abs(child.exitcode or 0) for child in children)


if __name__ == "__main__":
    sys.exit(main())
