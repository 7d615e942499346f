"""What the page of an evaluation shows: scores, a map of the images, and nearest neighbours.

Letters: N images, n of them shown, F representation.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from goodviews.core.tokens import CLASSES
from goodviews.data import Images
from goodviews.data.display import picture
from goodviews.data.tasks import label_tasks
from goodviews.evaluation.plane import nearest_agreement, nearest_rows, plane
from goodviews.evaluation.protocols import Score
from goodviews.jobs.evaluate.represented import Represented
from goodviews.jobs.evaluate.table import score_tables

SHOWN = 3_000
"""Images on the map, at most; they are drawn at random."""

COLOURED = 4
"""Label columns by which the map is coloured, at most; groups are one more."""

ASKED, NEAR = 8, 6
"""Images whose neighbours are shown, and the number of neighbours."""

UNLABELLED, OTHERS = "no label", "other"


def atlas(
    found: Represented, scores: Sequence[Score], run: dict[str, Any], *, by: str
) -> dict[str, Any]:
    """Everything on the page.

    Args:
        found: The representations.
        scores: Their scores.
        run: Versions, commit and hardware.
        by: How the map is made, one of :data:`goodviews.evaluation.plane.PLANES`.

    Returns:
        Plain numbers, texts and lists.
    """
    images, encoder = found.images, found.encoder
    rng = np.random.default_rng([found.seed, 4])
    rows = np.sort(rng.permutation(len(images))[:SHOWN])
    columns = _columns(found)
    content: dict[str, Any] = {
        "encoder": encoder.name,
        "detail": encoder.encoder.detail,
        "data": images.name,
        "features": int(encoder.features.shape[1]),
        "count": len(images),
        "shown": len(rows),
        "channels": images.channels,
        "tables": [
            {
                "task": table.task,
                "names": table.names,
                "rows": table.rows,
                "differences": table.differences,
            }
            for table in score_tables(scores)
        ],
        "notes": found.notes,
        "map": None,
        "agreement": [],
        "neighbours": _neighbours(found, columns, rng),
        "made": _made(found, run),
        "command": run["command"],
    }
    if len(rows) < 3:
        return content
    points, share = plane(encoder.features[rows], by=by, seed=found.seed)
    if found.tasks:
        content["agreement"] = _agreements(found, rows, points)
    content["map"] = {
        "by": by,
        "share": None if np.isnan(share) else share,
        "points": points.tolist(),
        "colourings": [
            {"name": name, "kinds": _kinds(values[rows], names)} for name, values, names in columns
        ],
    }
    return content


_TITLES = {"labels": ", the rarest of each image", "number": ", in ranges"}
"""What a colour stands for where it is not a class."""

Column = tuple[str, np.ndarray, Sequence[str]]
"""Name, (N,) numbers with -1 where there is none, and the names of the numbers."""


def _columns(found: Represented) -> list[Column]:
    """What colours the map: classes (or strata of labels and numbers), then groups."""
    images, tasks = found.images, label_tasks(found.images)
    made: list[Column] = [
        (name + _TITLES.get(task.kind, ""), task.strata, task.classes)
        for name, task in ((name, tasks[name]) for name in found.tasks[:COLOURED])
    ]
    if images.groups is not None:
        numbers = range(int(images.groups.max()) + 1)
        made.append(("group", images.groups, [f"group {number}" for number in numbers]))
    return made


def _kinds(values: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
    """The most common classes with their places, then all others, then those without a label."""
    counts = np.bincount(values[values >= 0], minlength=1)
    order = [int(one) for one in np.argsort(-counts, kind="stable") if counts[one]]
    common = sorted(order[: len(CLASSES)])
    made = [(str(names[number]), values == number) for number in common]
    made.append((OTHERS, np.isin(values, order[len(CLASSES) :])))
    made.append((UNLABELLED, values < 0))
    return [
        {"name": name, "rows": np.flatnonzero(where).tolist(), "rest": place >= len(common)}
        for place, (name, where) in enumerate(made)
        if where.any()
    ]


def _agreements(found: Represented, rows: np.ndarray, points: np.ndarray) -> list[dict[str, Any]]:
    """How often the nearest image has the same label: each representation, and the map."""
    labels = label_tasks(found.images)[found.tasks[0]].strata[rows]
    groups = found.images.groups
    known = labels >= 0
    groups = None if groups is None else groups[rows][known]
    if len(np.unique(labels[known])) < 2 or (groups is not None and len(np.unique(groups)) < 2):
        return []
    tried = [(one.name, _unit(one.features[rows])) for one in found.all if not one.seed]
    made = []
    for name, x in [("the map", points), *tried]:
        share, chance = nearest_agreement(x[known], labels[known], groups)
        made.append({"name": name, "share": share, "chance": chance})
    return made


def _unit(features: np.ndarray) -> np.ndarray:
    made: np.ndarray = features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-12)
    return made


def _neighbours(
    found: Represented, columns: Sequence[Column], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Some images, one of each class in turn, with their nearest neighbours."""
    images = found.images
    if len(images) < 2:
        return []
    rows = _asked(columns, len(images), rng)
    near, cosines = nearest_rows(found.encoder.features, rows, count=NEAR)
    shown = images.shown_range()
    column = columns[0] if columns else ("", np.full(len(images), -1), ())

    def tile(row: int, of: int, cosine: float | None) -> dict[str, Any]:
        number = int(column[1][row])
        asked = int(column[1][of])
        groups = images.groups
        return {
            "url": picture(images.batch(np.array([row]))[0].numpy(), *shown),
            "label": str(column[2][number]) if number >= 0 else "",
            "cosine": cosine,
            "same": number == asked if min(number, asked) >= 0 else None,
            "group": row != of and groups is not None and bool(groups[row] == groups[of]),
        }

    return [
        {
            "asked": tile(int(row), int(row), None),
            "near": [
                tile(int(one), int(row), float(cosine))
                for one, cosine in zip(near[place], cosines[place], strict=True)
            ],
        }
        for place, row in enumerate(rows)
    ]


def _asked(columns: Sequence[Column], count: int, rng: np.random.Generator) -> np.ndarray:
    """Images at random, one of each class in turn, in the order of the classes."""
    order = rng.permutation(count)
    if not columns:
        return np.sort(order[:ASKED])
    values = columns[0][1][order]
    turn = np.zeros(count, dtype=np.int64)
    for number in np.unique(values):
        turn[values == number] = np.arange((values == number).sum())
    chosen = order[np.lexsort((values < 0, turn))][:ASKED]
    return chosen[np.argsort(columns[0][1][chosen], kind="stable")]


def _made(found: Represented, run: dict[str, Any]) -> list[tuple[str, str]]:
    images: Images = found.images
    shape = f"{images.channels} × {images.height} × {images.width}"
    return [
        ("Data", f"{images.name}, {len(images):,} images of {shape}, {images.hash}"),
        ("Split", found.splits.hash),
        *[("Seen before", note) for note in found.notes],
        ("Versions", ", ".join(f"{name} {one}" for name, one in run["versions"].items())),
        ("Commit", str(run["commit"])),
        ("Hardware", str(run["hardware"])),
        ("Date", str(run["started"])[:10]),
    ]
