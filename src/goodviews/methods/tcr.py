"""Total coding rate: expand all embeddings and pull the views together (EMP-SSL, MCR2).

The log-determinant of the covariance is maximised; its eps and weight differ in the literature.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="tcr",
    source="Yu et al., 2020, arXiv:2006.08558; Garrido et al., 2023, table 1",
    views="simclr()",
    head="2048-128",
    objective="tcr(eps_squared=0.2, gamma=20.0)",
    optimiser="lars(lr=0.3, momentum=0.9, weight_decay=1e-06, eta=0.001)",
    batch=256,
    encoder="resnet(depth=50, stem='imagenet')",
    schedule="cosine(warmup=10, floor=0.001)",
    epochs=100,
)
