"""What a study of graphs was: the content of ``run.json``, and sentences in terms of graphs."""

import re
from dataclasses import replace

from goodviews.core.records.codec import from_json, to_json
from goodviews.core.records.run import Data, Splits
from goodviews.core.records.verdict import Verdict
from goodviews.core.text import counted
from goodviews.jobs.study.graphs.plan import GraphPlan
from goodviews.jobs.study.verdict.measured import every_sentence

_NOUNS = {"nodes": "nodes", "graphs": "graphs", "links": "nodes"}


def about_graphs(plan: GraphPlan) -> Data:
    """The graphs of a study."""
    data, graph = plan.data, plan.data.graphs[0]
    edges = sum(one.edges.shape[1] for one in data.graphs)
    kind = "directed" if graph.directed else "undirected"
    return Data(
        name=data.name,
        task_data=None,
        count=len(data) if plan.level == "graphs" else data.nodes,
        height=0,
        width=0,
        channels=0,
        source=data.source,
        range="",
        hash=data.hash,
        skipped=(),
        display=_DISPLAY,
        labelled={task.name: int((task.labels >= 0).sum()) for task in plan.tasks},
        classes={task.name: tuple(task.classes) for task in plan.tasks},
        notes=tuple(data.notes),
        noun=_NOUNS[plan.level],
        extent=f"{data.nodes:,} nodes, {edges:,} {kind} edges, {graph.features.shape[1]:,} "
        "features of each node",
    )


_DISPLAY = (
    "a node with neighbours of up to two steps; colours are classes, thin grey lines edges that "
    "the view drops, hollow circles nodes that it drops; the bar below has the features of the "
    "node in the middle, those that are set to 0 in grey"
)


def graph_splits(plan: GraphPlan) -> Splits:
    """Parts of the nodes, graphs or links, and the protocol in words."""
    task = plan.tasks[0]
    noun, held = _NOUNS[plan.level], f"{plan.held:,}"
    said = (
        f"Encoders are pretrained on {len(plan.pretrain):,} {noun}, and {held} are held out for "
        "the shared information"
    )
    if plan.blocks is not None:
        said += (
            ": they stay in the graph, but are neither anchors nor negatives. Nodes of one graph "
            "are not independent, so the value is an estimate about this graph and not a lower "
            f"bound, and errors are taken over {counted(int(plan.blocks.max()) + 1, 'block')} of "
            "neighbouring nodes"
        )
    protocol = plan.protocol[0].upper() + plan.protocol[1:]
    return Splits(
        pretrain=len(plan.pretrain),
        held_out=plan.held,
        test=int((~task.choose).sum()),
        choose=int(task.choose.sum()),
        labels=task.budget,
        label_draws=len(task.draws),
        protocol=f"{said}. {protocol}.",
        hash=plan.fingerprint,
    )


def in_graph_words(verdict: Verdict, plan: GraphPlan) -> Verdict:
    """The verdict with nodes, graphs or links, and with the baseline's name, in all sentences.

    Args:
        verdict: A verdict whose sentences are about images.
        plan: The study.
    """
    words = _WORDS[plan.level]

    def change(text: str) -> str:
        for old, new in words.items():
            text = re.sub(rf"\b{old}\b", new, text)
        return text[:1].upper() + text[1:] if text[:1].islower() and _starts(text) else text

    made: Verdict = from_json(Verdict, every_sentence(to_json(verdict), change), "the verdict")
    ceiling = replace(made.ceiling, estimate=plan.blocks is not None)
    return replace(made, ceiling=ceiling)


def _starts(text: str) -> bool:
    return text.endswith(".") and text.startswith(("with ", "a supervised"))


def _labelled_words(noun: str, name: str) -> dict[str, str]:
    return {
        "train from scratch": f"train a {name}",
        "training from scratch": f"a {name}",
        "from scratch": name,
        "The same images": f"The same {noun}",
        "images": noun,
        "Bounds": "Estimates",
        "bounds": "estimates",
        "bound": "estimate",
    }


_WORDS: dict[str, dict[str, str]] = {
    "nodes": _labelled_words("nodes", "supervised GCN"),
    "graphs": {
        old: new
        for old, new in _labelled_words("graphs", "supervised GIN").items()
        if "ound" not in old
    },
    "links": {
        "train from scratch": "train a graph autoencoder",
        "training from scratch": "a graph autoencoder",
        "from scratch": "graph autoencoder",
        "Use features only with logistic regression": "Use the features alone",
        "a linear probe on this view": "the cosine of representations from this view",
        "linear probe": "cosine",
        "test images": "test links",
        "images": "nodes",
        "labels": "links",
        "Shuffled links": "Shuffled labels",
        "Bounds": "Estimates",
        "bounds": "estimates",
        "bound": "estimate",
    },
}
