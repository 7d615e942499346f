"""CMC v2 (Tian et al., 2020): channel groups with momentum queues.

The query of each group is compared with the keys of the other group; both losses are summed.
Augmentation E, MLP heads, tau 0.2. The two groups come from two draws of the augmentation
(``split(1, draws=2)``), where CMC with its bank takes both from one.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="cmcv2",
    source="Tian et al., 2020, arXiv:2005.10243, section 4 and official code",
    views="cmc_v2()",
    encoder="resnet(depth=50, stem='imagenet', width=0.5)",
    optimiser="sgd(lr=0.03, momentum=0.9, weight_decay=0.0001)",
    schedule="cosine(floor=0.001)",
    batch=256,
    epochs=200,
    head="mlp(dim=128)",
    objective="infonce(temperature=0.2)",
    memory="queue(size=65536)",
    momentum=0.999,
    shuffle=8,
)
