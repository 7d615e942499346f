"""GRACE (Zhu et al., 2020): NT-Xent of nodes, with negatives of both views.

Its loss, the mean over both views of each node's cross-entropy against the nodes of the other
view and of its own, is NT-Xent. The numbers are those of Cora in the code of the paper. There the
whole graph is the batch; here a step draws 1,024 anchors, which takes less time and memory.
The code has ELU in the projector, and no batch norm as here.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="grace",
    source="Zhu et al., 2020, arXiv:2006.04131",
    views="grace()",
    encoder="gcn(width=128, hidden=256, layers=2)",
    head="mlp(dim=128)",
    objective="ntxent(temperature=0.4)",
    optimiser="adam(lr=0.0005, weight_decay=1e-05)",
    schedule="constant()",
    batch=1024,
    epochs=200,
)
