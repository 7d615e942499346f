"""Learned rates of dropping, from the file of a generator, as a step of a spec.

Letters: N nodes, E edges, F features, G graphs of a batch.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.graphs import Graph
from goodviews.spec.files import find
from goodviews.views.base import Params, register
from goodviews.views.generators.storage import load_drop_generator
from goodviews.views.graphs.base import GraphKey, GraphView, positions
from goodviews.views.graphs.generator import DropGenerator
from goodviews.views.strength import check_strength

_AT_ONCE = 65536
"""Edges whose rates are computed at once, to bound memory."""


@register(
    "learned_drops",
    "edges and features dropped at learned rates, from a generator's file",
    strength="the rates",
    source="AD-GCL for learned rates of edges",
)
class LearnedDrops(GraphView):
    """Edges and columns of features dropped at the rates of a frozen generator.

    Both directions of an undirected edge are dropped together. Draws are those of ``drop_edges``
    and ``mask_features``. The rates are those of the whole graph, before all steps. The file is
    searched for as described in :mod:`goodviews.spec.files`.

    Attributes:
        file: Name or path of the file of the generator; only the name is stored.
        hash: Hash of its content; if empty, it is filled in.
        strength: Factor of the rates, from 0; no rate becomes larger than 1.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from goodviews.graphs import make_graph
        >>> from goodviews.views.generators import save_generator
        >>> from goodviews.views.graphs.generator import build_drop_generator
        >>> graph = make_graph([[0, 1], [1, 2]], torch.eye(3))
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder) / "g.safetensors"
        ...     _ = save_generator(file, build_drop_generator("drops(width=4)", inputs=3), {})
        ...     step = LearnedDrops(str(file))
        >>> {name: len(keep[0]) if keep.ndim > 1 else len(keep)
        ...  for name, keep in step.sample(graph, GraphKey(seed=0), graph).items()}
        {'keep': 2, 'columns': 3}
    """

    file: str = ""
    hash: str = ""
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Find and load the file."""
        check_strength("learned_drops", self.strength)
        path, hash = find(self.file, self.hash)
        generator = _read(path.absolute(), hash)
        name = path.name.replace(f"-{hash}", "")
        known: WeakKeyDictionary[Graph, _Known] = WeakKeyDictionary()
        for field, value in (
            ("file", name), ("hash", hash), ("_kept", generator), ("_known", known)
        ):  # fmt: skip
            object.__setattr__(self, field, value)

    @property
    def generator(self) -> DropGenerator:
        """Frozen generator."""
        kept: DropGenerator = self._kept  # type: ignore[attr-defined]
        return kept

    def rates(self, graph: Graph, whole: Graph) -> tuple[Tensor, Tensor | None]:
        """Rates of the edges of a graph, (E,), and of its columns, (F,) if they are dropped.

        Args:
            graph: The whole graph, a part of it, or either after other steps.
            whole: The graph that the rates depend on.
        """
        known: WeakKeyDictionary[Graph, _Known] = self._known  # type: ignore[attr-defined]
        device = graph.edges.device
        with torch.no_grad():
            if whole not in known:
                known[whole] = _Known(self.generator, whole.to("cpu"))
            edges, columns = known[whole].rates(graph), self.generator.column_rates()
        rates = [
            None if found is None else (self.strength * found).clamp(max=1).to(device)
            for found in (edges, columns)
        ]
        assert rates[0] is not None
        return rates[0], rates[1]

    def sample(self, graph: Graph, key: GraphKey, whole: Graph) -> Params:
        """Draw ``keep``, (E,) boolean, and ``columns``, (G, F) boolean, if they are dropped."""
        rates, columns = self.rates(graph, whole)
        drawn = edge_numbers(graph, key)
        params = {"keep": drawn >= rates}
        if columns is not None:
            params["columns"] = column_numbers(graph, key) >= columns
        return params

    def apply(self, graph: Graph, params: Params) -> Graph:
        """Keep the edges and columns drawn."""
        keep = params["keep"]
        if len(keep) != graph.edges.shape[1]:
            raise InputError("These parameters were drawn for another graph.")
        features = graph.features
        if "columns" in params:
            features = features.where(params["columns"][graph.graph_of], features.new_zeros(()))
        return replace(
            graph,
            features=features,
            edges=graph.edges[:, keep],
            weights=None if graph.weights is None else graph.weights[keep],
        )

    def at(self, strength: float) -> "LearnedDrops":
        """Scale the rates."""
        return replace(self, strength=self.strength * check_strength("learned_drops", strength))

    def __repr__(self) -> str:
        """Return the spec, with the name and the hash of the file."""
        more = "" if self.strength == 1 else f", strength={self.strength!r}"
        return f"{self.name}({self.file!r}, hash={self.hash!r}{more})"


class _Known:
    """What a generator knows of a whole graph: computed once, and kept while the graph exists."""

    def __init__(self, generator: DropGenerator, whole: Graph) -> None:
        self.generator, self.nodes = generator, generator.nodes(whole)
        self.edges = whole.edges
        self.whole = replace(whole, features=whole.features[:, :0])
        self.own = self._rates(whole.edges)

    def rates(self, graph: Graph) -> Tensor:
        """Rates (E,) of the edges of the whole graph or of a part of it."""
        if graph.edges is self.edges:
            return self.own
        return self._rates(positions(self.whole, graph.node_names.cpu())[graph.edges.cpu()])

    def _rates(self, edges: Tensor) -> Tensor:
        parts = [self.generator.rates_of(self.nodes, some) for some in edges.split(_AT_ONCE, 1)]
        return torch.cat(parts)


def edge_numbers(graph: Graph, key: GraphKey) -> Tensor:
    """Uniform numbers (E,) of the edges of a graph, those of ``drop_edges``."""
    own = key.arrows if graph.directed else key.pairs
    return own(graph, graph.edges).uniform(1)[:, 0]


def column_numbers(graph: Graph, key: GraphKey) -> Tensor:
    """Uniform numbers (G, F) of the columns of each graph, those of ``mask_features``."""
    return key.graphs(graph).uniform(graph.features.shape[1])


@lru_cache(maxsize=16)
def _read(path: Path, hash: str) -> DropGenerator:
    return load_drop_generator(path, hash)[0]
