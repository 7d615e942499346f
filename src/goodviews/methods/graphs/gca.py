"""GCA (Zhu et al., 2021): GRACE with rates that spare central nodes and their features.

The numbers are those of Amazon Photo in the code of the paper, with degree as the centrality;
but for the learning rate: at the 0.1 of the code all embeddings become equal on Cora. There the
whole graph is the batch; here a step draws 1,024 anchors.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="gca",
    source="Zhu et al., 2021, arXiv:2010.14945",
    views="gca()",
    encoder="gcn(width=256, hidden=512, layers=2)",
    head="mlp(dim=64)",
    objective="ntxent(temperature=0.3)",
    optimiser="adam(lr=0.001, weight_decay=1e-05)",
    schedule="constant()",
    batch=1024,
    epochs=2500,
)
