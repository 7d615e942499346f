"""Pretext-invariant representations (Misra and van der Maaten, 2020).

An image and nine patches of it, the jigsaw, share one entry in a memory bank. Augmentation A,
linear heads, tau 0.07, half of the loss each.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="pirl",
    source=(
        "Misra and van der Maaten, 2020, arXiv:1912.01991; Tian et al., 2020, "
        "arXiv:2005.10243, section 4 and official code"
    ),
    views="pycontrast_a()",
    head="linear(dim=128)",
    objective="infonce(temperature=0.07)",
    memory="bank(negatives=65536, momentum=0.5, each=False)",
    jigsaw="crop(scale=(0.6, 1), size=255)|flip()|jigsaw(grid=3, cell=85, crop=64)",
    jigsaw_weight=0.5,
    encoder="resnet(depth=50, stem='imagenet')",
    optimiser="sgd(lr=0.03, momentum=0.9, weight_decay=0.0001)",
    schedule="cosine(floor=0.001)",
    batch=256,
    epochs=200,
)
