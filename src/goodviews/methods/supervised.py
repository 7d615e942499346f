"""Supervised training on labels only.

Both views of the batch are classified.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="supervised",
    source="Goyal et al., 2017, arXiv:1706.02677",
    views="crop(scale=(0.08, 1))|flip()",
    encoder="resnet(depth=50, stem='imagenet')",
    head="linear(dim=128)",
    objective="cross_entropy()",
    optimiser="sgd(lr=0.1, momentum=0.9, weight_decay=0.0001)",
    schedule="cosine(warmup=5)",
    batch=256,
    epochs=90,
)
