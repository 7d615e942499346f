"""Evaluation of an encoder of graphs: nodes or graphs, beside raw features and random weights.

Letters: N nodes or graphs, F representation.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import default_folder
from goodviews.core.errors import InputError, check_whole, refuse_options, unknown
from goodviews.core.interval import Interval
from goodviews.core.origin import run_origin, write_table
from goodviews.core.progress import Reporter
from goodviews.data.graphs import Graphs, load_graphs
from goodviews.encoders import build_graph_encoders
from goodviews.evaluation.graph_readout import (
    FOLDS,
    accuracy_interval,
    gap_interval,
    graph_readout,
    node_readout,
)
from goodviews.evaluation.node_splits import default_split, labels_split, node_labels, node_splits
from goodviews.evaluation.protocols import Score
from goodviews.graphs import batch_graphs
from goodviews.jobs.evaluate.files import check_same, is_evaluation
from goodviews.jobs.evaluate.graph_encoders import (
    RAW,
    Opened,
    learned_from_labels,
    opened,
    raw_features,
    represented,
    same_graph,
    table_of,
)
from goodviews.jobs.evaluate.graph_links import evaluate_run_links
from goodviews.jobs.evaluate.links import LinkEvaluation

LEVELS = ("nodes", "graphs", "links")
LINK_OPTIONS = ("negatives", "decoder", "count")


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
    one = opened(encoder)
    if data is None:
        data = one.about.get("data", {}).get("name")
    read = load_graphs(data, **{**one.about.get("reading", {}), **asked})
    level = level or (read.level if read.level != "links" else "links")
    if level not in LEVELS:
        raise unknown("level", str(level), LEVELS)
    check_whole("seeds", seeds, 0, 10_000)
    if level == "links":
        refuse_options("nodes", "links are evaluated", split=split, splits=count, task=task)
        found = evaluate_run_links(one, read, about_links, seed, seeds, out, command, progress)
        return found.folder, [], [], found.files, found
    refuse_options("links", f"{level} are evaluated", **about_links)
    folder = Path(out) if out is not None else default_folder("evaluate", one.name, read.name)
    check_owner(folder, "evaluate", own=is_evaluation)
    run = run_origin(command, seeds=[seed])
    with claimed(folder, "evaluate", own=is_evaluation, say=progress.note):
        check_same(folder, one.name, read.hash, run["command"])
        drawn = seed
        if split is None and count is None and level == "nodes" and learned_from_labels(one, read):
            split, count, drawn = labels_split(read), 1, one.about["seed"]
        judge = _Judge(read, level, split, task, 20 if count is None else count, drawn)
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
        (one.name, table_of(one, whole, judge.level), None)
    ]
    if one.name != RAW:
        tables.append((f"raw {RAW}", raw_features(whole, judge.level), None))
    if one.encoders is not None and one.spec:
        for number in range(seeds):
            blank = build_graph_encoders(one.spec, whole, head="identity()", seed=number)
            tables.append(("random weights", represented(blank, whole), number))
    found, rights = [], []
    for place, (name, table, weights) in enumerate(tables, start=1):
        right = judge(table)
        rights.append(right)
        value = accuracy_interval(right)
        spread = float(np.std([r.mean() for r in right], ddof=1)) if len(right) > 1 else None
        role = "encoder" if place == 1 else "baseline"
        found.append(_score(name, role, value, judge, spread, len(right), seed, weights))
        progress("representations evaluated", place, len(tables))
    names = [name for name, _, _ in tables]
    for name in dict.fromkeys(names[1:]):
        same = [right for own, right in zip(names, rights, strict=True) if own == name]
        other = [np.mean(each, axis=0) for each in zip(*same, strict=True)]  # over seeds
        gap = gap_interval(rights[0], other)
        about = f"{one.name} minus {name}"
        found.append(_score(about, "difference", gap, judge, None, len(other), seed, None))
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


def _notes(one: Opened, read: Graphs, judge: _Judge) -> list[str]:
    trained, notes = one.about.get("data", {}), []
    learned = judge.level == "nodes" and learned_from_labels(one, read)
    if trained and not same_graph(one, read):
        notes.append(f"The encoder was trained on {trained.get('name')}, not on this data.")
    elif learned:
        options = {"task": judge.task, "count": 1, "seed": one.about["seed"]}
        own = node_splits(read, labels_split(read), **options)[0].hash
        notes.append(
            "The encoder learned from the labels of the training nodes of this split."
            if [split.hash for split in judge.splits] == [own]
            else "The encoder learned from labels of another split, and some of these nodes are "
            "tested here: leave --split and --splits out."
        )
    elif trained and judge.level == "nodes":
        notes.append(
            "The encoder was trained on the same graph without labels (transductive): test nodes "
            "were in it, their labels were not."
        )
    if judge.level == "nodes" and len(judge.splits) > 1:
        notes.append(f"Intervals are over {len(judge.splits)} splits, which share nodes.")
    return notes
