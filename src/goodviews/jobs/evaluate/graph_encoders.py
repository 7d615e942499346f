"""Encoders of graphs as an evaluation gets them, and what is known of their training.

Letters: N nodes or graphs, F representation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core.errors import InputError
from goodviews.core.files import read_json
from goodviews.data.graphs import Graphs, is_graph_data
from goodviews.encoders import GraphEncoders, build_graph_encoders, load_encoder
from goodviews.encoders.graphs.backbones import GRAPH_BACKBONES, is_pooled, pooled
from goodviews.evaluation.links.split import links_hash
from goodviews.graphs import Graph
from goodviews.training.passport import PASSPORT

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


def opened(encoder: Any) -> Opened:
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


def same_graph(one: Opened, read: Graphs) -> bool:
    """Whether the run was trained on this graph, with these or other features."""
    trained = one.about.get("data", {})
    links = links_hash(read.graph) if len(read) == 1 else None
    return trained.get("hash", "") == read.hash or bool(trained.get("links", "") == links)


def learned_from_labels(one: Opened, read: Graphs) -> bool:
    """Whether the run learned from labels of this graph."""
    objective = str(one.about.get("settings", {}).get("objective", ""))
    return objective.startswith("cross_entropy") and same_graph(one, read)


def table_of(one: Opened, whole: Graph, level: str) -> np.ndarray:
    """(N, F) representations of the nodes, or of the graphs where these are evaluated."""
    if one.table is not None:
        return one.table
    if one.name == RAW:
        return raw_features(whole, level)
    if (level == "graphs") != is_pooled(one.spec):
        hint = "add pool='sum'" if level == "graphs" else "leave pool out"
        raise InputError(
            f"{level} are evaluated, but the encoder {one.spec} represents "
            f"{'graphs' if level == 'nodes' else 'nodes'}; {hint}."
        )
    encoders = one.encoders or build_graph_encoders(one.spec, whole, head="identity()", seed=0)
    check_features(encoders, whole)
    return represented(encoders, whole)


def check_features(encoders: GraphEncoders, whole: Graph) -> None:
    """Check that the nodes have as many features as the encoder expects."""
    inputs = encoders.made_of["inputs"]
    if inputs != whole.features.shape[1]:
        raise InputError(
            f"The encoder was trained on {inputs:,} features, but the nodes have "
            f"{whole.features.shape[1]:,}; read them in the same way (--features)."
        )


@torch.no_grad()
def represented(encoders: GraphEncoders, whole: Graph) -> np.ndarray:
    """(N, F) representations by encoders in evaluation mode."""
    table: np.ndarray = encoders.eval().represent(whole).numpy()
    return table


def raw_features(whole: Graph, level: str) -> np.ndarray:
    """(N, F) features of the nodes, or their sums over the graphs."""
    whole.need_features("The baseline of raw features")
    table = pooled(whole.features, whole, "sum") if level == "graphs" else whole.features
    found: np.ndarray = table.numpy()
    return found


def _about(folder: Path) -> dict[str, Any]:
    file = folder / PASSPORT
    found = read_json(file) if file.is_file() else {}
    return found if isinstance(found, dict) else {}
