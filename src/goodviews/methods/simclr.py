"""SimCLR (Chen et al., 2020), tuned as in the duality paper.

NT-Xent over both views of the batch. With tau 0.15, base rate 0.5 and the 8192-8192-d head it
closed its gap to VICReg.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="simclr",
    source=(
        "Chen et al., 2020, arXiv:2002.05709; Garrido et al., 2023, arXiv:2206.02574, section 6"
    ),
    views="simclr()",
    head="8192-8192-512",
    objective="ntxent(temperature=0.15)",
    optimiser="lars(lr=0.5, momentum=0.9, weight_decay=1e-06, eta=0.001)",
    batch=2048,
    encoder="resnet(depth=50, stem='imagenet')",
    schedule="cosine(warmup=10, floor=0.001)",
    epochs=100,
)
