"""Instance discrimination with a memory bank (Wu et al., 2018).

One view per image; the positive is the entry of the image, the negatives are drawn from all
entries. Numbers as re-implemented with InfoMin: augmentation A, linear head, tau 0.07.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="instdis",
    source=(
        "Wu et al., 2018, arXiv:1805.01978; Tian et al., 2020, arXiv:2005.10243, "
        "section 4 and official code"
    ),
    views="pycontrast_a()",
    head="linear(dim=128)",
    objective="infonce(temperature=0.07)",
    memory="bank(negatives=65536, momentum=0.5, each=False)",
    encoder="resnet(depth=50, stem='imagenet')",
    optimiser="sgd(lr=0.03, momentum=0.9, weight_decay=0.0001)",
    schedule="cosine(floor=0.001)",
    batch=256,
    epochs=200,
)
