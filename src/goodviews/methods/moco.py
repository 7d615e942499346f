"""Momentum contrast (He et al., 2020).

Keys come from a momentum encoder and are stored in a queue. Augmentation A, linear head, tau
0.07, alpha 0.999, keys normalised in other groups than queries.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="moco",
    source=(
        "He et al., 2020, arXiv:1911.05722; Tian et al., 2020, arXiv:2005.10243, "
        "section 4 and official code"
    ),
    views="moco_v1()",
    head="linear(dim=128)",
    objective="infonce(temperature=0.07)",
    memory="queue(size=65536)",
    momentum=0.999,
    shuffle=8,
    encoder="resnet(depth=50, stem='imagenet')",
    optimiser="sgd(lr=0.03, momentum=0.9, weight_decay=0.0001)",
    schedule="cosine(floor=0.001)",
    batch=256,
    epochs=200,
)
