"""Supervised contrastive learning (Khosla et al., 2020).

Positives are all images of the same class.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="supcon",
    source="Khosla et al., 2020, arXiv:2004.11362",
    views="simclr()",
    encoder="resnet(depth=50, stem='imagenet')",
    head="mlp(dim=128)",
    objective="supcon(temperature=0.1)",
    optimiser="sgd(lr=0.125, momentum=0.9, weight_decay=0.0001)",
    schedule="cosine(warmup=10)",
    batch=1024,
    epochs=350,
)
