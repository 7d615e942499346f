"""What ``views show`` says and draws of a graph: what each step loses, and some neighbourhoods.

Letters: N nodes, E edges.
"""

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from goodviews.core.intervals import NORMAL
from goodviews.data.graphs import Graphs
from goodviews.graphs import Graph, adjacency, batch_graphs, blocks
from goodviews.measurement import shared_graph_nats
from goodviews.methods import method
from goodviews.views.graphs import GraphChain, GraphKey, GraphViewPair
from goodviews.views.graphs.base import positions
from goodviews.views.graphs.pictures import ego_pictures

_EPOCHS = 60
"""Epochs of the encoder of ``--bound``."""
_ENCODER = "gcn(width=64, hidden=128, layers=2)"
_OPTIMISER = "adam(lr=0.002, weight_decay=1e-05)"
_SHOWN, _MANY = 6, 256
"""Nodes that are drawn; graphs of a set that are looked at."""

Row = dict[str, Any]


def look_at_views(pair: GraphViewPair, data: Graphs, *, command: str, seed: int = 0) -> Row:
    """Draw both views of a graph, step by step.

    Args:
        pair: The views.
        data: A graph, or many, of which the first 256 are looked at.
        command: A command that uses the view, to copy.
        seed: Random seed of the draws.

    Returns:
        What :func:`goodviews.pages.views.graphs.graph_views_page` shows.

    Raises:
        InputError: The views cannot take the graph.
    """
    graph = data.graph if len(data) == 1 else batch_graphs(data.graphs[:_MANY])
    column = data.labels.get(next(iter(data.labels), "")) if data.level == "nodes" else None
    labels = None if column is None else column.tolist()
    sides = []
    for which, chain in enumerate((pair.first, pair.second)):
        stages = _stages(chain, graph, GraphKey(seed, view=which))
        view = stages[-1][1] if stages else graph
        drawn = ego_pictures(graph, view, labels=labels, count=_SHOWN)
        sides.append({
            "rows": [_lost(name, graph, one) for name, one in stages],
            "pictures": [tuple(map(_uri, both)) for both in drawn],
        })  # fmt: skip
    return {
        "spec": repr(pair),
        "same": repr(pair.first) == repr(pair.second),
        "data": data.name,
        "what": repr(data)[1:-1].partition(": ")[2],
        "graphs": graph.graphs,
        "seed": seed,
        "labels": labels is not None,
        "before": _lost("the graph", graph, graph),
        "sides": sides,
        "command": command,
    }


def _stages(chain: GraphChain, graph: Graph, key: GraphKey) -> list[tuple[str, Graph]]:
    """The graph after each step, by its spec; what was drawn is what training draws."""
    params, made, view = chain.sample(graph, key), [], graph
    for place, step in enumerate(chain.steps):
        prefix = f"{place}.{step.name}."
        own = {k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)}
        view = step.apply(view, own)
        made.append((repr(step), view))
    return made


def _lost(name: str, graph: Graph, view: Graph) -> Row:
    """What is left of a graph: counts and shares."""
    from scipy.sparse.csgraph import connected_components

    place = positions(graph, view.node_names)
    own, there = _codes(graph, graph.edges), _codes(graph, place[view.edges])
    kept = torch.isin(own, there)
    parts, _ = connected_components(adjacency(view), directed=False)
    joined = torch.zeros(view.nodes, dtype=torch.bool)
    joined[view.edges.flatten()] = True
    some = graph.features[place] != 0
    values = int((graph.features != 0).sum())
    return {
        "step": name,
        "nodes": view.nodes,
        "edges": int(view.edges.shape[1]),
        "kept_edges": float(kept.float().mean()) if len(kept) else 1.0,
        "added": int((~torch.isin(there, own)).sum()),
        "isolated": int((~joined).sum()),
        "components": int(parts),
        "kept_features": float((some & (view.features != 0)).sum()) / values if values else 1.0,
    }


def _codes(graph: Graph, pairs: torch.Tensor) -> torch.Tensor:
    """One number for each pair, the same in both directions where edges have none."""
    return pairs.amin(0) * graph.nodes + pairs.amax(0)


def _uri(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=85, method=4)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def shared_by_graph(
    pair: GraphViewPair, data: Graphs, *, seed: int, progress: Callable[[str, int, int], None]
) -> str:
    """Train a small encoder with a view and estimate what its two views share, in one sentence.

    Args:
        pair: The views.
        data: A graph, or many.
        seed: Random seed of the run.
        progress: Called with what is counted, how many are done and how many there are.
    """
    pooled = len(data) > 1
    usual = method("graphcl" if pooled else "grace")
    count = len(data) if pooled else data.graph.nodes
    order = np.random.default_rng(0).permutation(count)
    held, rest = np.sort(order[: count // 5]), np.sort(order[count // 5 :])
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        progress("epochs trained", done, epochs)

    epochs = 10 if pooled else _EPOCHS
    settings = replace(usual, epochs=epochs, batch=min(usual.batch, 384, len(rest)), device="cpu")
    if not pooled:
        settings = replace(settings, encoder=_ENCODER, head="mlp(dim=64)", optimiser=_OPTIMISER)
    found = shared_graph_nats(
        pair,
        data if pooled else data.graph,
        settings=settings,
        seed=seed,
        pretrain_on=rest,
        held_out=held,
        candidates=min(len(held), 512),
        blocks=None if pooled else blocks(data.graph).numpy(),
        tick=tick,
    ).estimate
    nats, ceiling = max(found.nats, 0.0), found.ceiling_nats or 0.0
    low, high = (max(nats + k * NORMAL * found.stderr_nats, 0.0) for k in (-1, 1))
    what = "at least" if pooled else "about"
    tail = "" if pooled else " Of one graph this is an estimate, no bound."
    return (
        f"The two views share {what} {nats:.1f} nats [{low:.1f}, {high:.1f}] by an encoder "
        f"trained for {epochs} epochs (ceiling {ceiling:.1f}).{tail}"
    )


def lost_lines(seen: Row) -> list[str]:
    """The table of what each step loses, a line per step.

    Args:
        seen: What :func:`look_at_views` found.
    """
    head = ("step", "nodes", "edges", "kept", "added", "isolated", "components", "features kept")
    lines = ["{:<44} {:>8} {:>9} {:>7} {:>7} {:>9} {:>10} {:>13}".format(*head)]
    for which, side in enumerate(seen["sides"]):
        if which and seen["same"]:
            break
        rows = side["rows"] if which else [seen["before"], *side["rows"]]
        for row in rows:
            plain = seen["same"] or row is seen["before"]
            name = row["step"] if plain else f"v{which + 1}: {row['step']}"
            lines.append(
                f"{name[:44]:<44} {row['nodes']:>8,} {row['edges']:>9,} "
                f"{100 * row['kept_edges']:>5.0f} % {row['added']:>7,} {row['isolated']:>9,} "
                f"{row['components']:>10,} {100 * row['kept_features']:>11.0f} %"
            )
    return lines
