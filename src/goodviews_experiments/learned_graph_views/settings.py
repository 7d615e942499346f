"""Settings of the learned views of graphs: which graphs, how views are learned and judged."""

from dataclasses import dataclass, field

from goodviews.training.view_learning import GraphGame


@dataclass(frozen=True)
class LearnedDrops:
    """Settings of the run.

    Attributes:
        graphs: Known names of graphs with labels of nodes.
        modes: Modes of the game: without labels, and with those of the training nodes.
        game: Its other settings.
        judge_steps: Steps of the new encoders.
        seeds: Numbers of the runs.
    """

    graphs: tuple[str, ...] = ("cora", "citeseer", "actor")
    modes: tuple[str, ...] = ("unsupervised", "semi")
    game: GraphGame = field(default_factory=lambda: GraphGame(steps=100, device="cpu"))
    judge_steps: int = 100
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


SCALE = {
    "test": LearnedDrops(
        graphs=("texas",),
        game=GraphGame(steps=4, warm_up=1, look_every=2, encoder="gcn(width=8)", device="cpu"),
        judge_steps=2,
        seeds=(0, 1),
    ),
    "cpu": LearnedDrops(),
    "gpu": LearnedDrops(
        graphs=("cora", "citeseer", "actor", "chameleon", "photo"),
        game=GraphGame(steps=400, device="cuda"),
        judge_steps=300,
        seeds=tuple(range(10)),
    ),
}
