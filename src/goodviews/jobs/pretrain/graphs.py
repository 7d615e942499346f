"""Pretraining on graphs: the same run folder, with an encoder of nodes or of graphs.

Letters: N nodes or graphs.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import default_folder
from goodviews.core.errors import InputError, unknown
from goodviews.core.files import write_json
from goodviews.core.origin import run_origin, versions
from goodviews.core.progress import as_report
from goodviews.data.graphs import Graphs, load_graphs
from goodviews.encoders import GraphEncoders, load_encoder, save_encoder
from goodviews.encoders.graphs.backbones import build_graph_backbone, is_pooled
from goodviews.evaluation.links import LinkSplit, split_links
from goodviews.evaluation.links.split import links_hash
from goodviews.evaluation.node_splits import labels_split, node_splits
from goodviews.jobs.pretrain.files import ENCODER, is_run, view_of
from goodviews.jobs.pretrain.follower import Follower
from goodviews.methods import GRAPH_METHODS, METHODS
from goodviews.methods.adapt import adapted_graph_settings
from goodviews.spec.files import keep_beside, pin
from goodviews.training import Settings, TrainResult, change, launch, train_graphs
from goodviews.training.machine import check_machine
from goodviews.training.passport import PASSPORT
from goodviews.views.graphs import parse_graph_view

LEVELS = ("nodes", "graphs", "links")
SHARES: dict[str, Any] = {"val": 0.05, "test": 0.1, "calibration": 0.05}
"""Links that are kept from a run with ``level="links"``: shares of all links."""
WHOLE_MOST, USUAL = 50_000, 10
"""Nodes up to which the whole graph is encoded; neighbours that are sampled otherwise."""
_LISTED = "grace, gca, dgi, bgrl, ccassg, graphcl, gae, vgae or gcn"


class GraphStart:
    """The weights of another run, as a :class:`goodviews.training.state.Start`.

    Args:
        given: Folder of a run, or its encoder.

    Raises:
        InputError: It is not an encoder of graphs.
    """

    def __init__(self, given: str | Path) -> None:
        path = Path(given).expanduser()
        found, self.about = load_encoder(path)
        if not isinstance(found, GraphEncoders):
            raise InputError(f"{path} holds an encoder of images, but these are graphs.")
        file = path / ENCODER if path.is_dir() else path
        self.name, self.found = path.name, found
        self.identity = f"{self.name} {hashlib.sha256(file.read_bytes()).hexdigest()[:16]}"

    def __call__(self, encoders: Any) -> None:
        """Copy the backbone."""
        encoders.load_backbone(self.found)

    def check_links(self, links: str, *, missing: float, seed: int) -> None:
        """Check that the weights were not trained on links that the new run keeps or removes.

        Args:
            links: Hash of the links of the graph.
            missing: Share of the training links that the new run removes.
            seed: Seed of the new run.

        Raises:
            InputError: They were.
        """
        split = self.about.get("split") or {}
        kept = {"level": "links", **SHARES, "seed": seed}
        same = {name: split.get(name) for name in kept} == kept
        if self.about.get("data", {}).get("links") != links:
            return
        if not same or split.get("missing", 0.0) < missing:
            raise InputError(
                f"{self.name} was trained on links that this run keeps for its evaluation or "
                "removes; start from a run with --level links and the same --seed and --missing."
            )


def pretrain_graphs(
    data: Any,
    *,
    method: str | Settings | None,
    changes: list[str],
    views: str | Path | None,
    start: str | Path | None,
    out: str | Path | None,
    task: str | None,
    seed: int,
    graphs: Mapping[str, Any],
    track: str,
    hold_out: bool,
    stop_on_collapse: bool,
    command: str,
    say: Callable[[str], None],
    progress: Any,
) -> tuple[Path, TrainResult, Settings, Follower, list[str]]:
    """Pretrain on graphs; :func:`goodviews.pretrain` describes the arguments.

    Args:
        data: Graphs, in any form that :func:`goodviews.data.graphs.load_graphs` accepts.
        method: Name of a method of graphs, or settings.
        changes: Settings to change, as texts.
        views: Spec of both views, or a file that holds one.
        start: Run to take the backbone's weights from.
        out: Folder of the run.
        task: Labels that the supervised method learns from.
        seed: Random seed of the run.
        graphs: ``features`` and ``directed`` of :func:`load_graphs`; ``level``, and ``missing``,
            the share of training links that are removed where it is ``links``; ``neighbours``.
        track: Tracker besides ``log.csv``.
        hold_out: Refused: the nodes of one graph cannot be left out.
        stop_on_collapse: Whether a collapse ends the run.
        command: The original command.
        say: Called with each line of the log.
        progress: As in :func:`goodviews.pretrain`.

    Returns:
        Folder, result, settings, the follower with the verdict, and the rules.

    Raises:
        InputError: Something given cannot be used; the message says what to type.
    """
    if hold_out:
        raise InputError(
            "hold_out (--hold-out) is for images; the links of a graph are held out with "
            "level='links' (--level links)."
        )
    known = {name: value for name, value in graphs.items() if value is not None}
    level, missing = known.pop("level", None), known.pop("missing", None)
    asked = known.pop("neighbours", None)
    if level is not None and level not in LEVELS:
        raise unknown("level", str(level), LEVELS)
    if missing is not None and level != "links":
        raise InputError("missing (--missing) needs level='links' (--level links).")
    read = load_graphs(data, **known)
    read.graphs[0].need_features("An encoder of graphs")
    settings, rules, typed = _settings(method, changes, views, read, level)
    settings = replace(settings, views=pin(settings.views))
    check_machine(settings)
    neighbours, rule = _neighbours(asked, read, settings.encoder)
    rules += [rule] if rule else []
    pair = parse_graph_view(settings.views)
    folder = Path(out or default_folder("pretrain", read.name))
    check_owner(folder, "pretrain", own=is_run)
    begins = None if start is None else GraphStart(start)
    if begins is not None and "encoder" not in typed:
        settings = replace(settings, encoder=begins.found.made_of["encoder"])
    split = None
    if level == "links":
        split = split_links(read.graph, **SHARES, missing=missing or 0.0, seed=seed)
        if begins is not None:
            begins.check_links(links_hash(read.graph), missing=missing or 0.0, seed=seed)
    labels, told = _labels(read, settings, task, seed)
    with claimed(folder, "pretrain", own=is_run, say=say):
        keep_beside(settings.views, folder)
        fabric = launch(settings)
        what = repr(read)[1:-1].partition(": ")[2]
        say(f"{settings.name} on {read.name}, {what}: {settings.encoder}, views {settings.views}.")
        for sentence in [*rules, told, "" if split is None else f"Trained on {split!r}."]:
            if sentence:
                say(sentence)
        ran = run_origin(command, seeds=[seed], settings=asdict(settings), rules=rules)
        follower = Follower(
            folder,
            settings,
            fabric=fabric,
            every=max(settings.epochs // 10, 1),
            probe=None,
            track=track,
            stop=stop_on_collapse,
            say=say,
            progress=as_report(progress),
        )
        try:
            trained = train_graphs(
                read if split is None else split.graph,
                settings=settings,
                pair=pair,
                seed=seed,
                labels=labels,
                neighbours=neighbours,
                start=begins,
                folder=folder,
                watch=follower,
                fabric=fabric,
            )
        finally:
            follower.close()
        if not follower.called:
            follower.resume(trained.history)
            say("The run was finished before; its encoder is written again.")
        about = _passport(settings, repr(pair), read, known, split, seed, missing, begins)
        about["neighbours"] = list(neighbours)
        save_encoder(folder / ENCODER, trained.encoders, about=about)
        write_json(folder / PASSPORT, about)
        kept = {name: about[name] for name in ("split", "neighbours")}
        write_json(folder / "run.json", ran | {"health": follower.verdict} | kept)
    return folder, trained, settings, follower, [*rules, trained.rule]


def _settings(
    method: str | Settings | None,
    changes: list[str],
    views: str | Path | None,
    read: Graphs,
    level: str | None,
) -> tuple[Settings, list[str], list[str]]:
    """Settings with all changes, the rules that set numbers, and what was given."""
    name = method or ("graphcl" if read.level == "graphs" else "grace")
    if name in METHODS:
        raise InputError(f"{name} is for images, but these are graphs; choose {_LISTED}.")
    settings = GRAPH_METHODS.find(name) if isinstance(name, str) else name
    settings = change(settings, changes)
    typed = [text.partition("=")[0].strip() for text in changes]
    if (spec := view_of(views)) is not None:
        settings = replace(settings, views=spec)
    if not settings.views:
        raise InputError(f"{settings.name} has no views of its own; name some with --views.")
    settings, rules = adapted_graph_settings(settings, read, given=typed)
    pooled = is_pooled(settings.encoder)
    if level in ("nodes", "links") and pooled:
        raise InputError(
            f"level is {level}, but the encoder {settings.encoder} pools nodes; choose another, "
            "such as --backbone 'gcn(width=256)'."
        )
    if level == "graphs" and not pooled:
        raise InputError(
            f"level is graphs, but the encoder {settings.encoder} does not pool nodes; add "
            "pool='sum'."
        )
    return settings, rules, typed


def _neighbours(asked: Any, read: Graphs, encoder: str) -> tuple[tuple[int, ...], str]:
    """Neighbours that are sampled at each step away from the anchors, and the rule in words.

    Args:
        asked: Numbers, a text such as ``10,10``, ``all``, or nothing.
        read: The graphs.
        encoder: Spec of the backbone, which has a number for each of its layers.

    Raises:
        InputError: They are not whole numbers above 0, one for each layer.
    """
    if is_pooled(encoder):
        if asked in (None, "all"):
            return (), ""
        raise InputError(
            "neighbours (--neighbours) are sampled around nodes, but the encoder pools whole "
            "graphs; leave them out."
        )
    layers = len(build_graph_backbone(encoder, inputs=1).layers)
    if asked is None:
        if read.nodes <= WHOLE_MOST:
            return (), ""
        return (USUAL,) * layers, (
            f"{USUAL} neighbours of a node are sampled at each of {layers} layers, because the "
            f"graph has more than {WHOLE_MOST:,} nodes; --neighbours all takes all of them."
        )
    if asked == "all":
        return (), ""
    parts = asked.split(",") if isinstance(asked, str) else list(asked)
    counts = tuple(int(part) if str(part).strip().isdigit() else 0 for part in parts)
    if len(counts) != layers or min(counts) < 1:
        usual = ",".join([str(USUAL)] * layers)
        raise InputError(
            f"neighbours must be a whole number above 0 for each of the {layers} layers of "
            f"{encoder}, such as --neighbours {usual}, or all, but got {asked!r}."
        )
    return counts, ""


def _labels(
    read: Graphs, settings: Settings, task: str | None, seed: int
) -> tuple[np.ndarray | None, str]:
    """Labels of the training part, for a method that learns from them, and a sentence."""
    if not settings.objective.startswith("cross_entropy"):
        return None, ""
    if not read.labels:
        raise InputError(f"{settings.name} learns from labels, but {read.name} has none.")
    if task is not None and task not in read.labels:
        raise unknown("task", task, read.labels)
    column = read.labels[task or next(iter(read.labels))].numpy()
    kind = labels_split(read)
    first = node_splits(read, kind, task=task, count=1, seed=seed)[0]
    labels = np.full(len(column), -1)
    labels[first.train] = column[first.train]
    return labels, f"It learns from {len(first.train):,} labels: split {kind}, part train."


def _passport(
    settings: Settings,
    spelt: str,
    read: Graphs,
    reading: Mapping[str, Any],
    split: LinkSplit | None,
    seed: int,
    missing: float | None,
    start: GraphStart | None,
) -> dict[str, Any]:
    """What goes with the weights; images have :func:`goodviews.training.passport.passport`."""
    made = None
    if split is not None:
        made = {"level": "links", **SHARES, "missing": missing or 0.0, "seed": seed}
        made["hash"] = split.hash
    return {
        "views": settings.views,
        "views_spelt": spelt,
        "method": settings.name,
        "source": settings.source,
        "settings": asdict(settings),
        "data": {
            "name": read.name,
            "hash": read.hash,
            "level": read.level,
            "links": links_hash(read.graph) if len(read) == 1 else "",
        },
        "reading": dict(reading),
        "split": made,
        "seed": seed,
        "versions": versions(),
        "start": None if start is None else start.identity,
    }
