"""Whitening MSE (Ermolov et al., 2021).

Embeddings are whitened in sub-batches; the loss only pulls pairs together.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="wmse",
    source="Ermolov et al., 2021, arXiv:2007.06346",
    views="simclr()",
    encoder="resnet(depth=50, stem='imagenet')",
    head="1024-64",
    objective="wmse(sub_batch=128)",
    optimiser="adam(lr=0.002, weight_decay=1e-06)",
    schedule="cosine(warmup=2)",
    batch=512,
    epochs=1000,
)
