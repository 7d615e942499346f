"""Clips of moving digits, beside a loop over frames in NumPy that gives the same bits.

One thread, CPU seconds, both write into memory that is used again; rounds are interleaved and
the median of the rounds is told. The loop takes the same drawn scenes, so that only motion and
rendering are compared.

    python benchmarks/moving_digits.py [--quick] [--out FOLDER]
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import torch

from goodviews.core.origin import hardware, run_origin, write_table
from goodviews.worlds.moving_digits import MovingDigits, Scene

BATCH = 128
FORMS = {"paper": (64, 10), "half": (32, 10), "small": (32, 2)}
"""Name: side of the canvas and frames of a clip."""


def made(size: int, frames: int) -> MovingDigits:
    """A world of random pixels: what they show does not change the time."""
    draw = np.random.default_rng(0)
    box, photo = size * 7 // 16, size * 3 // 2
    return MovingDigits(
        torch.from_numpy(draw.integers(0, 256, (1_000, box, box), dtype=np.uint8)),
        torch.arange(1_000) % 10,
        torch.from_numpy(draw.integers(0, 256, (500, 3, photo, photo), dtype=np.uint8)),
        torch.arange(500) % 10,
        size=size,
        frames=frames,
    )


def loop(world: MovingDigits, scene: Scene, out: np.ndarray) -> None:
    """Frame by frame: step, turn round at the borders, cut the background, lay the digit over."""
    digits, photos = world.digits.numpy(), world.photos.numpy()
    side, box, room = world.size, digits.shape[-1], world.room
    corner, velocity = scene.corner.numpy().copy(), scene.velocity.numpy().copy()
    for b in range(len(out)):
        place, step = corner[b], velocity[b]
        top, left = scene.crop[b].tolist()
        for frame in range(world.frames):
            if frame:
                place += step
            for axis in range(2):
                while not 0 <= place[axis] <= room:
                    border = 0 if place[axis] < 0 else room
                    place[axis], step[axis] = 2 * border - place[axis], -step[axis]
            seen = photos[int(scene.photo[b]), :, top : top + side, left : left + side]
            canvas = out[b, frame]
            np.multiply(seen, np.float32(1 / 255), out=canvas)
            y, x = np.round(place).astype(int)
            part = canvas[:, y : y + box, x : x + box]
            np.maximum(part, digits[int(scene.digit[b])] * np.float32(1 / 255), out=part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, to see that it runs")
    parser.add_argument("--out", type=Path, default=None, help="folder for rows.csv and run.json")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    flag = " --quick" if asked.quick else ""
    run = run_origin(
        f"python benchmarks/moving_digits.py{flag}", seeds=[0], threads=1, batch=BATCH
    )
    rows: list[dict[str, object]] = []
    for name, (size, frames) in FORMS.items():
        world = made(size, frames)
        ours = torch.empty(BATCH, frames, 3, size, size)
        theirs = np.empty(ours.shape, np.float32)
        taken: dict[str, list[float]] = {"goodviews": [], "loop": []}
        for number in range(4 if asked.quick else 16):
            scene = world.draw(torch.arange(BATCH) + number * BATCH, seed=0)
            for which in taken:
                begin = time.process_time()
                if which == "loop":
                    loop(world, scene, theirs)
                else:
                    world.render(scene, range(1, frames + 1), out=ours)
                if number:  # the first round warms up
                    taken[which].append(time.process_time() - begin)
            assert np.array_equal(ours.numpy(), theirs), "the two differ"
        slow = statistics.median(taken["loop"])
        for which, times in taken.items():
            median, each = statistics.median(times), 1e6 / (BATCH * frames)
            quarters = statistics.quantiles(times, n=4)
            rows.append(
                {
                    "form": name,
                    "size": size,
                    "frames": frames,
                    "which": which,
                    "rounds": len(times),
                    "frame_us": each * median,
                    "quarter_us": each * quarters[0],
                    "three_quarters_us": each * quarters[2],
                    "times_loop": slow / median,
                }
            )
            print(
                f"{name:6} {size} px, {frames:2} frames {which:10} "
                f"{each * median:7.2f} us a frame {slow / median:5.2f}x",
                flush=True,
            )
    day = str(run["started"])[:10]
    folder = asked.out or Path("results/bench_moving_digits") / f"{day}-{hardware()}"
    if not asked.quick or asked.out:
        write_table(folder, rows, run)
        print(f"rows in {folder}")


if __name__ == "__main__":
    main()
