"""Decoupled contrastive learning (Yeh et al., 2022).

NT-Xent without the positive in the denominator, which helps small batches. Rates are those of
SimCLR.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="dcl",
    source="Yeh et al., 2022, arXiv:2110.06848",
    views="simclr()",
    head="2048-128",
    objective="dcl(temperature=0.1)",
    optimiser="lars(lr=0.3, momentum=0.9, weight_decay=1e-06, eta=0.001)",
    batch=256,
    encoder="resnet(depth=50, stem='imagenet')",
    schedule="cosine(warmup=10, floor=0.001)",
    epochs=100,
)
