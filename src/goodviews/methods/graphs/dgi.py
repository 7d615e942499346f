"""DGI (Veličković et al., 2019): nodes against a summary of the graph, without views.

The corrupted graph has permuted features. The code stops when the training loss has not fallen
for 20 epochs; here the run has 300 epochs, as in the example of PyTorch Geometric. The paper
divides the features of a node by their sum: load the graph with ``features="rows"``.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="dgi",
    source="Veličković et al., 2019, arXiv:1809.10341",
    views="identity()",
    encoder="gcn(width=512, layers=1, act='prelu')",
    head="identity()",
    objective="local_global()",
    optimiser="adam(lr=0.001)",
    schedule="constant()",
    batch=1000000,
    epochs=300,
)
