"""Evaluation of an encoder of graphs: nodes or graphs, beside raw features and random weights.

Letters: N nodes or graphs, F representation.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import default_folder
from goodviews.core.errors import InputError, check_whole, refuse_options, unknown
from goodviews.core.files import read_json
from goodviews.core.interval import Interval
from goodviews.core.origin import run_origin, write_table
from goodviews.core.progress import Reporter
from goodviews.data.graphs import Graphs, is_graph_data, load_graphs
from goodviews.encoders import GraphEncoders, build_graph_encoders, load_encoder
from goodviews.encoders.graphs.backbones import GRAPH_BACKBONES, is_pooled, pooled
from goodviews.evaluation.graph_readout import (
    FOLDS,
    accuracy_interval,
    gap_interval,
    graph_readout,
    node_readout,
)
from goodviews.evaluation.links import LinkSplit, split_links
from goodviews.evaluation.node_splits import default_split, node_labels, node_splits
from goodviews.evaluation.protocols import Score
from goodviews.graphs import Graph, batch_graphs
from goodviews.jobs.evaluate.files import check_same, is_evaluation
from goodviews.jobs.evaluate.links import LinkEvaluation, evaluate_links
from goodviews.training.passport import PASSPORT

LEVELS = ("nodes", "graphs", "links")
LINK_OPTIONS = ("negatives", "decoder", "count")
RAW = "features"
"""Instead of an encoder: the features of the nodes, or their sum over a graph."""


@dataclass(frozen=True, eq=False)
class Opened:
    """An encoder of graphs.

    Attributes:
        name: Name in records.
        encoders: The encoders, or ``None`` for a table or raw features.
        table: (N, F), representations that were given.
        spec: Spec of the backbone, empty where there is none.
        about: What the run wrote about it.
    """

    name: str
    encoders: GraphEncoders | None
    table: np.ndarray | None
    spec: str
    about: Mapping[str, Any]


def takes_graphs(encoder: Any, data: Any) -> bool:
    """Whether an evaluation is one of graphs: by its data, or by the run of its encoder.

    Example:
        >>> takes_graphs("pixels", "digits"), takes_graphs("gcn(width=8)", "cora")
        (False, True)
    """
    if isinstance(encoder, GraphEncoders) or is_graph_data(data):
        return True
    folder = getattr(encoder, "folder", encoder)
    return isinstance(folder, str | Path) and "level" in _about(Path(folder)).get("data", {})


def evaluate_graphs(
    encoder: Any,
    data: Any,
    *,
    task: str | None,
    graphs: Mapping[str, Any],
    seed: int,
    seeds: int,
    out: str | Path | None,
    command: str,
    progress: Reporter,
) -> tuple[Path, list[Score], list[str], list[Path], LinkEvaluation | None]:
    """Evaluate an encoder of graphs; :func:`goodviews.evaluate` describes the arguments.

    Args:
        encoder: Run of :func:`goodviews.pretrain` or its folder, encoders, the spec of a backbone
            with random weights, ``"features"``, or (N, F) representations.
        data: Graphs (default: those of the run, by name).
        task: Labels to use (default: the first).
        graphs: ``features`` and ``directed`` of ``load_graphs``; ``level``, ``split`` (one of
            :data:`goodviews.evaluation.node_splits.SPLITS`) and ``splits``, the number of random
            ones; for links ``negatives``, ``decoder`` and ``count``.
        seed: Random seed of splits and folds.
        seeds: Number of encoders with random weights to compare with.
        out: Folder for the tables.
        command: The original command.
        progress: Called with what is counted.

    Returns:
        Folder, scores, notes and files, and what was found about links.

    Raises:
        InputError: Something given cannot be used; the message says what to type.
    """
    asked = {name: value for name, value in graphs.items() if value is not None}
    level, split = asked.pop("level", None), asked.pop("split", None)
    count = asked.pop("splits", None)
    about_links = {name: asked.pop(name) for name in LINK_OPTIONS if name in asked}
    one = _opened(encoder)
    if data is None:
        data = one.about.get("data", {}).get("name")
    read = load_graphs(data, **{**one.about.get("reading", {}), **asked})
    level = level or (read.level if read.level != "links" else "links")
    if level not in LEVELS:
        raise unknown("level", str(level), LEVELS)
    check_whole("seeds", seeds, 0, 10_000)
    if level == "links":
        refuse_options("nodes", "links are evaluated", split=split, splits=count, task=task)
        found = _links(one, read, about_links, seed, seeds, out, command, progress)
        return found.folder, [], [], found.files, found
    refuse_options("links", f"{level} are evaluated", **about_links)
    folder = Path(out) if out is not None else default_folder("evaluate", one.name, read.name)
    check_owner(folder, "evaluate", own=is_evaluation)
    run = run_origin(command, seeds=[seed])
    with claimed(folder, "evaluate", own=is_evaluation, say=progress.note):
        check_same(folder, one.name, read.hash, run["command"])
        judge = _Judge(read, level, split, task, 20 if count is None else count, seed)
        scores = _scores(one, read, judge, seeds, seed, progress)
        notes = _notes(one, read, judge)
        run |= {
            "encoder": one.name,
            "detail": one.spec,
            "data": {"name": read.name, "hash": read.hash, "level": level},
            "split": {"protocol": judge.protocol, "hash": judge.hash},
            "notes": notes,
        }
        write_table(folder, [asdict(score) for score in scores], run)
    return folder, scores, notes, [folder / "rows.csv"], None


def _links(
    one: Opened,
    read: Graphs,
    options: Mapping[str, Any],
    seed: int,
    seeds: int,
    out: str | Path | None,
    command: str,
    progress: Reporter,
) -> LinkEvaluation:
    """Links of the split that a run was trained with, or of a new one."""
    if one.table is not None:
        raise InputError(
            "Representations alone do not show which links they were made from; name the folder "
            "of a run of goodviews pretrain --level links, or a backbone such as gcn(width=64)."
        )
    if one.spec and is_pooled(one.spec):
        raise InputError(
            f"Links need representations of nodes, but {one.spec} has pool; leave it out."
        )
    split = _link_split(one, read)
    encode: Any = one.spec
    if one.encoders is not None:
        encode = one.encoders.eval().represent
    elif one.name == RAW:
        encode = _features_of
    more = dict(options)
    more.setdefault("decoder", "dot" if one.about.get("method") in ("gae", "vgae") else "cosine")
    if one.spec:
        more["encoder"] = one.spec
    return evaluate_links(
        encode, read, name=one.name, split=split, seed=seed, seeds=seeds, out=out,
        command=command, progress=progress, **more,
    )  # fmt: skip


def _features_of(graph: Graph) -> torch.Tensor:
    return graph.features


def _link_split(one: Opened, read: Graphs) -> LinkSplit | None:
    """The split that the run was trained with; ``None`` for an encoder that was not trained."""
    trained, known = one.about.get("data", {}), dict(one.about.get("split") or {})
    if trained.get("hash") != read.hash:
        return None
    if known.pop("level", None) != "links":
        raise InputError(
            f"{one.name} was pretrained on all {read.graph.edges.shape[1]:,} links of "
            f"{read.name}, so its test links are not new to it; pretrain with --level links, "
            "which leaves them out."
        )
    wanted = known.pop("hash", None)
    split = split_links(read.graph, **known)
    if wanted not in (None, split.hash):
        raise InputError(
            f"{one.name} was pretrained with another split of the links of {read.name}; read the "
            "graph in the same way (--features), or pretrain again."
        )
    return split


class _Judge:
    """The readout of one task on fixed splits, the same for every representation."""

    def __init__(
        self, read: Graphs, level: str, split: str | None, task: str | None, count: int, seed: int
    ) -> None:
        self.level, self.seed = level, seed
        if level != read.level:
            raise InputError(
                f"level is {level}, but {read.name} has labels of {read.level}; leave level out."
            )
        if task is not None and task not in read.labels:
            raise unknown("task", task, read.labels)
        self.task = task or next(iter(read.labels), "")
        if level == "nodes":
            self.labels = node_labels(read, self.task)
            self.kind = split or default_split(read)
            self.splits = node_splits(read, self.kind, task=self.task, count=count, seed=seed)
            self.fitted = len(self.splits[0].train)
            self.tested = len(self.splits[0].test)
            self.hash = self.splits[0].hash
            self.protocol = f"nodes {self.kind}"
        else:
            if split is not None:
                raise InputError(
                    f"split is {split!r}, but graphs are tested by {FOLDS} nested folds; leave it "
                    "out."
                )
            self.labels = read.labels[self.task].numpy()
            self.tested = int((self.labels >= 0).sum())
            self.fitted = self.tested - self.tested // FOLDS
            self.hash, self.protocol = read.hash, f"graphs {FOLDS} folds"

    def __call__(self, table: np.ndarray) -> list[np.ndarray]:
        """Whether each tested item of each split is right."""
        if len(table) != len(self.labels):
            raise InputError(
                f"There are {len(table):,} representations for {len(self.labels):,} {self.level}."
            )
        if self.level == "nodes":
            return node_readout(table, self.labels, self.splits)
        return [graph_readout(table, self.labels, seed=self.seed)[1]]

    @property
    def chance(self) -> float:
        """Share of the most common class."""
        known = self.labels[self.labels >= 0]
        return float(np.bincount(known).max() / len(known))


def _scores(
    one: Opened, read: Graphs, judge: _Judge, seeds: int, seed: int, progress: Reporter
) -> list[Score]:
    whole = read.graphs[0] if len(read) == 1 else batch_graphs(read.graphs)
    tables: list[tuple[str, np.ndarray, int | None]] = [
        (one.name, _table(one, whole, judge), None)
    ]
    if one.name != RAW:
        tables.append((f"raw {RAW}", _raw(whole, judge.level), None))
    if one.encoders is not None and one.spec:
        for number in range(seeds):
            blank = build_graph_encoders(one.spec, whole, head="identity()", seed=number)
            tables.append(("random weights", _represent(blank, whole), number))
    found, rights = [], []
    for place, (name, table, weights) in enumerate(tables, start=1):
        right = judge(table)
        rights.append(right)
        value = accuracy_interval(right)
        spread = float(np.std([r.mean() for r in right], ddof=1)) if len(right) > 1 else None
        role = "encoder" if place == 1 else "baseline"
        found.append(_score(name, role, value, judge, spread, len(right), seed, weights))
        progress("representations evaluated", place, len(tables))
    for (name, _, weights), right in list(zip(tables, rights, strict=True))[1:]:
        gap = gap_interval(rights[0], right)
        about = f"{one.name} - {name}"
        found.append(_score(about, "difference", gap, judge, None, len(right), seed, weights))
    return found


def _score(
    name: str,
    role: str,
    value: Interval,
    judge: _Judge,
    spread: float | None,
    draws: int,
    seed: int,
    number: int | None,
) -> Score:
    return Score(
        encoder=name,
        role=role,
        task=judge.task,
        protocol=judge.protocol,
        top1=value.value,
        top1_low=value.low,
        top1_high=value.high,
        spread=spread,
        draws=draws,
        chance=judge.chance,
        fitted=judge.fitted,
        tested=judge.tested,
        split=judge.hash,
        seed=seed,
        encoder_seed=number,
    )


def _opened(encoder: Any) -> Opened:
    """An encoder from what the user gave."""
    if isinstance(encoder, GraphEncoders):
        return Opened("encoder", encoder, None, encoder.made_of["encoder"], {})
    if isinstance(encoder, np.ndarray | torch.Tensor):
        return Opened("array", None, np.asarray(encoder, dtype=np.float32), "", {})
    given = getattr(encoder, "folder", encoder)
    text = str(given)
    if text == RAW:
        return Opened(RAW, None, None, "", {})
    if text.partition("(")[0] in GRAPH_BACKBONES and not Path(text).exists():
        is_pooled(text)  # raises: the spec is wrong
        return Opened(text, None, None, text, {})
    path = Path(text).expanduser()
    if path.suffix == ".npy":
        if not path.is_file():
            raise InputError(f"There is no file {path}.")
        return Opened(path.stem, None, np.load(path, allow_pickle=False).astype("f4"), "", {})
    if not path.exists():
        raise InputError(
            f"{text} is not an encoder of graphs: expected the folder of a run of goodviews "
            f"pretrain, a backbone such as gcn(width=256), an .npy file, or {RAW}."
        )
    encoders, about = load_encoder(path)
    if not isinstance(encoders, GraphEncoders):
        raise InputError(f"{path} holds an encoder of images, but these are graphs.")
    return Opened(path.name, encoders, None, encoders.made_of["encoder"], about)


def _table(one: Opened, whole: Graph, judge: _Judge) -> np.ndarray:
    if one.table is not None:
        return one.table
    if one.name == RAW:
        return _raw(whole, judge.level)
    if (judge.level == "graphs") != is_pooled(one.spec):
        hint = "add pool='sum'" if judge.level == "graphs" else "leave pool out"
        raise InputError(
            f"{judge.level} are evaluated, but the encoder {one.spec} represents "
            f"{'graphs' if judge.level == 'nodes' else 'nodes'}; {hint}."
        )
    encoders = one.encoders or build_graph_encoders(one.spec, whole, head="identity()", seed=0)
    inputs = encoders.made_of["inputs"]
    if inputs != whole.features.shape[1]:
        raise InputError(
            f"The encoder was trained on {inputs:,} features, but the nodes have "
            f"{whole.features.shape[1]:,}; read them in the same way (--features)."
        )
    return _represent(encoders, whole)


@torch.no_grad()
def _represent(encoders: GraphEncoders, whole: Graph) -> np.ndarray:
    table: np.ndarray = encoders.eval().represent(whole).numpy()
    return table


def _raw(whole: Graph, level: str) -> np.ndarray:
    whole.need_features("The baseline of raw features")
    table = pooled(whole.features, whole, "sum") if level == "graphs" else whole.features
    found: np.ndarray = table.numpy()
    return found


def _notes(one: Opened, read: Graphs, judge: _Judge) -> list[str]:
    trained, notes = one.about.get("data", {}), []
    if trained and trained.get("hash") != read.hash:
        notes.append(f"The encoder was trained on {trained.get('name')}, not on this data.")
    elif trained and judge.level == "nodes":
        notes.append(
            "The encoder was trained on the same graph without labels (transductive): test nodes "
            "were in it, their labels were not."
        )
    if str(one.about.get("settings", {}).get("objective", "")).startswith("cross_entropy"):
        notes.append(
            "The encoder learned from labels: compare it on the split that it was trained with."
        )
    if judge.level == "nodes" and len(judge.splits) > 1:
        notes.append(f"Intervals are over {len(judge.splits)} splits, which share nodes.")
    return notes


def _about(folder: Path) -> dict[str, Any]:
    file = folder / PASSPORT
    found = read_json(file) if file.is_file() else {}
    return found if isinstance(found, dict) else {}
