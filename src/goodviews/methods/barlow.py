"""Barlow Twins (Zbontar et al., 2021).

The cross-correlation of standardised embeddings is pulled to the identity; lambda is 0.005.
Biases and norms have a learning rate of their own.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="barlow",
    source="Zbontar et al., 2021, arXiv:2103.03230",
    views="barlow()",
    head="8192-8192-8192",
    objective="barlow(redundancy=0.005)",
    optimiser="lars(lr=0.2, bias_lr=0.0048, momentum=0.9, weight_decay=1e-06, eta=0.001)",
    batch=2048,
    encoder="resnet(depth=50, stem='imagenet')",
    schedule="cosine(warmup=10, floor=0.001)",
    epochs=100,
)
