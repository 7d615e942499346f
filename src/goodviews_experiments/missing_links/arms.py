"""The arms of one split: who predicts the missing links, and the classes of nodes.

Letters: N nodes, F representation, m test links.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.data.graphs import Graphs
from goodviews.encoders import build_graph_encoders
from goodviews.evaluation import fit_logistic
from goodviews.evaluation.links import LinkPredictor, LinkSplit, link_predictor
from goodviews.evaluation.links import link_scores as scores_of
from goodviews.measurement import train_on_links, validation_auc
from goodviews.methods import method
from goodviews.training import train_graphs
from goodviews_experiments.missing_links.settings import MissingLinks

FROZEN, START = "contrastive, frozen", "GAE from contrastive"
HEURISTICS = ("common_neighbours", "adamic_adar", "degree_product")
_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Arm:
    """A predictor of links, and the representation it uses.

    Attributes:
        name: Name in the rows.
        predictor: Scores of pairs.
        table: (N, F) representation of the nodes; ``None`` for a heuristic.
        views: Views of its pretraining.
        logits: (N, C) of a classifier of its own.
    """

    name: str
    predictor: LinkPredictor
    table: Tensor | None = None
    views: str = ""
    logits: Tensor | None = None


def arms_of(data: Graphs, split: LinkSplit, settings: MissingLinks) -> list[Arm]:
    """Train every arm on the training graph of a split.

    Args:
        data: The graph with its labels and given splits of nodes.
        split: The split of its links.
        settings: Settings of the run.

    Returns:
        The arms: controls, then encoders.
    """
    graph, seed = split.graph, split.seed
    found = [Arm(name.replace("_", " "), link_predictor(name, split)) for name in HEURISTICS]
    random = build_graph_encoders(settings.encoder, graph, head="identity()", seed=seed)
    found += [
        _encoded("features only", lambda seen: seen.features, split),
        _encoded("random encoder", random.represent, split),
    ]
    if data.masks:
        found.append(_supervised(data, split, settings))
    gae = replace(
        method("gae"), encoder=settings.encoder, epochs=settings.gae_epochs, device="cpu"
    )
    plain = train_on_links(split, settings=gae, seed=seed)
    found.append(_encoded("GAE", plain.represent, split, decoder="dot"))
    grace = replace(
        method("grace"),
        encoder=settings.encoder,
        epochs=settings.epochs,
        batch=min(settings.anchors, graph.nodes),
        device="cpu",
    )
    tried = []
    for name, views in settings.views:
        made = train_graphs(graph, settings=replace(grace, views=views), seed=seed).encoders
        arm = _encoded(f"{FROZEN}: {name}", made.represent, split)
        area = validation_auc(made.represent, split, decoder="cosine")
        tried.append((area, made, replace(arm, views=name)))
    _, best, chosen = max(tried, key=lambda one: one[0])
    started = train_on_links(
        split, settings=gae, seed=seed, start=lambda new: new.load_backbone(best)
    )
    begun = _encoded(START, started.represent, split, decoder="dot")
    found += [arm for _, _, arm in tried]
    return [*found, replace(chosen, name=FROZEN), replace(begun, views=chosen.views)]


def _encoded(name: str, encode: Any, split: LinkSplit, decoder: str = "cosine") -> Arm:
    with torch.no_grad():
        table = encode(split.graph)
    return Arm(name, link_predictor(lambda _: table, split, decoder=decoder), table)


def _supervised(data: Graphs, split: LinkSplit, settings: MissingLinks) -> Arm:
    """A GCN trained on the labels of the training nodes."""
    train = data.masks["train"][0]
    (labels,) = data.labels.values()
    own = replace(
        method("gcn"), encoder=settings.encoder, epochs=settings.label_epochs, device="cpu"
    )
    known = torch.where(train, labels, -1)
    made: Any = train_graphs(split.graph, settings=own, labels=known, seed=split.seed).encoders
    with torch.no_grad():
        logits = made.embed(0, split.graph)
    return replace(_encoded("supervised GCN", made.represent, split), logits=logits)


def measured(arm: Arm, data: Graphs, count: int) -> tuple[Row, dict[str, np.ndarray]]:
    """The row of an arm, and its probabilities of test links and of one negative of each.

    Args:
        arm: The arm.
        data: The graph with its labels.
        count: Negatives of each test link.
    """
    row: Row = {"arm": arm.name, "views": arm.views}
    chances = {}
    for kind in ("uniform", "degree"):
        found = scores_of(arm.predictor, negatives=kind, count=count)
        mark = "" if kind == "uniform" else "matched_"
        row |= {f"{mark}{name}": value for name, value in found.row().items()}
        if kind == "uniform":
            links, others = found.probabilities()
            chances = {f"links {arm.name}": links, f"others {arm.name}": others[:, 0]}
    row["node_accuracy"] = None
    if data.masks and arm.table is not None:
        row["node_accuracy"] = node_accuracy(arm, data)
    return row, {name: value.astype(np.float32) for name, value in chances.items()}


def node_accuracy(arm: Arm, data: Graphs) -> float:
    """Accuracy on the test nodes of the given split, by a linear readout or its own classifier.

    The penalty of the readout is chosen on the validation nodes.

    Args:
        arm: The arm.
        data: The graph with its labels and masks.
    """
    (labels,) = data.labels.values()
    train, val, test = (data.masks[part][0] for part in ("train", "val", "test"))
    if arm.logits is not None:
        return float((arm.logits.argmax(1) == labels)[test].float().mean())
    assert arm.table is not None
    classes = int(labels.max()) + 1
    best = (-1.0, 0.0)
    for penalty in _PENALTIES:
        probe = fit_logistic(arm.table[train], labels[train], classes=classes, penalty=penalty)
        right = probe.log_probs(arm.table).argmax(1) == labels
        best = max(best, (float(right[val].float().mean()), float(right[test].float().mean())))
    return best[1]
