"""VICReg-ctr: VICReg-exp of the transposed embeddings (Garrido et al., 2023).

Weights and temperature are not published; these are starting points for a sweep, in the scale of
the code of VICReg. In the scale of the paper, the sum over 512 dims outweighs the variance and
all embeddings collapse.
"""

from goodviews.training import Settings

METHOD = Settings(
    name="vicreg_ctr",
    source="Garrido et al., 2023, arXiv:2206.02574, sections 3 and 5; weights of goodviews",
    views="vicreg()",
    head="8192-8192-512",
    objective=(
        "vicreg_ctr(temperature=0.1, invariance=10.0, variance=10.0, covariance=5.0, scale='code')"
    ),
    optimiser="lars(lr=0.3, momentum=0.9, weight_decay=1e-06, eta=0.001)",
    batch=1024,
    encoder="resnet(depth=50, stem='imagenet')",
    schedule="cosine(warmup=10, floor=0.001)",
    epochs=100,
)
