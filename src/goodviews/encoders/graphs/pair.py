"""The encoder of both views of a graph, with its projector.

Letters: N nodes, G graphs, B anchors, F representation, D embedding.
"""

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError
from goodviews.encoders.graphs.backbones import GraphBackbone, build_graph_backbone
from goodviews.encoders.heads import build_head
from goodviews.encoders.pair import PairEncoder
from goodviews.graphs import Graph


class Anchored:
    """A view of a graph, and which of its nodes or graphs are the examples of a batch.

    Attributes:
        graph: The view.
        rows: (B,) positions of the anchors; ``None`` for all.
        whole: The graph before the view.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> len(Anchored(make_graph([[0], [1]], nodes=2), torch.tensor([1])).rows)
        1
    """

    def __init__(
        self, graph: Graph, rows: Tensor | None = None, whole: Graph | None = None
    ) -> None:
        self.graph, self.rows = graph, rows
        self.whole = graph if whole is None else whole


class GraphEncoders(PairEncoder):
    """One backbone and projector for both views of graphs.

    Args:
        backbone: Module from a graph to (N, F) or (G, F).
        projector: Module from (B, F) to (B, D).

    Example:
        >>> from goodviews.graphs import make_graph
        >>> graph = make_graph([[0, 1], [1, 2]], torch.eye(3))
        >>> encoders = build_graph_encoders("gcn(width=8)", graph, head="linear(dim=5)", seed=0)
        >>> encoders.embed(0, Anchored(graph, torch.tensor([2]))).shape
        torch.Size([1, 5])
        >>> encoders.represent(graph).shape
        torch.Size([3, 8])
    """

    def __init__(self, backbone: GraphBackbone, projector: nn.Module) -> None:
        super().__init__([backbone], [projector])

    @property
    def backbone(self) -> GraphBackbone:
        """The backbone."""
        return self.backbones[0]  # type: ignore[return-value]

    @property
    def features(self) -> int:
        """Number of features F of the backbone."""
        return self.backbone.features

    def forward(  # type: ignore[override]
        self, v1: Anchored, v2: Anchored
    ) -> tuple[Tensor, Tensor]:
        """Embeddings (B, D) of the anchors in both views."""
        return self.embed(0, v1), self.embed(1, v2)

    def embed(self, which: int, view: Anchored | Graph) -> Tensor:  # type: ignore[override]  # noqa: ARG002
        """Embedding (B, D) of the anchors of a view, or of all nodes or graphs of a graph."""
        if isinstance(view, Graph):
            view = Anchored(view)
        h = self.backbone(view.graph)
        return self.projectors[0](h if view.rows is None else h[view.rows])

    def represent(self, graph: Graph) -> Tensor:  # type: ignore[override]
        """Representation of the nodes, (N, F), or of the graphs, (G, F), without views."""
        return self.backbone(graph)

    def load_backbone(self, other: "GraphEncoders") -> None:
        """Copy the weights of another backbone.

        Raises:
            InputError: It has other layers or widths.
        """
        try:
            self.backbone.load_state_dict(other.backbone.state_dict())
        except RuntimeError as error:
            raise InputError(
                f"The weights of {other.made_of['encoder']} do not fit "
                f"{self.made_of['encoder']}; use the same encoder."
            ) from error


def check_of_images(encoders: PairEncoder, path: object) -> None:
    """Check that an encoder is one of images.

    Args:
        encoders: The encoder.
        path: Its file, for the message.

    Raises:
        InputError: It is an encoder of graphs.
    """
    if isinstance(encoders, GraphEncoders):
        raise InputError(
            f"{path} holds an encoder of graphs, but images are expected here; use goodviews "
            "evaluate with the graph that it was trained on."
        )


def build_graph_encoders(text: str, graph: Graph, *, head: str, seed: int) -> GraphEncoders:
    """Make the encoders for views of graphs; the seed determines the initialisation.

    Args:
        text: Backbone spec, see :func:`build_graph_backbone`.
        graph: A graph with the features that will be encoded.
        head: Projector spec.
        seed: Random seed of the run.

    Returns:
        The encoders on the CPU.

    Raises:
        InputError: A spec is not valid, or the graph has no features.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> graph = make_graph([[0, 1], [1, 2]], torch.eye(3))
        >>> build_graph_encoders("mlp(width=4)", graph, head="identity()", seed=0).embedding
        4
    """
    graph.need_features("An encoder of graphs")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_empty_graph(encoder=text, head=head, inputs=graph.features.shape[1])


def build_empty_graph(*, encoder: str, head: str, inputs: int) -> GraphEncoders:
    """Make encoders of graphs with the default initialisation.

    Args:
        encoder: Backbone spec.
        head: Projector spec.
        inputs: Number of features of a node.

    Example:
        >>> build_empty_graph(encoder="gcn(width=8)", head="linear(dim=5)", inputs=3).embedding
        5
    """
    backbone = build_graph_backbone(encoder, inputs=inputs)
    made = GraphEncoders(backbone, build_head(head, backbone.features))
    made.made_of = {"encoder": encoder, "head": head, "inputs": inputs}
    return made
