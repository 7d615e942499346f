"""What a learned view costs: a generator's pass beside a step of a study on the same images.

One process, one thread, CPU seconds; 256 images of 32 pixels. A step is forward and backward of a
small ConvNet for each view of a split in two, with InfoNCE, without the optimiser. A frozen
generator (a study's) runs forward alone, one that learns (the game's) forward and backward.
Contestants are warmed up and rounds interleaved; each round's shares are of the step of the same
round, so that what slows both falls out.

    python benchmarks/generators.py [--out FOLDER]
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from goodviews.core.origin import hardware, run_origin, write_table
from goodviews.encoders import build_pair
from goodviews.objectives import infonce
from goodviews.views.generators import Generator, build_generator

ROUNDS = 7
BATCH, SIZE = 256, 32
TEXTS = ("nvp(blocks=6, width=32)", "vp(blocks=6, width=32)", "orthogonal()", "linear()")
Work = Callable[[], object]


def step(images: Tensor) -> Work:
    """Both encoders and the loss, forward and backward."""
    v1, v2 = images[:, :1], images[:, 1:]
    pair = build_pair(
        "convnet(width=16)", v1, v2, shared=False, head="projector(dim=64)", seed=0
    ).train()

    def run() -> None:
        z1, z2 = pair(v1, v2)
        infonce(z1, z2).mean().backward()

    return run


def frozen(generator: Generator, images: Tensor) -> Work:
    """Forward without a graph."""

    def run() -> None:
        with torch.no_grad():
            generator(images)

    return run


def learning(generator: Generator, images: Tensor, wanted: Tensor) -> Work:
    """Forward and backward, from a gradient that stands ready."""

    def run() -> None:
        generator(images).backward(wanted)

    return run


def plain(work: Work) -> Work:
    """The same as torch operations, without the compiled pass."""

    def run() -> None:
        os.environ["GOODVIEWS_COMPILED"] = "0"
        try:
            work()
        finally:
            del os.environ["GOODVIEWS_COMPILED"]

    return run


def contestants(channels: int) -> dict[tuple[str, str], Work]:
    """(what, how) to what is timed."""
    images, wanted = torch.rand(2, BATCH, channels, SIZE, SIZE).unbind()
    found: dict[tuple[str, str], Work] = {("step", "two encoders"): step(images)}
    for text in TEXTS:
        generator = build_generator(text, channels)
        found[text, "frozen"] = frozen(generator, images)
        found[text, "learning"] = learning(generator, images, wanted)
        if text.startswith("nvp") and channels == 3:
            found[text, "frozen, torch operations"] = plain(found[text, "frozen"])
            found[text, "learning, torch operations"] = plain(found[text, "learning"])
    return found


def seconds(work: Work) -> float:
    """CPU seconds of one run."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=None, help="folder for rows.csv and run.json")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    run = run_origin("python benchmarks/generators.py", seeds=[0], threads=1)
    rows: list[dict[str, object]] = []
    for channels in (3, 6, 13):
        works = contestants(channels)
        for work in works.values():
            work()
        taken: dict[tuple[str, str], list[float]] = {name: [] for name in works}
        for _ in range(ROUNDS):
            for name, work in works.items():
                taken[name].append(seconds(work))
        for (what, how), times in taken.items():
            shares = [t / s for t, s in zip(times, taken["step", "two encoders"], strict=True)]
            row: dict[str, object] = {
                "channels": channels,
                "what": what,
                "how": how,
                "rounds": ROUNDS,
                "cpu_ms": 1000 * statistics.median(times),
                "share_of_step": statistics.median(shares),
                "lowest": min(shares),
                "highest": max(shares),
            }
            rows.append(row)
            print(
                f"{channels:2} channels  {what:24} {how:27} {row['cpu_ms']:8.1f} ms "
                f"{row['share_of_step']:6.1%} of a step ({min(shares):.1%} to {max(shares):.1%})",
                flush=True,
            )
    day = str(run["started"])[:10]
    folder = asked.out or Path("results/bench_generators") / f"{day}-{hardware()}"
    write_table(folder, rows, run)
    print(f"rows in {folder}")


if __name__ == "__main__":
    main()
