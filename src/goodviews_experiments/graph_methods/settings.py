"""What is trained: one trial for each published number."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """One method on one dataset.

    Attributes:
        name: Name in the rows.
        data: Known name of the graphs.
        method: Name of the method.
        split: Split of the nodes; empty for graphs, which are tested by nested folds.
        published: Accuracy of the paper or of its authors' code, in %; ``None`` without one.
        accept: Range in which the measured accuracy is a reproduction, in %.
        changes: Settings that differ from those of the method.
        features: As in ``load_graphs``.
        splits: Number of random splits.
        seeds: Random seeds of the runs.
    """

    name: str
    data: str
    method: str
    split: str
    published: float | None
    accept: tuple[float, float]
    changes: tuple[str, ...] = ()
    features: str = "as given"
    splits: int = 20
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclass(frozen=True)
class GraphMethods:
    """Settings of the experiment."""

    trials: tuple[Trial, ...]


_FIVE = (0, 1, 2, 3, 4)
_CITESEER = (
    "drop_edges(0.2, each_way=True)|mask_features(0.3)"
    " // drop_edges(0.0, each_way=True)|mask_features(0.2)"
)

TRIALS = (
    Trial("CCA-SSG Cora public", "cora", "ccassg", "public", 84.0, (82.0, 84.5), seeds=_FIVE),
    Trial("GRACE Cora 10/90", "cora", "grace", "10/90", 83.1, (82.0, 84.3)),
    Trial(
        *("GRACE CiteSeer 10/90", "citeseer", "grace", "10/90", 71.0, (70.3, 72.5)),
        changes=(
            "encoder=gcn(width=256, hidden=512, layers=2, act='prelu')",
            "head=mlp(dim=256)",
            "objective=ntxent(temperature=0.9)",
            "optimiser=adam(lr=0.001, weight_decay=1e-05)",
            f"views={_CITESEER}",
        ),
    ),
    Trial(
        *("DGI Cora public", "cora", "dgi", "public", 82.3, (81.0, 83.0)),
        features="rows",
        seeds=_FIVE,
    ),
    Trial(
        *("GraphCL NCI1", "nci1", "graphcl", "", 77.9, (74.0, 80.0)),
        changes=("views=drop_nodes(0.2)", "optimiser=adam(lr=0.001)"),
    ),
    Trial(
        *("CCA-SSG Photo 10/10/80", "photo", "ccassg", "10/10/80", 93.14, (92.0, 93.5)),
        changes=("views=drop_edges(0.3, each_way=True)|mask_features(0.2)",),
        seeds=(0,),
    ),
)
"""The numbers of CiteSeer are those of GRACE's code, those of Photo are those of CCA-SSG's."""

SCALE = {
    "test": GraphMethods(
        (
            Trial(
                *("CCA-SSG Texas", "texas", "ccassg", "10/10/80", None, (0.0, 100.0)),
                changes=("epochs=2", "encoder=gcn(width=16, last=False)"),
                splits=2,
                seeds=(0, 1),
            ),
            Trial(
                *("GraphCL MUTAG", "mutag", "graphcl", "", None, (0.0, 100.0)),
                changes=("epochs=1", "views=drop_nodes(0.2)"),
                seeds=(0,),
            ),
        )
    ),
    "cpu": GraphMethods(TRIALS),
    "gpu": GraphMethods(TRIALS),
}
