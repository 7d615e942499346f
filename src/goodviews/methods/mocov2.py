"""MoCo v2 (Chen, Fan et al., 2020): MoCo with an MLP head and SimCLR's blur.

Augmentation B, MLP head, tau 0.2.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="mocov2",
    source=(
        "Chen, Fan et al., 2020, arXiv:2003.04297; Tian et al., 2020, "
        "arXiv:2005.10243, section 4 and official code"
    ),
    views="moco_v2()",
    head="mlp(dim=128)",
    objective="infonce(temperature=0.2)",
    memory="queue(size=65536)",
    momentum=0.999,
    shuffle=8,
    encoder="resnet(depth=50, stem='imagenet')",
    optimiser="sgd(lr=0.03, momentum=0.9, weight_decay=0.0001)",
    schedule="cosine(floor=0.001)",
    batch=256,
    epochs=200,
)
