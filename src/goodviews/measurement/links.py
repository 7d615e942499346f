"""Encoders that are trained on links, stopped by links that are not trained on.

Letters: N nodes, F representation.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch

from goodviews.encoders import GraphEncoders
from goodviews.evaluation.links import LinkSplit, link_auc, link_predictor
from goodviews.training import Settings, train_graphs


def train_on_links(
    split: LinkSplit,
    *,
    settings: Settings,
    seed: int,
    start: Callable[[Any], None] | None = None,
    looks: int = 10,
) -> GraphEncoders:
    """Train an encoder on the training links and keep its best weights.

    The best weights are those with the highest AUC of the validation links, of several looks on
    the way; without validation links they are the last ones.

    Args:
        split: The split; only its training graph and its validation links are used.
        settings: Settings of a method, such as ``goodviews.methods.method("gae")``.
        seed: Random seed of the run.
        start: Function that loads weights into the new encoders.
        looks: Number of looks.

    Returns:
        The encoders, in evaluation mode.

    Example:
        >>> from goodviews.evaluation import split_links
        >>> from goodviews.graphs import make_graph
        >>> from goodviews.training import Settings
        >>> ring = make_graph([list(range(20)), [*range(1, 20), 0]], torch.eye(20))
        >>> settings = Settings(
        ...     encoder="gcn(width=4)", head="identity()", views="identity()",
        ...     objective="link_likelihood()", epochs=2, batch=100,
        ... )
        >>> train_on_links(split_links(ring), settings=settings, seed=0).represent(ring).shape
        torch.Size([20, 4])
    """
    every = max(settings.epochs // looks, 1)
    best: tuple[float, dict[str, Any]] | None = None
    steps = 0

    def look(learner: Any, _: Any) -> None:
        nonlocal best, steps
        steps += 1
        if steps % every and steps != settings.epochs:
            return
        learner.encoders.eval()
        found = validation_auc(learner.encoders.represent, split)
        learner.train()
        if best is None or found > best[0]:
            best = found, copy.deepcopy(learner.encoders.state_dict())

    watch = look if split.val.shape[1] else None
    made = train_graphs(split.graph, settings=settings, seed=seed, start=start, watch=watch)
    encoders: Any = made.encoders
    if best is not None:
        encoders.load_state_dict(best[1])
    return encoders  # type: ignore[no-any-return]


def validation_auc(encode: Any, split: LinkSplit, *, decoder: str = "dot") -> float:
    """AUC of the validation links of a split, by an encoder or a heuristic.

    Args:
        encode: From a graph to (N, F), or the name of a heuristic.
        split: The split.
        decoder: As in :func:`goodviews.evaluation.link_predictor`.

    Example:
        >>> from goodviews.evaluation import split_links
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(40)), [*range(1, 40), 0]], nodes=40)
        >>> validation_auc("common_neighbours", split_links(ring)) <= 0.5  # no triangles
        True
    """
    with torch.no_grad():
        predictor = link_predictor(encode, split, decoder=decoder)
    others = predictor(split.val_negatives.view(2, -1, split.ratio)).numpy()
    return link_auc(predictor(split.val).numpy(), others).value
