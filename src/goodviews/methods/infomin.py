"""InfoMin (Tian et al., 2020): strong augmentation, momentum queue, jigsaw branch.

Augmentation D (RandAugment on top of colour distortion and blur), MLP heads, tau 0.15; the query
of the jigsaw has the same key and queue, with half of the loss.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="infomin",
    source="Tian et al., 2020, arXiv:2005.10243, section 4 and official code",
    views="infomin()",
    head="mlp(dim=128)",
    objective="infonce(temperature=0.15)",
    memory="queue(size=65536)",
    momentum=0.999,
    shuffle=8,
    jigsaw="crop(scale=(0.6, 1), size=255)|flip()|jigsaw(grid=3, cell=85, crop=64)",
    jigsaw_weight=0.5,
    encoder="resnet(depth=50, stem='imagenet')",
    optimiser="sgd(lr=0.03, momentum=0.9, weight_decay=0.0001)",
    schedule="cosine(floor=0.001)",
    batch=256,
    epochs=200,
)
