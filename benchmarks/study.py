"""What a cell of a study costs, beside the same encoder, epochs and readouts with lightly.

One process, one thread, CPU seconds. A cell is one view and one seed: pretraining, then
readouts with nearest neighbours on ten draws of 100 labels. The two are interleaved, view by
view, after both were warmed up. Ours also measures what the loop beside it does not: the bound
on held-out pairs (with the temperature and the looks of the monitor), the null of shuffled
labels, and what one view alone says of the task. The rival is the loop its user writes:
transforms on PIL images in a DataLoader, ``NTXentLoss``, AdamW, scikit-learn.

    python benchmarks/study.py [--quick] [--out FOLDER]
"""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms as T

from goodviews.core.origin import run_origin
from goodviews.data import Images, load
from goodviews.data.hashing import content_hash
from goodviews.jobs.study import cells
from goodviews.jobs.study.plan import Cell, Plan, Task, make_plan
from goodviews.jobs.study.processes import one_thread
from goodviews.measurement import shared
from goodviews.training.small import small_settings
from goodviews.views import ViewPair
from rivals import Photographs, simclr_loop, simclr_transform, statistics_of
from timing import arguments, keep, peers

Clock = Callable[[], float]
clock: Clock = time.process_time

SETS = {
    "colour": ("cifar10_exact", 32, "crop(scale=({s}, 1))|flip()|jitter(0.5)"),
    "grey": ("digits", 16, "crop(scale=({s}, 1))"),
}
"""The views that a study of colour photographs and of grey images tries by default."""

SHOWN = 80_000
"""Images that a default study shows to each encoder."""


class Parts(dict[str, float]):
    """CPU seconds by part; what is inside another part is counted there alone.

    Views are a part of their own only while an encoder is trained: those of the bound and of
    the readouts belong to them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, float]] = []

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Add the time of the block, less that of named blocks inside it."""
        if name == "views" and self.open and self.open[-1][0] not in ("encoder", "rest"):
            yield
            return
        begin = clock()
        self.open.append((name, 0.0))
        try:
            yield
        finally:
            whole = clock() - begin
            inside = self.open.pop()[1]
            self[name] = self.get(name, 0.0) + whole - inside
            if self.open:
                outer, so_far = self.open[-1]
                self.open[-1] = outer, so_far + whole

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.time(name):
                return function(*args, **kwargs)

        return timed


@contextmanager
def watched(parts: Parts) -> Iterator[None]:
    """Our cell, with its pieces timed."""
    places: list[tuple[Any, str, Callable[[Any], Any]]] = [
        (ViewPair, "__call__", lambda made: parts.wrap("views", made)),
        (ViewPair, "view", lambda made: parts.wrap("views", made)),
        (shared, "train", lambda made: parts.wrap("encoder", made)),
        (shared, "held_out_bound", lambda made: parts.wrap("bound", made)),
        (shared, "fit_temperature", lambda made: parts.wrap("bound", made)),
        (cells, "of_encoder", lambda made: lambda *a: parts.wrap("readouts", made(*a))),
        (cells, "view_reader", lambda made: lambda *a: parts.wrap("one view alone", made(*a))),
    ]
    old = [(where, name, getattr(where, name)) for where, name, _ in places]
    for (where, name, change), (_, _, made) in zip(places, old, strict=True):
        setattr(where, name, change(made))
    try:
        yield
    finally:
        for where, name, made in old:
            setattr(where, name, made)


def ours(plan: Plan, view: str) -> tuple[Parts, float]:
    """Seconds by part, and accuracy."""
    parts = Parts()
    with watched(parts), parts.time("rest"):
        row = cells.run_cell(plan, Cell("candidate", view, 0)).rows[0]
    return parts, float(row.readout_top1 or 0)


def lightly(plan: Plan, scale: float, colour: bool) -> tuple[Parts, float]:
    """The same cell as its user writes it: seconds by part, and accuracy."""
    parts, images = Parts(), plan.images
    norm = statistics_of(images, plan.splits.pretrain)
    with parts.time("rest"):
        transform = simclr_transform(images.height, scale, norm, colour=colour)
        backbone = simclr_loop(
            images, plan.splits.pretrain, transform, plan.settings, timed=parts.time
        )
        with parts.time("readouts"):
            plain = T.Compose([T.ToTensor(), T.Normalize(**norm)])
            accuracy = their_readouts(plan, backbone.eval(), plain)
    return parts, accuracy


@torch.no_grad()
def their_readouts(plan: Plan, backbone: nn.Module, plain: Callable[[Any], Any]) -> float:
    """Ten draws of labels, the penalty chosen on three of them, nearest neighbours beside it."""
    from lightly.utils.benchmarking import knn_predict

    task = plan.tasks[0]
    index = np.unique(np.concatenate([task.items, *(draw.fit for draw in task.draws)]))
    loader = DataLoader(Photographs(plan.images, index, plain), batch_size=256)
    made = torch.cat([backbone(batch) for batch in loader])
    features, labels = made.numpy(), task.labels[index]
    places = [(np.searchsorted(index, d.fit), np.searchsorted(index, d.test)) for d in task.draws]
    penalties = {"logisticregression__C": [0.01, 0.1, 1.0, 10.0, 100.0]}

    def model(**more: Any) -> Any:
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=100, tol=1e-3, **more))

    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    score = np.zeros(5)
    for fit, _ in places[:3]:
        search = GridSearchCV(model(), penalties, cv=folds, scoring="neg_log_loss", refit=False)
        score += search.fit(features[fit], labels[fit]).cv_results_["mean_test_score"]
    best = penalties["logisticregression__C"][int(score.argmax())]
    right = []
    unit = nn.functional.normalize(made, dim=1)
    for fit, test in places:
        right.append(
            model(C=best).fit(features[fit], labels[fit]).score(features[test], labels[test])
        )
        bank, known = unit[fit].T, torch.from_numpy(labels[fit])
        for begin in range(0, len(test), 256):
            some = unit[test[begin : begin + 256]]
            knn_predict(some, bank, known, num_classes=len(task.classes), knn_k=20)
    return float(np.mean(right))


def as_bytes(images: Images) -> Images:
    """The images with 8-bit values, which PIL takes."""
    if images.pixels.dtype == np.uint8:
        return images
    pixels = (255 * images.batch(np.arange(len(images))).numpy()).round().astype(np.uint8)
    return replace(images, pixels=pixels, scale=(0.0, 255.0), cache=None)


def planned(name: str, quick: bool) -> tuple[Plan, tuple[float, ...], str]:
    """The plan of a small study, its settings of the view, and the view with a hole."""
    data, size, view = SETS[name]
    images = as_bytes(load(data, size=size))
    count, epochs = (600, 1) if quick else (2000, 2)
    if images.part.any():
        rng = np.random.default_rng(0)
        own, test = np.flatnonzero(images.part == 0), np.flatnonzero(images.part == 1)
        rows = np.union1d(rng.choice(own, count, False), rng.choice(test, count // 2, False))
        pixels = np.asarray(images.pixels[rows])
        labels = {task: column[rows] for task, column in images.labels.items()}
        part = images.part[rows]
        images = replace(
            images,
            pixels=pixels,
            labels=labels,
            part=part,
            hash=content_hash(pixels, labels, part),
            cache=None,
        )
    elif not quick:
        epochs = 4
    scales = (0.2,) if quick else (0.1, 0.5)
    plan = make_plan(
        images,
        images,
        views=tuple(view.replace("{s}", str(s)) for s in scales),
        seeds=(0,),
        settings=replace(small_settings(images.height, device="cpu"), epochs=epochs),
        candidates=None,
        per_class=10,
        draws=10,
    )
    return plan, scales, view


def warm(plan: Plan, view: str, scale: float, colour: bool) -> None:
    """A short run of both, for imports and compiled code."""
    short = replace(
        plan,
        settings=replace(plan.settings, epochs=1),
        splits=replace(plan.splits, pretrain=plan.splits.pretrain[:500], hash="short"),
        tasks=tuple(_shorter(task) for task in plan.tasks),
    )
    lightly(short, scale, colour)
    ours(short, view)


def _shorter(task: Task) -> Task:
    return replace(task, draws=task.draws[:3])


def main() -> None:
    asked = arguments(__doc__).parse_args()
    found = peers("lightly", "torchvision")
    warnings.simplefilter("ignore")
    flag = " --quick" if asked.quick else ""
    run = run_origin(f"python benchmarks/study.py{flag}", seeds=[0], threads=1, peers=found)
    rows: list[dict[str, object]] = []
    with one_thread():
        for name in SETS:
            rows += contest(name, asked.quick)
    keep("bench_study", asked, rows, run)


def contest(name: str, quick: bool) -> list[dict[str, object]]:
    """Both on every view of a set, interleaved, and their sums."""
    plan, scales, view = planned(name, quick)
    colour = plan.images.channels == 3
    warm(plan, plan.views[0], scales[0], colour)
    rows: list[dict[str, object]] = []
    for scale in scales:
        spec = view.replace("{s}", str(scale))
        for library, (parts, accuracy) in (
            ("lightly", lightly(plan, scale, colour)),
            ("goodviews", ours(plan, spec)),
        ):
            rows += [
                {
                    "set": name,
                    "view": spec,
                    "library": library,
                    "part": part,
                    "seconds": seconds,
                    "images_shown": plan.settings.epochs * len(plan.splits.pretrain),
                    "accuracy": accuracy,
                }
                for part, seconds in (*parts.items(), ("all", sum(parts.values())))
            ]
    table(name, rows)
    return rows


def beside(seconds: Mapping[str, float | None]) -> str:
    """Seconds of both, and how many times ours the rival's are."""
    theirs, own = seconds.get("lightly"), seconds.get("goodviews")
    shown = ["      —" if value is None else f"{value:7.2f}" for value in (theirs, own)]
    ratio = f"{theirs / own:5.1f}x" if theirs and own else "      "
    return f"lightly {shown[0]} ours {shown[1]} {ratio}"


def table(name: str, rows: list[dict[str, Any]]) -> None:
    """Print seconds by part, summed over the views."""
    total: dict[tuple[str, str], float] = {}
    for row in rows:
        key = row["part"], row["library"]
        total[key] = total.get(key, 0.0) + row["seconds"]
    views, images_shown = len({row["view"] for row in rows}), rows[0]["images_shown"]
    times = SHOWN / images_shown
    print(f"\n{name}: CPU seconds, {views} views, one seed, {images_shown:,} images shown to each")
    print(f"{'':16} as run{'':29} computed for {SHOWN:,} images shown")
    sums = dict.fromkeys(("lightly", "goodviews"), 0.0)
    for part in ("views", "encoder", "readouts", "bound", "one view alone", "rest", "all"):
        own = {library: total.get((part, library)) for library in sums}
        more = {
            library: value * (times if part in ("views", "encoder") else 1)
            for library, value in own.items()
            if value is not None
        }
        if part == "all":
            more = sums
        sums = {library: value + more.get(library, 0.0) for library, value in sums.items()}
        print(f"{part:16} {beside(own)}   {beside(more)}", flush=True)
    for library in ("lightly", "goodviews"):
        level = np.mean([row["accuracy"] for row in rows if row["library"] == library])
        print(f"{library}: mean readout {level:.3f}")


if __name__ == "__main__":
    main()
