"""BYOL (Grill et al., 2020).

A predictor regresses the embedding of a momentum encoder; the momentum rises from 0.996 to 1.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="byol",
    source="Grill et al., 2020, arXiv:2006.07733",
    views="byol()",
    encoder="resnet(depth=50, stem='imagenet')",
    head="4096-256",
    objective="byol()",
    predictor="predictor(hidden=4096)",
    momentum=0.996,
    momentum_rises=True,
    optimiser="lars(lr=0.2, momentum=0.9, weight_decay=1.5e-06, eta=0.001)",
    schedule="cosine(warmup=10)",
    batch=4096,
    epochs=1000,
)
