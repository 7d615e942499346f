"""What predicts links without pretraining: heuristics, a graph autoencoder, and links that leak.

Eight graphs of SEAL without features, 90 % of the links for training, as many uniform negatives
as links: common neighbours are compared with the published AUC. Degree-matched negatives show
what of a score comes from degrees alone. On Cora, 85 % of the links for training, a graph
autoencoder is trained, and encoders with random weights are given the training graph, as they must
be, and the whole graph.
"""

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core import Cells, intervals, run_origin, write_table
from goodviews.data.graphs import load_graphs
from goodviews.encoders import build_graph_encoders
from goodviews.evaluation.links import (
    HEURISTICS,
    LinkPredictor,
    link_predictor,
    link_scores,
    split_links,
)
from goodviews.methods import method
from goodviews.training import train_graphs

CN = ("common_neighbours", "uniform")
PUBLISHED = {
    ("usair", *CN): 93.8,
    ("ns", *CN): 94.4,
    ("pb", *CN): 92.0,
    ("yeast", *CN): 89.4,
    ("celegans", *CN): 85.1,
    ("power", *CN): 58.8,
    ("router", *CN): 56.4,
    ("ecoli", *CN): 93.7,
    ("cora", "gae", "uniform"): 91.0,
}
"""AUC in %: Zhang and Chen, 2018, arXiv:1802.09691; Kipf and Welling, 2016, arXiv:1611.07308."""

NEAR = 1.5
"""Points within which an AUC is the published one."""


@dataclass(frozen=True)
class LinkBaselines:
    """Settings of the run; see the module's words.

    Attributes:
        graphs: Known names of graphs without features.
        splits: Numbers of the random splits.
        count: Negatives of each link.
        featured: Graph with features, for the autoencoder and the leak.
        epochs: Epochs of the autoencoder; 0 for those of the paper.
        widths: Dimensions of the two layers with random weights.
    """

    graphs: tuple[str, ...] = tuple(name for name, score, _ in PUBLISHED if score == CN[0])
    splits: tuple[int, ...] = tuple(range(10))
    count: int = 10
    featured: str = "cora"
    epochs: int = 0
    widths: tuple[tuple[int, int], ...] = ((32, 8), (128, 64), (512, 256))


SCALE = {
    "test": LinkBaselines(
        graphs=("celegans",), splits=(0, 1), featured="texas", epochs=2, widths=((32, 8),)
    ),
    "cpu": LinkBaselines(),
    "gpu": LinkBaselines(splits=tuple(range(100))),
}

Row = dict[str, Any]


def link_baselines(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, one per graph, split, score and kind of negatives, and ``table.csv``.

    Args:
        scale: ``test``, ``cpu`` (about a minute on one thread) or ``gpu`` (100 splits).
        out: The folder to write to; splits are kept in ``items``, and a stopped run resumes.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    run = run_origin(
        f"goodviews reproduce link_baselines --scale {scale}",
        seeds=settings.splits,
        settings=asdict(settings),
    )
    cells = Cells(out / "items", asdict(settings))
    rows: list[Row] = []
    for name in settings.graphs:
        for seed in settings.splits:
            rows += cells(f"{name} {seed}", _heuristics, name, seed, settings.count)
    for seed in settings.splits:
        rows += cells(f"encoders {seed}", _encoders, settings, seed)
    write_table(out, rows, run)
    write_table(out, table(rows), run, name="table")
    return out


def _heuristics(name: str, seed: int, count: int) -> list[Row]:
    split = split_links(load_graphs(name).graph, val=0.0, test=0.1, seed=seed)
    rows = []
    for by in HEURISTICS:
        predictor = link_predictor(by, split)
        rows += [_row(name, by, predictor, kind, count) for kind in ("uniform", "degree")]
    return rows


def _row(name: str, score: str, predictor: LinkPredictor, kind: str, count: int) -> Row:
    split = predictor.split
    row = {"graph": name, "score": score, "negatives": kind, "split": split.seed}
    found = link_scores(predictor, negatives=kind, count=count).row()
    return {**row, **found, "links": split.test.shape[1], "hash": split.hash}


def _encoders(settings: LinkBaselines, seed: int) -> list[Row]:
    """A graph autoencoder; random weights on the training graph and on the whole one."""
    name, count = settings.featured, settings.count
    graph = load_graphs(name, features="rows").graph
    split = split_links(graph, seed=seed)
    gae = method("gae")
    gae = replace(gae, epochs=settings.epochs or gae.epochs, device="cpu")
    trained: Any = train_graphs(split.graph, settings=gae, seed=seed).encoders
    predictor = link_predictor(trained.represent, split, decoder="dot")
    rows = [_row(name, "gae", predictor, kind, count) for kind in ("uniform", "degree")]
    for first, last in settings.widths:
        spec = f"gcn(hidden={first}, width={last}, last=False)"
        encode = build_graph_encoders(spec, graph, head="identity()", seed=seed).represent
        with torch.no_grad():
            leaked = torch.nn.functional.normalize(encode(graph), dim=1)
        cheat = LinkPredictor("cosine", split, partial(_cosine, leaked))
        for mark, one in (("", link_predictor(encode, split)), (", test links leak", cheat)):
            rows.append(_row(name, f"random GCN {first}-{last}{mark}", one, "uniform", count))
    return rows


def _cosine(unit: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    return (unit[pairs[0]] * unit[pairs[1]]).sum(1)


def table(rows: list[Row]) -> list[Row]:
    """Mean AUC in % over the splits with its 95 % interval, beside the published one.

    Args:
        rows: One for each graph, split, score and kind of negatives.
    """
    found = []
    for key in dict.fromkeys((row["graph"], row["score"], row["negatives"]) for row in rows):
        mine = [row for row in rows if (row["graph"], row["score"], row["negatives"]) == key]
        name = next(name for name in mine[0] if name.startswith("auc@"))
        auc = intervals.student_interval(100 * np.array([row[name] for row in mine]))
        row = dict(zip(("graph", "score", "negatives"), key, strict=True))
        published = PUBLISHED.get(key)
        found.append(
            {
                **row,
                "splits": len(mine),
                name: auc.value,
                "low": auc.low if auc.known else None,
                "high": auc.high if auc.known else None,
                "published": published,
                "within_1.5": None if published is None else abs(auc.value - published) <= NEAR,
            }
        )
    return found
