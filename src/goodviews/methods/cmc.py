"""Contrastive multiview coding (Tian et al., 2019): luma against chroma.

The image is augmented once and its channels are split; each group has an encoder of half
width and a bank, and the two losses are summed. Augmentation C, linear head, tau 0.07.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="cmc",
    source=(
        "Tian et al., 2019, arXiv:1906.05849; Tian et al., 2020, arXiv:2005.10243, "
        "section 4 and official code"
    ),
    views="cmc()",
    encoder="resnet(depth=50, stem='imagenet', width=0.5)",
    optimiser="sgd(lr=0.03, momentum=0.9, weight_decay=0.0001)",
    schedule="cosine(floor=0.001)",
    batch=256,
    epochs=200,
    head="linear(dim=128)",
    objective="infonce(temperature=0.07)",
    memory="bank(negatives=65536, momentum=0.5, each=False)",
)
