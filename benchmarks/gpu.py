"""What one GPU does: views, NT-Xent at large N, whole steps, and runs side by side.

Parts are done in this order, each is kept in ``items`` when it has finished, and the same command
resumes. A forecast is printed first; with ``--stop-after`` no part is begun that is not expected
to end in time, and the forecast learns from the parts that have finished. Images are random,
uint8, and on the device. Side by side: encoders of a study, each with its own seed, as one model,
beside the same steps of one after the other.

    python benchmarks/gpu.py [--stop-after MINUTES] [--quick] [--out FOLDER]

``--quick`` does tiny sizes on the CPU, which says that the script works and nothing of speed.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core import Cells, run_origin
from goodviews.core.origin import write_table
from goodviews.data import Images, load
from goodviews.information.tiles import pool_logsumexp
from goodviews.training import Batch, Settings, build_optimiser, train
from goodviews.training.learners import build_learner
from goodviews.training.side_by_side import train_side_by_side
from goodviews.views import parse_view
from timing import arguments

Row = dict[str, Any]
SIMCLR = {
    32: "crop(scale=(0.08, 1))|flip()|jitter(0.5, p=0.8)|grey(p=0.2)",
    224: "crop(scale=(0.08, 1))|flip()|jitter(1.0, p=0.8)|grey(p=0.2)|blur(p=0.5)",
}
"""Recipe by pixels; without blur at 32, as in the paper."""

STUDY = Settings(
    encoder="convnet(width=16)",
    batch=250,
    precision="bf16-mixed",
    objective="infonce(temperature=0.1)",
)


@dataclass(frozen=True)
class Part:
    """A row or a few, made in one go.

    Attributes:
        name: Name of its cell.
        make: Makes the rows.
        seconds: Expected on an H200, reckoned and not measured.
    """

    name: str
    make: Callable[[], list[Row]]
    seconds: float


def seconds_of(work: Callable[[], object], device: str, repeats: int) -> float:
    """Median seconds of a call, after two to warm up."""
    taken = []
    for _ in range(repeats + 2):
        begin = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken[2:])


def pixels_of(count: int, size: int) -> Tensor:
    """Random images (count, 3, size, size), uint8."""
    drawn = np.random.default_rng(0).integers(0, 256, (count, 3, size, size), dtype=np.uint8)
    return torch.from_numpy(drawn)


def views(size: int, batch: int, device: str, repeats: int) -> list[Row]:
    """Views a second of the SimCLR recipe."""
    pair, images = parse_view(SIMCLR[224 if size > 64 else 32]), pixels_of(batch, size).to(device)
    samples = torch.arange(batch, device=device)
    took = seconds_of(lambda: pair(images, seed=0, samples=samples, epoch=1), device, repeats)
    return [{"what": "views", "pixels": size, "batch": batch, "views_a_second": 2 * batch / took}]


def ntxent(rows: int, device: str, repeats: int) -> list[Row]:
    """Forward and backward of NT-Xent over a pool of rows, products in bfloat16, D = 128."""
    pool = torch.randn(rows, 128, device=device).requires_grad_()

    def work() -> None:
        pool.grad = None
        z = F.normalize(pool, dim=1)
        pool_logsumexp(z, temperature=0.1, less_positive=True, bf16=True).mean().backward()

    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    took = seconds_of(work, device, repeats)
    peak = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else None
    return [{"what": "ntxent", "n": rows, "dims": 128, "ms": 1e3 * took, "peak_mib": peak}]


def steps(encoder: str, size: int, batch: int, device: str, repeats: int) -> list[Row]:
    """Images a second of whole SimCLR steps, and the share of the views."""
    pair, images = parse_view(SIMCLR[224 if size > 64 else 32]), pixels_of(batch, size).to(device)
    samples = torch.arange(batch, device=device)
    settings = Settings(encoder=encoder, head="simclr()", objective="ntxent(temperature=0.2)")
    some = torch.rand(2, 8, 3, size, size)
    learner = build_learner(settings, *some, shared=True, images=batch, steps=1, seed=0)
    learner.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    text = f"sgd(lr=0.03, fused={device == 'cuda'})"
    optimiser, _ = build_optimiser(text, learner.parameters(), batch=batch)

    def see() -> tuple[Tensor, Tensor]:
        return pair(images, seed=0, samples=samples, epoch=1)

    def step() -> None:
        with torch.autocast(device, torch.bfloat16):
            loss = learner(Batch(*see(), places=samples, words=samples, step=0))
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()

    whole, alone = seconds_of(step, device, repeats), seconds_of(see, device, repeats)
    speed = {"images_a_second": batch / whole, "views_a_second": 2 * batch / whole}
    about = {"what": "step", "encoder": encoder, "pixels": size, "batch": batch}
    return [{**about, **speed, "share_of_views": alone / whole}]


def side_by_side(
    stem: str, count: int, device: str, *, settings: Settings, size: int, shown: int, epochs: int
) -> list[Row]:
    """Steps of several encoders as one model, beside those of one encoder alone."""
    images: Images = load(pixels_of(shown, size).numpy())
    index, pair = np.arange(shown), parse_view(SIMCLR[32].replace("0.08", "0.2"))
    settings = replace(settings, encoder=f"{settings.encoder[:-1]}, stem={stem!r})", device=device)

    def seconds(work: Callable[[Settings], object]) -> float:
        """Seconds a step, those of the start left out."""
        taken = []
        for length in (1, 1, 1 + epochs):  # the first warms up
            begin = time.perf_counter()
            work(replace(settings, epochs=length))
            taken.append(time.perf_counter() - begin)
        return (taken[2] - taken[1]) / (epochs * (shown // settings.batch))

    alone = seconds(lambda s: train(images, index, pair, settings=s, seed=0))
    together = seconds(
        lambda s: train_side_by_side(
            images, index, [pair] * count, settings=s, seeds=list(range(count))
        )
    )
    about = {"what": "side by side", "encoder": settings.encoder, "encoders": count}
    times = {"ms": 1e3 * together, "ms_alone": 1e3 * alone, "times": count * alone / together}
    speed = {"images_a_second": count * settings.batch / together}
    return [{**about, "pixels": size, "batch": settings.batch, **times, **speed}]


def parts_of(device: str, quick: bool) -> list[Part]:
    """All parts, in their order."""
    if quick:
        few = {"settings": replace(STUDY, encoder="convnet(width=2)", batch=8), "size": 16}
        study: dict[str, Any] = {**few, "shown": 16, "epochs": 1}
        return [
            Part("views-32", partial(views, 32, 4, device, 1), 0.1),
            Part("ntxent-512", partial(ntxent, 512, device, 1), 0.1),
            Part("step-convnet", partial(steps, "convnet(width=2)", 16, 4, device, 1), 0.2),
            Part("side-2", partial(side_by_side, "patches", 2, device, **study), 1.0),
        ]
    study = {"settings": STUDY, "size": 32, "shown": 10_000, "epochs": 2}
    nets = {32: ("resnet18(stem='small')", 512), 224: ("resnet50()", 256)}
    sizes = {8192: 3.0, 32_768: 4.0, 131_072: 6.0, 1_048_576: 60.0}
    return [
        *(Part(f"views-{s}", partial(views, s, b, device, 30), 10.0)
          for s, b in ((32, 4096), (224, 512))),
        *(Part(f"ntxent-{n}", partial(ntxent, n, device, 30 if n < 1 << 20 else 2), s)
          for n, s in sizes.items()),
        *(Part(f"step-{s}", partial(steps, net, s, b, device, 20), 20.0)
          for s, (net, b) in nets.items()),
        *(Part(f"side-{stem}-{n}", partial(side_by_side, stem, n, device, **study), 8 + n)
          for stem in ("pixels", "patches") for n in (1, 4, 16, 48)),
    ]  # fmt: skip


def forecast(todo: Sequence[Part], taken: Sequence[tuple[float, float]]) -> list[float]:
    """Expected seconds of each part, scaled by what finished parts took and were expected to."""
    expected, took = (sum(column) for column in zip(*taken, strict=True)) if taken else (1.0, 1.0)
    return [part.seconds * took / expected for part in todo]


def run_parts(
    parts: Sequence[Part], cells: Cells, stop_after: float | None
) -> tuple[list[Row], list[str]]:
    """Do what is missing and fits; all rows there are, and the names of the parts left."""
    begun, rows, taken = time.perf_counter(), list[Row](), list[tuple[float, float]]()
    todo = []
    for part in parts:
        if (found := cells.load(part.name)) is None:
            todo.append(part)
        else:
            taken.append((part.seconds, found["seconds"]))
    expected = forecast(todo, taken)
    print(f"Forecast: {len(todo)} of {len(parts)} parts, about {sum(expected) / 60:.1f} minutes.")
    for part, seconds in zip(todo, expected, strict=True):
        print(f"  {part.name:20} {seconds:6.1f} s")
    left: list[str] = []
    for part in parts:
        found = cells.load(part.name)
        if found is None:
            now, (seconds,) = time.perf_counter(), forecast([part], taken)
            if left or (stop_after is not None and now - begun + seconds > 60 * stop_after):
                left.append(part.name)
                continue
            found = {"rows": attempt(part), "seconds": time.perf_counter() - now}
            cells.save(part.name, found)
            taken.append((part.seconds, found["seconds"]))
            print(f"{part.name}: {found['seconds']:.1f} s, {found['rows']}", flush=True)
        rows += found["rows"]
    if left:
        print(f"Stopped before {left[0]}, {len(left)} parts are left; rerun to resume.")
    return rows, left


def attempt(part: Part) -> list[Row]:
    """Rows of a part, or one row that says that the memory of the device was too small."""
    try:
        return part.make()
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        return [{"what": part.name, "error": "out of memory"}]


def machine(device: str) -> str:
    """Short name of the device, for the name of a folder."""
    if device == "cpu":
        return "cpu"
    return "-".join(torch.cuda.get_device_name().lower().split())


def main(given: Sequence[str] | None = None) -> None:
    """Do what is missing and fits, and write the rows."""
    parser = arguments(__doc__)
    parser.add_argument("--stop-after", type=float, metavar="MINUTES", help="begin no part later")
    asked = parser.parse_args(given)
    device = "cpu" if asked.quick else "cuda"
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch finds no GPU; type --quick for tiny sizes on the CPU.")
    run = run_origin("python benchmarks/gpu.py", seeds=[0], device=machine(device))
    home = Path("results") / "gpu"
    before = sorted(home.glob(f"*-{machine(device)}"))
    new = home / f"{run['started'][:10]}-{machine(device)}"
    folder = asked.out or (before[-1] if before else new)
    settings = {"device": machine(device), "quick": asked.quick}
    rows, _ = run_parts(parts_of(device, asked.quick), Cells(folder / "items", settings),
                        asked.stop_after)  # fmt: skip
    if rows:
        write_table(folder, rows, run)
        print(f"rows in {folder}")


if __name__ == "__main__":
    main()
