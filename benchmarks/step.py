"""A whole pretraining step beside lightly's loop: images in, weights changed.

One process, one thread, CPU seconds. Ours is :func:`goodviews.training.pretrain` as it is:
views from the cache of images, one pass over both of them, fused loss, channels last, checks
of loss and gradient; in float32 and with bfloat16 autocast. The rival is the loop its user
writes: ``SimCLRTransform`` on PIL images in a ``DataLoader``, a pass for each view,
``NTXentLoss``. Network, head, loss, optimiser and the kinds of change in the views are the
same. Contestants take turns in blocks of steps, the first of each block is left out, and the
ratio is of the same round. BatchNorm differs: ours normalises both views of a batch together,
the rival each view by itself.

Then both train from one initialisation on the same images, and their losses and nearest
neighbours are told, so that a ratio is not bought with learning.

    python benchmarks/step.py [--quick] [--out FOLDER]
"""

import math
import statistics
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from goodviews.core.origin import run_origin
from goodviews.data import Images, load
from goodviews.encoders import build_pair
from goodviews.evaluation import represent
from goodviews.evaluation.knn import knn_votes
from goodviews.training import Settings, train
from goodviews.views import ViewPair, parse_view
from rivals import Photographs, endless, simclr_step, statistics_of
from timing import arguments, extensions, keep, peers, ratio

VIEWS = "crop(scale=(0.08, 1))|flip()|jitter(1.0, p=0.8)|grey(p=0.2)"
OURS = {"goodviews": "32-true", "goodviews, bf16": "bf16-mixed"}
GOALS = {"AMX": (2.5, 3.5), "no AMX": (1.4, 1.6)}


@dataclass(frozen=True)
class Duel:
    """A row of the table.

    Attributes:
        name: What is trained.
        data: Known name.
        size: Pixels.
        encoder: Backbone of both.
        batch: Images per step.
        steps: Steps of a block, the first of which is left out.
        rounds: Blocks of each.
    """

    name: str
    data: str
    size: int
    encoder: str
    batch: int
    steps: int
    rounds: int


DUELS = (
    Duel("ResNet-18", "cifar10_exact", 32, "resnet18(stem='small')", 64, 3, 5),
    Duel("ConvNet", "imagenette96", 64, "convnet(width=16)", 256, 5, 5),
)


class Stopwatch:
    """CPU seconds between the ends of steps, and those of the views within."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.views: list[float] = []
        self.seen = 0.0
        self.last = time.process_time()

    def __call__(self, *_: Any) -> None:
        """A step has ended."""
        now = time.process_time()
        self.steps.append(now - self.last)
        self.views.append(self.seen)
        self.seen, self.last = 0.0, now

    @contextmanager
    def look(self) -> Iterator[None]:
        """Time spent on views or batches."""
        begin = time.process_time()
        yield
        self.seen += time.process_time() - begin


class Timed:
    """A pair of views that tells a stopwatch how long it took."""

    def __init__(self, pair: ViewPair, watch: Stopwatch) -> None:
        self.pair, self.watch = pair, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pair, name)

    def __repr__(self) -> str:
        return repr(self.pair)

    def __call__(self, *args: Any, **more: Any) -> tuple[Tensor, Tensor]:
        """Both views, timed."""
        with self.watch.look():
            return self.pair(*args, **more)


def settings_of(duel: Duel, precision: str = "32-true", epochs: int = 1) -> Settings:
    """Ours, with nothing of the schedule in the way."""
    return Settings(
        encoder=duel.encoder,
        head="projector(dim=128)",
        objective="ntxent(temperature=0.2)",
        optimiser="adamw(lr=0.002, weight_decay=0.001, rule='none')",
        schedule="constant()",
        batch=duel.batch,
        epochs=epochs,
        precision=precision,
        device="cpu",
    )


def ours(images: Images, index: np.ndarray, duel: Duel, precision: str) -> Stopwatch:
    """A block of our steps."""
    watch = Stopwatch()
    pair: Any = Timed(parse_view(VIEWS), watch)
    some = np.resize(index, duel.batch * duel.steps)
    train(images, some, pair, settings=settings_of(duel, precision), seed=0, watch=watch)
    return watch


class Lightly:
    """The rival's loop, from the same initialisation."""

    def __init__(self, images: Images, index: np.ndarray, duel: Duel) -> None:
        from lightly.loss import NTXentLoss
        from lightly.transforms import SimCLRTransform

        norm = statistics_of(images, index)
        transform = SimCLRTransform(
            input_size=duel.size, gaussian_blur=0.0, normalize=norm, min_scale=0.08
        )
        own = settings_of(duel)
        some = torch.zeros(2, 3, duel.size, duel.size)
        made = build_pair(own.encoder, some, some, shared=True, head=own.head, seed=0)
        self.backbone: nn.Module = made.backbones[0][1]  # type: ignore[index]
        self.norm = norm
        self.model = nn.Sequential(self.backbone, made.projectors[0]).train()
        self.criterion = NTXentLoss(temperature=0.2)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=0.002, weight_decay=0.001)
        torch.manual_seed(0)
        photographs = Photographs(images, index, transform)
        self.batches = endless(
            DataLoader(photographs, batch_size=duel.batch, shuffle=True, drop_last=True)
        )
        self.losses: list[float] = []

    def __call__(self, steps: int) -> Stopwatch:
        """A block of steps."""
        watch = Stopwatch()
        for _ in range(steps):
            with watch.look():
                batch = next(self.batches)
            self.losses.append(simclr_step(self.model, self.criterion, self.optimiser, batch))
            watch()
        return watch

    @torch.no_grad()
    def represent(self, x: Tensor) -> Tensor:
        """(B, F) of pixels in [0, 1]."""
        mean, std = (torch.tensor(self.norm[k])[:, None, None] for k in ("mean", "std"))
        made: Tensor = self.backbone.eval()((x - mean) / std)
        return made


def opened(duel: Duel) -> tuple[Images, np.ndarray]:
    images = load(duel.data, size=duel.size)
    return images, np.flatnonzero(images.part == 0)


def race(duel: Duel, extension: str) -> list[dict[str, Any]]:
    """Blocks in turn, and the ratio of each round."""
    images, index = opened(duel)
    rival = Lightly(images, index, duel)
    rival(2)
    taken: dict[str, list[Stopwatch]] = {name: [] for name in ("lightly", *OURS)}
    for _ in range(duel.rounds):
        taken["lightly"].append(rival(duel.steps))
        for name, precision in OURS.items():
            taken[name].append(ours(images, index, duel, precision))
    seconds = {n: [statistics.median(w.steps[1:]) for w in ws] for n, ws in taken.items()}
    goals = GOALS["AMX" if extension.startswith("AMX") else "no AMX"]
    rows = []
    for name, times in seconds.items():
        views = statistics.median([statistics.median(w.views[1:]) for w in taken[name]])
        rows.append(
            {
                "what": "step",
                "network": duel.name,
                "pixels": duel.size,
                "batch": duel.batch,
                "library": name,
                "rounds": len(times),
                "median_ms": 1e3 * statistics.median(times),
                "views_ms": 1e3 * views,
                **ratio(seconds["lightly"], times),
                "goal": goals[DUELS.index(duel)] if duel in DUELS else None,
                "batchnorm": "each view by itself" if name == "lightly" else "both views together",
            }
        )
        row = rows[-1]
        print(
            f"{duel.name:10} {duel.size} px, batch {duel.batch}: {name:16} "
            f"{row['median_ms']:8.0f} ms (views {views * 1e3:6.0f}) "
            f"{row['times']:5.2f}x ({row['lowest']:.2f} to {row['highest']:.2f})",
            flush=True,
        )
    return rows


def learning(duel: Duel, count: int, epochs: int) -> list[dict[str, Any]]:
    """Loss by epoch and nearest neighbours at the end, of each, on the same images."""
    images, own = opened(duel)
    rng = np.random.default_rng(0)
    index = np.sort(rng.choice(own, count, replace=False))
    tested = np.flatnonzero(images.part == 1)
    per_epoch = count // duel.batch
    labels = next(iter(images.labels.values()))
    classes = int(labels.max()) + 1

    def neighbours(embed: Any) -> float:
        x, t = (represent(images, places, lambda x, _: embed(x)) for places in (index, tested))
        known = torch.from_numpy(labels[index])
        votes = knn_votes(x, known, t, classes=classes, neighbours=20)
        return float((votes.argmax(dim=1).numpy() == labels[tested]).mean())

    found: dict[str, tuple[list[float], float]] = {}
    rival = Lightly(images, index, duel)
    untrained = neighbours(rival.represent)
    rival.model.train()
    rival(epochs * per_epoch)
    found["lightly"] = rival.losses, neighbours(rival.represent)
    pair = parse_view(VIEWS)
    for name, precision in OURS.items():
        settings = settings_of(duel, precision, epochs)
        made = train(images, index, pair, settings=settings, seed=0)
        found[name] = made.history.losses, neighbours(made.encoders.represent)
    chance = math.log(2 * duel.batch - 1)
    rows = []
    for name, (losses, accuracy) in found.items():
        means = [float(np.mean(part)) for part in np.array_split(losses, epochs)]
        shown = " ".join(f"{mean:.3f}" for mean in means)
        print(f"{name:16} loss by epoch {shown} (chance {chance:.3f}), kNN {accuracy:.3f}")
        rows += [
            {
                "what": "learning",
                "network": duel.name,
                "pixels": duel.size,
                "batch": duel.batch,
                "library": name,
                "epoch": epoch,
                "loss": mean,
                "chance": chance,
                "knn_top1": accuracy if epoch == epochs else None,
                "knn_untrained": untrained,
                "images": count,
            }
            for epoch, mean in enumerate(means, start=1)
        ]
    print(f"kNN of the untrained network {untrained:.3f}", flush=True)
    return rows


def main() -> None:
    asked = arguments(__doc__).parse_args()
    found = peers("lightly", "torchvision")
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    extension = extensions()
    flag = " --quick" if asked.quick else ""
    run = run_origin(
        f"python benchmarks/step.py{flag}",
        seeds=[0],
        threads=1,
        peers=found,
        processor_has=extension,
        views=VIEWS,
    )
    print(f"processor: {extension}")
    duels: tuple[Duel, ...] = DUELS
    if asked.quick:
        duels = (replace(DUELS[1], size=32, data="cifar10_exact", batch=32, steps=3, rounds=2),)
    rows: list[dict[str, Any]] = []
    for duel in duels:
        rows += race(duel, extension)
    rows += learning(duels[-1], 256 if asked.quick else 3072, 2 if asked.quick else 5)
    keep("bench_step", asked, rows, run)


if __name__ == "__main__":
    main()
