"""Contrastive predictive coding (van den Oord et al., 2018) on an overlapping grid.

Upper patches predict lower patches; the other patches of the batch are the negatives. The
backbone, rates and temperature were chosen for goodviews where the paper does not give them.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="cpc",
    source="van den Oord et al., 2018, arXiv:1807.03748, section 3.3",
    views="cpc()",
    encoder="resnet(depth=50, stem='imagenet')",
    head="linear(dim=128)",
    objective="cpc(temperature=0.1)",
    optimiser="adamw(lr=0.001, weight_decay=0.001)",
    schedule="cosine(warmup=10)",
    batch=256,
    epochs=200,
)
