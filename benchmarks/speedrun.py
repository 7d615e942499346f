"""CPU seconds of one thread until an encoder, pretrained without labels, reaches an accuracy.

Three tracks: CIFAR-10 (the lossy JPEG form of ``data``, all 50,000 images) and imagenette96 at 32
pixels, MNIST at 16 pixels. The views of a track are the same for all engines; an engine is the
encoder, projector, objective, optimiser, schedule, batch and precision. Seconds are those of
training with its views; evaluation is not counted. Accuracy is that of 20 nearest neighbours and
of a logistic regression on all labels of the pretraining images: on the test part for the record
(``--part report``), on a tenth of the train part that is held out, and seeds from 100 on, for
choosing (``--part choose``).

    python benchmarks/speedrun.py [--track T ...] [--engine E ...] [--shown N ...] [--seeds S ...]
        [--part report|choose] [--set NAME=VALUE ...] [--out FOLDER]

Every finished run is kept in ``items``, so that a stopped record resumes; the table is written
from all of them. ``--quick`` runs one short run of each engine on scikit-learn's digits.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torchvision import transforms as T

from goodviews.core import Cells, hardware, run_origin, write_table
from goodviews.core.cells import hashed, read_values
from goodviews.core.intervals import student_interval
from goodviews.data import Images, load
from goodviews.evaluation import represent
from goodviews.evaluation.knn import knn_predict
from goodviews.evaluation.logistic import fit_logistic
from goodviews.jobs.study.processes import one_thread
from goodviews.training import Settings, change, train
from goodviews.views import parse_view
from rivals import simclr_loop, simclr_transform, statistics_of
from timing import arguments

SORT = itemgetter("track", "part", "engine", "asked", "changes", "seed")
CHOOSING = 100
"""First seed of the runs that choose."""


@dataclass(frozen=True)
class Track:
    """Images and views of a record.

    Attributes:
        data: Name of the data.
        size: Side of the images; None keeps it.
        least: Smallest share of the area that a crop shows.
        rest: Spec of what follows the crop.
    """

    data: str
    size: int | None
    least: float
    rest: str = ""

    @property
    def views(self) -> str:
        """Spec of both views."""
        return f"crop(scale=({self.least}, 1)){self.rest}"


_COLOUR = "|flip()|jitter(0.5)|grey()"
TRACKS = {
    "cifar10": Track("cifar10_jpeg", None, 0.2, _COLOUR),
    "imagenette": Track("imagenette96", 32, 0.2, _COLOUR),
    "mnist": Track("MNIST", 16, 0.35),
    "digits": Track("digits", None, 0.35),
}

ENGINES = {
    "landed": Settings(
        encoder="convnet(width=16)",
        head="projector(dim=64)",
        objective="infonce(temperature=0.1)",
        optimiser="adamw(lr=0.006, weight_decay=0.001)",
        schedule="trapezoid(rise=0.1, steady=0.7)",
        batch=250,
        device="cpu",
        precision="32-true",
    ),
    "new": Settings(
        encoder="convnet(width=16, stem='patches')",
        head="projector(dim=64)",
        objective="ntxent(temperature=0.1)",
        optimiser="muon(lr=0.05, weight_decay=0.0)",
        schedule="trapezoid(rise=0.1, steady=0.7)",
        batch=128,
        device="cpu",
        precision="bf16-mixed",
    ),
}
ENGINES["lightly"] = ENGINES["landed"]
"""Backbone, optimiser and batch of the landed default in the loop of lightly's user."""


@lru_cache(maxsize=1)
def images_of(track: str) -> Images:
    """Images of a track, loaded once."""
    one = TRACKS[track]
    return load(one.data, size=one.size) if one.size else load(one.data)


def parts_of(images: Images, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images to pretrain on, and images to test on."""
    train_part, test = np.flatnonzero(images.part == 0), np.flatnonzero(images.part == 1)
    if part == "report" and len(test):
        return train_part, test
    order = np.random.default_rng(7).permutation(train_part)
    cut = len(order) // 10
    return np.sort(order[cut:]), np.sort(order[:cut])


Represent = Callable[[torch.Tensor], torch.Tensor]


def ours(
    track: Track, images: Images, index: np.ndarray, settings: Settings, seed: int
) -> Represent:
    """Pretrain with an engine of ours."""
    made = train(images, index, parse_view(track.views), settings=settings, seed=seed)
    return made.encoders.represent


def theirs(
    track: Track, images: Images, index: np.ndarray, settings: Settings, seed: int
) -> Represent:
    """Pretrain with the loop of lightly's user."""
    norm = statistics_of(images, index)
    colour, size = images.channels == 3, images.height
    transform = simclr_transform(size, track.least, norm, colour=colour, grey=0.2)
    backbone = simclr_loop(images, index, transform, settings, seed=seed).eval()
    normalise = T.Normalize(**norm)
    return lambda pixels: backbone(normalise(pixels))


def measure(about: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Train once and evaluate: CPU seconds and both accuracies."""
    track, seed, engine = TRACKS[about["track"]], about["seed"], about["engine"]
    images = images_of(about["track"])
    index, test = parts_of(images, about["part"])
    labels = next(iter(images.labels.values()))
    classes = len(next(iter(images.classes.values())))
    some = np.sort(np.random.default_rng(seed).permutation(index)[: about["asked"]])
    begun = time.process_time()
    made = (theirs if engine == "lightly" else ours)(track, images, some, settings, seed)
    seconds = time.process_time() - begun

    @torch.no_grad()
    def embed(pixels: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return made(pixels)

    fitted, tested = (represent(images, part, embed) for part in (index, test))
    near = knn_predict(
        fitted.numpy(), labels[index], tested.numpy(), classes=classes, neighbours=20
    )
    probe = fit_logistic(fitted.numpy(), labels[index], classes=classes, penalty=1e-3)
    linear = probe.log_probs(tested.numpy()).argmax(dim=1).numpy()
    batch = min(settings.batch, len(some))
    return {
        "cpu_s": seconds,
        "shown": settings.epochs * (len(some) // batch) * batch,
        "knn": float((near == labels[test]).mean()),
        "linear": float((linear == labels[test]).mean()),
        "pretrained": len(some),
        "tested": len(test),
    }


def with_length(settings: Settings, shown: int, count: int) -> Settings:
    """The same settings for a number of images shown: whole epochs, or fewer images than one."""
    return change(settings, [f"epochs={max(round(shown / count), 1)}"])


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """A line for each track, engine, length and part: mean and 95 % interval over seeds."""
    lines = []
    for key, group in groupby(rows, key=itemgetter("track", "part", "engine", "asked", "changes")):
        own = list(group)
        texts = []
        for name, digits in (("cpu_s", 1), ("knn", 4), ("linear", 4)):
            values = np.array([row[name] for row in own])
            texts.append(f"{name} {values.mean():.{digits}f}")
            if len(own) > 1:
                found = student_interval(values)
                texts[-1] += f" [{found.low:.{digits}f}, {found.high:.{digits}f}]"
        lines.append(f"{' '.join(map(str, key)).strip():45s} {len(own)} seeds: {', '.join(texts)}")
    return lines


def name_of(about: dict[str, Any], settings: Settings) -> str:
    """Name of a run; what has its default does not count, so that new settings change no name."""
    usual = asdict(Settings())
    own = {key: value for key, value in asdict(settings).items() if value != usual[key]}
    return "{track}-{engine}-{asked}-{seed}".format(**about) + f"-{hashed(own)}"


def run_one(cells: Cells, about: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """One row: stored, or measured now."""
    name = name_of(about, settings)
    found = cells.load(name)
    if found is None:
        found = about | measure(about, settings)
        cells.save(name, found)
    print(*table([found]), flush=True)
    return found


def main() -> None:
    """Run what is missing, and write the table."""
    parser = arguments(__doc__)
    parser.add_argument("--track", nargs="+", choices=TRACKS, default=["imagenette"])
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=["landed", "new"])
    parser.add_argument("--shown", nargs="+", type=int, default=[80_000])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--part", choices=["report", "choose"], default="report")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE")
    asked = parser.parse_args()
    if asked.quick:
        asked.track, asked.shown, asked.part = ["digits"], [2000], "choose"
    run = run_origin("python benchmarks/speedrun.py", seeds=asked.seeds, threads=1)
    folder = asked.out or Path("results") / "speedrun" / hardware()
    cells = Cells(folder / "items")
    first = CHOOSING * (asked.part == "choose")
    with one_thread():
        for track in asked.track:
            count = len(parts_of(images_of(track), asked.part)[0])
            for shown, seed, engine in product(asked.shown, asked.seeds, asked.engine):
                about = {"track": track, "engine": engine, "asked": shown, "seed": first + seed,
                         "part": asked.part, "changes": " ".join(asked.set)}  # fmt: skip
                settings = with_length(change(ENGINES[engine], asked.set), shown, count)
                run_one(cells, about, settings)
    stored = [read_values(path) for path in sorted((folder / "items").glob("*.npz"))]
    rows = sorted((row for row in stored if row), key=SORT)
    print("\n".join(table(rows)))
    write_table(folder, rows, run)
    print(f"rows in {folder}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
