"""SimCLR-sq: repulsion by squared similarities (Garrido et al., 2023).

A sample-contrastive loss in the strict sense: its minimum has orthogonal negatives. Everything
else is that of SimCLR.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="simclr_sq",
    source="Garrido et al., 2023, arXiv:2206.02574, section 3",
    views="simclr()",
    head="8192-8192-512",
    objective="simclr_sq(temperature=0.15)",
    optimiser="lars(lr=0.5, momentum=0.9, weight_decay=1e-06, eta=0.001)",
    batch=2048,
    encoder="resnet(depth=50, stem='imagenet')",
    schedule="cosine(warmup=10, floor=0.001)",
    epochs=100,
)
