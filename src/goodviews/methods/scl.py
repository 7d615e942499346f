"""Spectral contrastive learning (HaoChen et al., 2021).

Attraction by inner products, repulsion by their squares, on a ball of radius sqrt(mu).
"""

from goodviews.training import Settings

METHOD = Settings(
    name="scl",
    source="HaoChen et al., 2021, arXiv:2106.04156",
    views="simclr()",
    head="8192-8192-512",
    objective="spectral(mu=1.0)",
    optimiser="lars(lr=0.3, momentum=0.9, weight_decay=1e-06, eta=0.001)",
    batch=384,
    encoder="resnet(depth=50, stem='imagenet')",
    schedule="cosine(warmup=10, floor=0.001)",
    epochs=100,
)
