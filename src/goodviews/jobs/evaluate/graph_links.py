"""Evaluation of an encoder of graphs on links, with the split that it was trained with.

Letters: N nodes, F representation.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from goodviews.core.errors import InputError
from goodviews.core.progress import Reporter
from goodviews.data.graphs import Graphs
from goodviews.encoders.graphs.backbones import is_pooled
from goodviews.evaluation.links import LinkSplit, split_links
from goodviews.graphs import Graph
from goodviews.jobs.evaluate.graph_encoders import RAW, Opened, check_features, same_graph
from goodviews.jobs.evaluate.links import LinkEvaluation, evaluate_links


def evaluate_run_links(
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
    if one.encoders is not None and not one.about.get("data"):
        raise InputError(
            "Encoders alone do not show which links they were trained on; name the folder of a "
            "run of goodviews pretrain --level links."
        )
    if one.spec and is_pooled(one.spec):
        raise InputError(
            f"Links need representations of nodes, but {one.spec} has pool; leave it out."
        )
    split = _link_split(one, read)
    encode: Any = one.spec
    if one.encoders is not None:
        check_features(one.encoders, read.graph)
        encode = one.encoders.eval().represent
    elif one.name == RAW:
        encode = _features_of
    more = dict(options)
    more.setdefault("decoder", "dot" if one.about.get("method") in ("gae", "vgae") else "cosine")
    if one.spec:
        more["encoder"] = one.spec
    if one.about and not same_graph(one, read):
        more["note"] = (
            f"{one.name} was trained on another graph, {one.about['data']['name']}: links that "
            "both have are not new to it."
        )
    return evaluate_links(
        encode, read, name=one.name, split=split, seed=seed, seeds=seeds, out=out,
        command=command, progress=progress, **more,
    )  # fmt: skip


def _features_of(graph: Graph) -> torch.Tensor:
    return graph.features


def _link_split(one: Opened, read: Graphs) -> LinkSplit | None:
    """The split that the run was trained with; ``None`` for an encoder that was not trained."""
    known = dict(one.about.get("split") or {})
    if not same_graph(one, read):
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
