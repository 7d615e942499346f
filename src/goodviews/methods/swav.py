"""SwAV (Caron et al., 2020), with two full-size crops.

Each view predicts the balanced assignment of the other view to prototypes, which are frozen in
the first epoch. For batches of 256, the authors add ``memory="queue(size=3840, start=15)"``.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="swav",
    source="Caron et al., 2020, arXiv:2006.09882",
    views="swav()",
    encoder="resnet(depth=50, stem='imagenet')",
    head="2048-128",
    objective="swav(temperature=0.1, epsilon=0.05, iterations=3)",
    prototypes=3000,
    prototypes_frozen=1.0,
    optimiser="lars(lr=0.3, momentum=0.9, weight_decay=1e-06, eta=0.001, exclude=False)",
    schedule="cosine(warmup=10, floor=0.001, start=0.0625)",
    batch=4096,
    epochs=800,
)
