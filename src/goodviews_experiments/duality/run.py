"""Contrastive and non-contrastive methods under one roof: how far apart are they?

SimCLR, VICReg and the two losses between them train the same encoder on the same views with
the same optimiser, projectors and seeds; only the loss differs (Garrido et al., 2023, section
6, at a small scale). Each method first tries as many settings as the others, on one run that
is not used again, compared on labels that are not used for the reported accuracy. Two variants of
SimCLR with other normalisations are run as well, and the untrained encoder is evaluated.

Letters: V rows of the comparison, S seeds, N test items.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import Interval, run_origin, write_json, write_table, write_text
from goodviews.data import load
from goodviews.jobs.study.statistics import Layout
from goodviews.pages.methods import methods_page
from goodviews.training import Settings
from goodviews_experiments.duality.trials import UNTRAINED, Trial, judged_run

METHODS = {
    "SimCLR": (
        "ntxent(temperature=0.1)",
        "ntxent(temperature=0.15)",
        "ntxent(temperature=0.2)",
        "ntxent(temperature=0.5)",
    ),
    "VICReg": (
        "vicreg(scale='paper')",
        "vicreg(scale='code')",
        "vicreg(invariance=5.0, variance=10.0, scale='code')",
        "vicreg(invariance=2.5, variance=5.0, scale='code')",
    ),
    "VICReg-exp": (
        "vicreg_exp(invariance=1.0, variance=1.0, temperature=0.2, scale='paper')",
        "vicreg_exp(invariance=2.5, variance=5.0, temperature=0.2, scale='code')",
        "vicreg_exp(invariance=5.0, variance=10.0, temperature=0.1, scale='code')",
        "vicreg_exp(invariance=10.0, variance=20.0, temperature=0.1, scale='code')",
    ),
    "VICReg-ctr": (
        "vicreg_ctr(invariance=1.0, variance=1.0, temperature=0.2, scale='paper')",
        "vicreg_ctr(invariance=2.5, variance=5.0, temperature=0.2, scale='code')",
        "vicreg_ctr(invariance=10.0, variance=10.0, temperature=0.2, scale='code')",
        "vicreg_ctr(invariance=5.0, variance=10.0, temperature=0.1, scale='code')",
    ),
}
"""Four settings to choose from for each method."""


@dataclass(frozen=True)
class Duality:
    """Settings of the run; see the module's words.

    Attributes:
        data: A known name or a path; its own test images report.
        size: Side of the images in pixels.
        train: Images to pretrain on, the first of a random order; all by default.
        views: Spec of the views, the same for all.
        encoder: Backbone.
        heads: Projectors.
        epochs: Passes of a run.
        tuning_epochs: Passes of a run that only chooses settings, with the first projector.
        seeds: Numbers of the runs.
        grid: Settings that each method tries; the first alone is taken without a try.
        every: Steps between two looks at the embeddings of a batch.
    """

    data: str = "cifar10_exact"
    size: int = 32
    train: int | None = None
    views: str = "crop(scale=(0.2, 1), size=24)|flip()|jitter(0.5, p=0.8)|grey(p=0.2)"
    encoder: str = "convnet(width=16)"
    heads: tuple[str, ...] = ("128-128-128", "1024-1024-128")
    epochs: int = 6
    tuning_epochs: int = 3
    seeds: tuple[int, ...] = (0, 1, 2)
    grid: int = 4
    every: int = 12


SCALE = {
    "test": Duality(
        data="digits",
        size=8,
        train=250,
        views="translate(0.15)|noise(0.1)",
        encoder="convnet(width=4)",
        heads=("16-8", "32-8"),
        epochs=1,
        seeds=(0, 1),
        grid=1,
        every=1,
    ),
    "cpu": Duality(),
    "gpu": Duality(
        data="imagenette96",
        size=64,
        views="simclr()",
        encoder="resnet18(stem='small')",
        heads=("512-512-512", "2048-512", "2048-2048-512"),
        epochs=200,
        tuning_epochs=20,
        seeds=tuple(range(5)),
    ),
}


def duality(*, scale: str, out: Path) -> Path:
    """Run the methods and write their rows, comparisons, boards and a figure.

    Args:
        scale: ``test``, ``cpu`` (about 12 minutes on one thread) or ``gpu``.
        out: The folder to write to: ``rows.csv`` (a row per run), ``tuning.csv``,
            ``methods.csv`` (levels), ``comparisons.csv`` (differences), ``training.csv``
            (off-diagonals on the way), ``boards.json``, ``figure.svg`` and the page
            ``index.html``.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    command = f"goodviews reproduce duality --scale {scale}"
    run = run_origin(command, seeds=settings.seeds, settings=asdict(settings))
    images = load(settings.data, size=settings.size)
    run["data"] = {"name": images.name, "source": images.source, "hash": images.hash}
    usual = Settings(
        views=settings.views,
        encoder=settings.encoder,
        head=settings.heads[0],
        schedule="cosine(warmup=0.5, floor=0.001)",
        epochs=settings.epochs,
        device="cpu" if scale != "gpu" else "auto",
    )
    trial = Trial.of(images, usual, train=settings.train, every=settings.every)
    tuning, chosen = [], {}
    for method, objectives in METHODS.items():
        tried = []
        for objective in objectives[: settings.grid] if settings.grid > 1 else ():
            one = replace(usual, objective=objective, epochs=settings.tuning_epochs)
            row, _, _ = judged_run(trial, one, seed=1000, report=False)
            tried.append({"method": method, **row})
        best = max(tried, key=lambda row: row["linear_top1"], default={"objective": objectives[0]})
        chosen[method] = best["objective"]
        tuning += tried
    rows, ways, boards = [], [], []
    for name, method, one in _runs(settings, usual, chosen):
        for seed in settings.seeds:
            about = {"row": name, "method": method, "head": one.head, "seed": seed}
            row, way, board = judged_run(trial, one, seed=seed, report=True)
            rows.append({**about, **row})
            ways += [{**about, **step} for step in way]
            if seed == settings.seeds[0] and way:
                boards.append({**about, "board": _short(board)})
    run["chosen"] = chosen
    write_table(out, rows, run)
    write_table(out, tuning, run, name="tuning")
    write_table(out, ways, run, name="training")
    levels, differences = comparisons(rows)
    write_table(out, levels, run, name="methods")
    write_table(out, differences, run, name="comparisons")
    write_json(out / "boards.json", boards)
    from goodviews_experiments.duality.figure import duality_figure

    duality_figure(out)
    write_text(out / "index.html", methods_page(out))
    return out


def _runs(
    settings: Duality, usual: Settings, chosen: dict[str, str]
) -> Iterator[tuple[str, str, Settings]]:
    """Name of the row, method and settings: each method with each head, then the variants."""
    for head in settings.heads:
        for method, objective in chosen.items():
            yield f"{method}, {head}", method, replace(usual, objective=objective, head=head)
    inside = chosen["SimCLR"].partition("(")[2].rstrip(")")
    for variant in ("A", "B"):
        objective = f"simclr_centred({inside}, variant='{variant}')"
        method = f"SimCLR variant {variant}"
        yield f"{method}, {usual.head}", method, replace(usual, objective=objective)
    none = replace(usual, name=UNTRAINED)
    yield f"{UNTRAINED}, {usual.head}", UNTRAINED, none


def right_of(rows: list[dict[str, Any]]) -> tuple[list[str], np.ndarray]:
    """Names of the rows of the comparison, and (V, S, N) which items their runs read right."""
    names = list(dict.fromkeys(str(row["row"]) for row in rows))
    count = int(rows[0]["items"])
    packed = [
        [
            np.frombuffer(bytes.fromhex(row["right"]), np.uint8)
            for row in rows
            if row["row"] == name
        ]
        for name in names
    ]
    return names, np.unpackbits(np.array(packed), axis=2, count=count).astype(float)


def comparisons(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Levels and differences of accuracy with 95 % intervals, in points of 100.

    Args:
        rows: Rows of the runs, each with ``row``, ``method``, ``head``, ``items`` and ``right``.

    Returns:
        A row per method and head; and rows of ``kind`` ``method`` (all pairs with one head,
        their intervals holding together), ``spread`` (the best less the worst of a head:
        what lies between its ends, the true range does too), ``head`` (the last projector
        less the first), ``normalisation`` (a variant less SimCLR) and ``learning`` (each row
        less the encoder as it was before training).
    """
    names, right = right_of(rows)
    trained = [name for name in names if not name.startswith(UNTRAINED)]
    layout = Layout(right, pooled=len(trained), shares=True)
    first = {str(row["row"]): row for row in reversed(rows)}
    heads = list(dict.fromkeys(str(first[name]["head"]) for name in names))
    levels = [
        {
            "row": name,
            "method": first[name]["method"],
            "head": first[name]["head"],
            "objective": first[name]["objective"],
            "seeds": layout.seeds,
            **_points(layout.level(place)),
        }
        for place, name in enumerate(names)
    ]
    found = []

    def add(kind: str, head: str, one: int, other: int, among: int) -> None:
        gap = layout.difference(one, other, among=among)
        pair = {"first": first[names[one]]["method"], "second": first[names[other]]["method"]}
        found.append({"kind": kind, "head": head, **pair, "among": among, **_points(gap)})

    for head in heads:
        own = [place for place, name in enumerate(names) if name in _plain(first, head)]
        order = sorted(own, key=lambda place: layout.items_VN[place].mean())
        add("spread", head, order[-1], order[0], len(own))
        found[-1]["low"] = max(found[-1]["low"], 0.0)
        for number, one in enumerate(own):
            for other in own[number + 1 :]:
                add("method", head, one, other, len(own))
    for method in METHODS:
        ends = [names.index(f"{method}, {head}") for head in (heads[-1], heads[0])]
        if ends[0] != ends[1]:
            add("head", f"{heads[-1]} less {heads[0]}", ends[0], ends[1], 1)
    base = names.index(f"SimCLR, {heads[0]}")
    for place, name in enumerate(names):
        if "variant" in name:
            add("normalisation", heads[0], place, base, 1)
    for place, name in enumerate(trained if len(trained) < len(names) else []):
        add("learning", str(first[name]["head"]), place, len(trained), 1)
    return levels, found


def _plain(first: dict[str, dict[str, Any]], head: str) -> list[str]:
    """Rows of the four methods with a head."""
    return [n for n, row in first.items() if row["head"] == head and row["method"] in METHODS]


def _short(value: Any) -> Any:
    """Numbers to five digits, throughout."""
    if isinstance(value, dict):
        return {name: _short(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_short(part) for part in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _points(interval: Interval) -> dict[str, float]:
    scaled = (100 * interval.value, 100 * interval.low, 100 * interval.high)
    return dict(zip(("points", "low", "high"), scaled, strict=True))
