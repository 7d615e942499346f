"""What learning views of a graph leaves behind: the record, its tables, and words.

Letters: E edges.
"""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from goodviews.core.interval import Interval
from goodviews.core.origin import write_table
from goodviews.core.text import ends, number
from goodviews.data.graphs import Graphs
from goodviews.graphs import Graph
from goodviews.jobs.learn_views.graphs.roles import GraphRoles
from goodviews.training.view_learning import GraphGame, GraphGameResult, GraphHistory
from goodviews.training.view_learning.graph_looks import GRAPH_GAME_VERDICTS
from goodviews.views.graphs.generator import DropGenerator

Row = dict[str, Any]
FORMAT = 1


def graph_record(
    data: Graphs,
    roles: GraphRoles,
    game: GraphGame,
    learned: GraphGameResult,
    *,
    rows: list[Row],
    tried: list[Row],
    spec: str,
) -> Row:
    """The content of ``learned.json`` for graphs.

    Args:
        data: The graphs.
        roles: Who did what.
        game: Settings of the game.
        learned: What the game found, with the chosen generator.
        rows: The learned view, then what it is compared with.
        tried: Generators that new encoders measured.
        spec: Spec of the learned views.
    """
    metric = "AUC" if roles.level == "links" else "accuracy"
    return {
        "format": FORMAT,
        "kind": "graphs",
        "data": {"name": data.name, "hash": data.hash, "level": roles.level, "what": repr(data)},
        "mode": game.mode,
        "task": roles.task,
        "metric": metric,
        "spec": spec,
        "settings": asdict(game),
        "rows": [{key: one for key, one in row.items() if key != "items"} for row in rows],
        "tried": [{key: one for key, one in row.items() if key != "row"} for row in tried],
        "looks": [asdict(look) for look in learned.history.looks],
        "ceiling_nats": rows[0]["ceiling_nats"],
        "verdict": learned.verdict,
        "verdict_said": "" if learned.verdict == "fine" else GRAPH_GAME_VERDICTS[learned.verdict],
        "stopped": learned.history.stopped,
        "summary": roles.summary,
        "headline": headline(rows, metric),
        "estimate": roles.level != "graphs",
        "rates": rates_of(learned.generator, roles),
    }


def headline(rows: list[Row], metric: str) -> str:
    """How the learned view compares with fixed rates of the same shares, in one sentence.

    Args:
        rows: The learned view first.
        metric: ``accuracy`` or ``AUC``.
    """
    ours = rows[0]
    found = f"The learned view shares {number(ours['nats'], 2)} nats by new encoders"
    fixed = next((row for row in rows if row["name"] == "fixed rates"), None)
    if fixed is None:
        return f"{found}; it was not compared with fixed views."
    less, more = Interval(*fixed["less_nats"]), Interval(*fixed["more_points"])
    nats = _sign(less, "less than", "more than", "significantly different from")
    points = _sign(more, "higher with it", "lower with it", "significantly different")
    return (
        f"{found}, {nats} fixed rates that keep as much ({number(fixed['nats'], 2)}); the "
        f"{metric} is {points} ({number(more.value, 1, signed=True)} points "
        f"{ends(more.low, more.high, 1)})."
    )


def _sign(gap: Interval, above: str, below: str, neither: str) -> str:
    return above if gap.low > 0 else below if gap.high < 0 else f"not {neither}"


@torch.no_grad()
def rates_of(generator: DropGenerator, roles: GraphRoles) -> Row:
    """Rates of the generator: their spread, and by the classes that an edge joins.

    Args:
        generator: The generator.
        roles: The graph and its labels.
    """
    data = roles.data
    graph = data if isinstance(data, Graph) else data.batch(range(min(len(data), 256)))
    rates = generator.edge_rates(graph)
    low, middle, high = (float(rates.quantile(share)) for share in (0.1, 0.5, 0.9))
    found: Row = {"edges": {"low": low, "middle": middle, "high": high}}
    if roles.level == "nodes":
        labels = torch.from_numpy(roles.labels)
        first, second = labels[graph.edges]
        known = (first >= 0) & (second >= 0)
        same = known & (first == second)
        for name, chosen in (("same_class", same), ("other_class", known & ~same)):
            value = float(rates[chosen].mean()) if bool(chosen.any()) else math.nan
            found[name] = None if math.isnan(value) else value
    degree = graph.degree[graph.edges].float().mean(0)
    if float(rates.std()) > 1e-6 and float(degree.std()) > 0:
        both = torch.stack([rates.argsort().argsort().float(), degree.argsort().argsort().float()])
        found["degree_correlation"] = float(torch.corrcoef(both)[0, 1])
    if (columns := generator.column_rates()) is not None:
        low, middle, high = (float(columns.quantile(share)) for share in (0.1, 0.5, 0.9))
        found["columns"] = {"low": low, "middle": middle, "high": high}
    return found


def write_graph_tables(folder: Path, ran: Row, history: GraphHistory, found: Row) -> None:
    """Write ``looks.csv``, ``comparison.csv`` and ``log.csv``, with ``run.json``.

    Args:
        folder: Folder of the run.
        ran: Content of ``run.json``.
        history: Record of the game.
        found: Content of ``learned.json``.
    """
    write_table(folder, found["looks"], ran, name="looks")
    rows = [
        {key: one for key, one in row.items() if not isinstance(one, list)}
        for row in found["rows"]
    ]
    columns = dict.fromkeys(key for row in rows for key in row)
    whole = [{key: row.get(key) for key in columns} for row in rows]
    write_table(folder, whole, ran, name="comparison")
    losses = [{"step": step, "loss": one} for step, one in enumerate(history.losses, 1)]
    write_table(folder, losses, ran, name="log")
